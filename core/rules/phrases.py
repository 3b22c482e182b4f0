"""The small language in which terms are written, and its matcher.

A phrase is a line of words. `kill~` is the word with its inflections, `him|her` one word or another, `<group>` any
word of a list, `very?` a word that may be missing, and `...` up to three words of any kind.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from core.rules.tokens import LINK, Reading, fold

GAP: Final = 3
"""The most words that `...` stands for."""
MAX_WORDS: Final = 24
"""The most words that a phrase may stand for."""
_VOWELS: Final = "aeiou"
# Words that most texts hold some of, and that therefore tell little; which ones exactly only matters for the speed.
# fmt: off
_COMMON: Final = frozenset({
    "a", "about", "after", "again", "all", "also", "always", "am", "an", "and", "another", "any", "anybody", "anyone",
    "are", "around", "as", "at", "away", "back", "be", "because", "been", "before", "being", "better", "but", "by",
    "call", "called", "can", "come", "comes", "coming", "could", "day", "did", "do", "does", "doing", "done", "dont",
    "down", "end", "even", "ever", "every", "everybody", "everyone", "everything", "feel", "feeling", "find", "first",
    "for", "friend", "friends", "from", "game", "gave", "get", "gets", "getting", "girl", "give", "go", "goes",
    "going", "gone", "good", "got", "guy", "had", "has", "have", "he", "hear", "heard", "help", "her", "here", "him",
    "his", "home", "hope", "hoping", "house", "how", "i", "if", "in", "is", "it", "its", "just", "keep", "keeps",
    "kept", "kid", "kids", "knew", "know", "knows", "last", "leave", "left", "let", "life", "like", "look", "looking",
    "looks", "lot", "love", "made", "make", "makes", "making", "man", "many", "me", "men", "miss", "month", "more",
    "most", "much", "mum", "must", "my", "myself", "need", "needs", "never", "new", "next", "no", "nobody", "not",
    "nothing", "now", "of", "off", "on", "once", "one", "only", "or", "our", "out", "over", "own", "people", "person",
    "please", "post", "put", "read", "really", "right", "said", "saw", "say", "saying", "says", "school", "see",
    "seen", "send", "sent", "she", "should", "show", "so", "some", "somebody", "someone", "something", "start",
    "still", "stop", "such", "take", "taken", "takes", "taking", "talk", "tell", "text", "than", "thank", "thanks",
    "that", "the", "their", "them", "then", "there", "these", "they", "thing", "things", "think", "this", "those",
    "thought", "time", "to", "today", "told", "tomorrow", "tonight", "too", "took", "town", "tried", "trying",
    "under", "until", "up", "us", "use", "used", "very", "wait", "want", "wanted", "wants", "was", "way", "we",
    "week", "well", "went", "were", "what", "when", "where", "which", "while", "who", "why", "will", "wish", "with",
    "woman", "women", "work", "works", "world", "would", "write", "wrote", "year", "years", "you", "your",
})
_COMMONEST: Final = frozenset({
    "a", "about", "all", "and", "are", "at", "be", "but", "can", "do", "for", "get", "go", "have", "he", "her", "his",
    "i", "if", "in", "is", "it", "just", "me", "my", "no", "not", "of", "on", "or", "out", "she", "so", "that", "the",
    "they", "this", "to", "up", "was", "we", "what", "when", "will", "with", "you", "your",
})
# fmt: on
_LIST: Final = re.compile(r"<([a-z][a-z -]*)>")

Owner = TypeVar("Owner")


class PhraseError(ValueError):
    """A phrase cannot be understood; the message says why."""


@dataclass(frozen=True, slots=True)
class Element:
    """One place of a phrase: any word of `words`, which may be missing; no words at all are a gap."""

    words: frozenset[str]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase ready to be matched.

    Attributes:
        anchor: the element that a text is least likely to hold by chance; a text without it holds no match.
    """

    elements: tuple[Element, ...]
    anchor: frozenset[str]
    required: tuple[frozenset[str], ...]

    def fits(self, forms: Set[str]) -> bool:
        """Say whether a text with these words may hold the phrase: all that must be there is."""
        # A loop, not any(): this is asked for most phrases of most texts.
        for words in self.required:  # noqa: SIM110
            if words.isdisjoint(forms):
                return False
        return True

    def find(self, reading: Reading) -> Iterator[tuple[int, int]]:
        """Yield the places of the phrase as (first, last + 1) word, in order, none across the end of a sentence."""
        places = reading.places
        begin = self.elements[0].words & places.keys()
        for first in sorted(place for form in begin for place in places[form]):
            stop = self._end(reading, first + 1, 1, reading.words[first].sentence)
            if stop:
                yield first, stop

    def _end(self, reading: Reading, place: int, number: int, sentence: int) -> int:
        """Return where the elements from `number` on end if they begin at `place`, 0 if they do not match there."""
        if number == len(self.elements):
            return place
        element, words = self.elements[number], reading.words
        if not element.words:
            for skipped in range(GAP + 1):
                stop = self._end(reading, place + skipped, number + 1, sentence)
                if stop:
                    return stop
                if place + skipped >= len(words) or words[place + skipped].form == LINK:
                    return 0
            return 0
        if place < len(words) and words[place].sentence == sentence and words[place].form in element.words:
            stop = self._end(reading, place + 1, number + 1, sentence)
            if stop:
                return stop
        return self._end(reading, place, number + 1, sentence) if element.optional else 0


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a phrase may refer to.

    Attributes:
        expand: a contraction or short form as the words it stands for.
        irregular: for a verb or noun the forms that no rule gives.
        lists: the words of each named list.
    """

    expand: Callable[[str], tuple[str, ...]]
    irregular: Mapping[str, tuple[str, ...]]
    lists: Mapping[str, frozenset[str]]

    def parse(self, source: str) -> Phrase:
        """Return the phrase that `source` describes.

        Raises:
            PhraseError: it is empty, names an unknown list, or does not begin and end with a word that must be there.
        """
        elements: list[Element] = []
        # A list's name may hold blanks.
        for piece in re.findall(r"(?:<[^>]*>|[^\s<])+|<", fold(source)[0]):
            if piece == "...":
                elements.append(Element(frozenset()))
                continue
            optional = len(piece) > 1 and piece.endswith("?")
            options = piece.removesuffix("?").split("|")
            parts = self.expand(options[0])
            if len(options) == 1 and len(parts) > 1:
                elements += [Element(frozenset({part}), optional) for part in parts]
            else:
                words = frozenset[str]().union(*(self.words(option) for option in options))
                elements.append(Element(words, optional))
        if not elements:
            raise PhraseError("is empty")
        for edge in (elements[0], elements[-1]):
            if edge.optional or not edge.words:
                raise PhraseError("begins or ends with something that may be missing")
        if sum(1 if element.words else GAP for element in elements) > MAX_WORDS:
            raise PhraseError(f"may be longer than {MAX_WORDS} words")
        required = tuple(element.words for element in elements if element.words and not element.optional)
        anchor = min(required, key=lambda words: (len(words & _COMMONEST), len(words & _COMMON), len(words)))
        return Phrase(tuple(elements), anchor, required)

    def words(self, option: str) -> frozenset[str]:
        """Return the words that one alternative of a phrase stands for.

        Raises:
            PhraseError: it is none.
        """
        if named := _LIST.fullmatch(option):
            if named[1] not in self.lists:
                raise PhraseError(f"names the list {option}, which is not (yet) defined")
            return self.lists[named[1]]
        word = option.removesuffix("~")
        if len(self.expand(word)) > 1:
            raise PhraseError(
                f"has {word!r}, which is read as {' '.join(self.expand(word))!r}, beside a '|' or in a list"
            )
        is_word = bool(word) and word.replace("'", "").isalnum()
        is_sign = len(word) == 1 and not word.isascii()
        if word != word.casefold() or not (is_word or is_sign):
            raise PhraseError(f"has {option!r}, which is no word in small letters and no single emoji")
        if option == word:
            return frozenset(self.expand(word))
        return frozenset(inflect(word, self.irregular.get(word)))


def inflect(word: str, past: tuple[str, ...] | None = None) -> set[str]:
    """Return the forms of a verb or noun by the rules of English spelling.

    Args:
        past: the irregular forms; they replace the one in -ed.

    >>> sorted(inflect("stab"))
    ['stab', 'stabbed', 'stabbin', 'stabbing', 'stabs']
    >>> sorted(inflect("die"))
    ['die', 'died', 'dies', 'dyin', 'dying']
    """
    soft_y = word.endswith("y") and word[-2:-1] not in _VOWELS
    if soft_y:
        plural, regular = word[:-1] + "ies", word[:-1] + "ied"
    else:
        hisses = word.endswith(("s", "x", "z", "ch", "sh"))
        plural = word + ("es" if hisses else "s")
        regular = word + "d" if word.endswith("e") else _doubled(word) + "ed"
    if word.endswith("ie"):
        stem = word[:-2] + "y"
    elif word.endswith("e") and not word.endswith(("ee", "oe", "ye")):
        stem = word[:-1]
    else:
        stem = _doubled(word)
    return {word, plural, stem + "ing", stem + "in", *(past or (regular,))}


def _doubled(word: str) -> str:
    """Return `word` with its last consonant doubled where -ed and -ing double it: stab, but not punch or threaten."""
    single = sum(letter in _VOWELS for letter in word) == 1
    closes = len(word) > 2 and word[-1] not in f"{_VOWELS}wxy" and word[-2] in _VOWELS
    return word + word[-1] if single and closes else word


class Index(Generic[Owner]):
    """The phrases of many owners, looked up by their anchors: a text costs what it holds, not what the file holds."""

    def __init__(self, owners: Iterable[tuple[Owner, Iterable[Phrase]]]) -> None:
        """Take each owner with its phrases."""
        self._by_anchor: dict[str, list[tuple[int, Owner, Phrase]]] = {}
        pairs = [(owner, phrase) for owner, phrases in owners for phrase in phrases]
        for number, (owner, phrase) in enumerate(pairs):
            for word in phrase.anchor:
                self._by_anchor.setdefault(word, []).append((number, owner, phrase))
        self._anchors = frozenset(self._by_anchor)

    def candidates(self, forms: Set[str]) -> list[tuple[Owner, Phrase]]:
        """Return the owner and the phrase of all that a text with these words may hold, in the order of the file."""
        if self._anchors.isdisjoint(forms):
            return []
        # By number: a phrase is met once for each word of its anchor that the text holds.
        found = {
            number: (owner, phrase)
            for anchor in self._anchors.intersection(forms)
            for number, owner, phrase in self._by_anchor[anchor]
            if phrase.fits(forms)
        }
        return [found[number] for number in sorted(found)]
