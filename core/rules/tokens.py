"""A text becomes words: folded, contractions written out, disguises undone, each with its place in the original.

Everything here takes time linear in the length of the text: no pattern can match one place in two ways.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Final, NamedTuple

LINK: Final = "<link>"
HANDLE: Final = "<handle>"
"""The words that a link and a handle are read as. Their letters are nobody's words: @killer_bee threatens no one."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_EMOJI = "\u2600-\u27bf\U0001f000-\U0001faff"
_WORD = re.compile(rf"https?://\S+|www\.\S+|(?<![\w@])@\w+|[^\W_]+(?:'[^\W_]+)*|[{_EMOJI}]")
_SENTENCE_END = re.compile(r"[.!?\n\r]")
_CLAUSE_END = re.compile(r"[,;:()\u2013\u2014]| - ")
_QUOTE = re.compile(r"""(?<!\w)["'](?=\S)|["'](?!\w)""")
_HASHTAG_EDGE = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CAPITALS_IN_HASHTAG = re.compile(r"#\w*[^\W\d_A-Z][A-Z]")
# Every form that a text may hold, and perhaps some more: letters of links and handles are words here, too.
_FORM = re.compile(rf"[a-z\d]+(?:'[a-z\d]+)*|(?:(?![a-z\d])[^\W_])+|[{_EMOJI}]")
_ASCII_FORM = re.compile(r"[a-z\d]+(?:'[a-z\d]+)*")
# What may be a disguise of a Latin word; wide and cheap, it only spares most texts the closer look.
_SIGN = re.compile(r"[$*!@|\d]")
_MAYBE_LEET = re.compile(r"[a-z][$*!@|\d]{1,6}[a-z]|[$*\d][a-z]{2}|[a-z]{2}[$|\d]|(?<![a-z\d*])[a-z]\*\*")
_ONE_LETTER_LEFT = re.compile(r"[a-z]\*{2,7}")
_MAYBE_SPACED = re.compile(r"(?<![a-z\d])[a-z](?:[ .*_-][a-z]){3}")
_CHUNK = re.compile(r"[\w$*!@|]+")
_SPACED = re.compile(r"(?<!\w)[a-z](?:[ .*_-][a-z]){3,}(?!\w)")
_STRETCHED = re.compile(r"([a-z])\1\1")
_LONGEST_DISGUISE: Final = 40
_LEET: Final = tuple(str.maketrans(f"0{one}34578$@!|", f"o{read}eastbsaii") for one, read in (("1", "i"), ("1", "l")))

# Letters of other scripts that are drawn like Latin ones; NFKD leaves them alone.
_LOOK_ALIKES: Final = str.maketrans("авекмнорстухіјѕԁԛԝһɡıαεικνορτυχ", "abekmhopctyxijsdqwhgiaeikvoptux")
_LOOK_ALIKE: Final = re.compile(f"[{''.join(map(chr, _LOOK_ALIKES))}]")
_LATIN: Final = re.compile(r"[a-z]")
_LETTERS: Final = re.compile(r"[^\W_]+")
_MARKS: Final = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032`\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
}
_LONGEST_FOLD: Final = 3

_CONTRACTIONS: Final = {"ll": "will", "d": "would", "ve": "have", "re": "are", "m": "am", "s": "is"}
_BEFORE_NT: Final = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}
_TURNS: Final = frozenset({"but", "though", "although", "however"})
"""What is said before these words says nothing of what comes after them."""


class Word(NamedTuple):
    """A word as it is matched, and where in the original text it stands.

    Attributes:
        clause, sentence: numbers of those it is part of, ascending.
        quoted: whether it stands between quotation marks.
    """

    form: str
    start: int
    stop: int
    clause: int
    sentence: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a text in their order, and for each form the ascending numbers of the words that have it."""

    words: list[Word]
    places: dict[str, list[int]]

    @property
    def forms(self) -> set[str]:
        """The different words: a set, which is far faster to compare with another than the keys of a dict."""
        return set(self.places)


class Reader:
    """Reads texts for a given vocabulary, which tells a disguise ("k1ll") from what only looks like one ("4pm")."""

    def __init__(self, vocabulary: Iterable[str], short_forms: Mapping[str, tuple[str, ...]]) -> None:
        """Take the words worth undisguising, the likeliest first, and what stands for other words."""
        ordered = tuple(dict.fromkeys(vocabulary))
        self._vocabulary = frozenset(ordered)
        self._short_forms = short_forms
        self._shortened = frozenset(short_forms)
        self._stretched: dict[str, list[tuple[str, list[int]]]] = {}
        self._starred: dict[tuple[int, str], list[str]] = {}
        for word in ordered:
            letters, runs = _runs(word)
            self._stretched.setdefault(letters, []).append((word, runs))
            if len(word) >= 4:
                self._starred.setdefault((len(word), word[0]), []).append(word)

    def forms(self, text: str) -> set[str] | None:
        """Return the words of `text` and perhaps some more, quickly; None if only a closer look can tell."""
        if _CAPITALS_IN_HASHTAG.search(text):
            return None
        folded, _ = fold(text)
        found = set((_ASCII_FORM if folded.isascii() else _FORM).findall(folded))
        if _maybe_disguised(folded):
            found.update(word for _, _, word in self._disguised(folded))
        for word in self._shortened & found:
            found.update(self._short_forms[word])
        if "'" in folded:
            for word in [word for word in found if "'" in word]:
                found.update(self.expand(word))
        if "@" in folded:
            found.add(HANDLE)
        if "http" in folded or "www." in folded:
            found.add(LINK)
        return found

    def read(self, text: str) -> Reading:
        """Return the words of `text`, any string at all."""
        folded, places = fold(text)
        quotes = _quoted_spans(folded)
        opened = [start for start, _ in quotes]
        words: list[Word] = []
        numbers: dict[str, list[int]] = {}
        clause = sentence = done = 0
        for start, stop, forms in self._pieces(text, folded, places):
            between = folded[done:start]
            if between == " " and forms[0] not in _TURNS:
                pass
            elif _SENTENCE_END.search(between):
                sentence, clause = sentence + 1, clause + 1
            elif _CLAUSE_END.search(between) or forms[0] in _TURNS:
                clause += 1
            done = stop
            quoted = False
            if opened:
                number = bisect_left(opened, stop) - 1
                quoted = number >= 0 and start < quotes[number][1]
            first, last = (start, stop) if places is None else (places[start], places[stop - 1] + 1)
            for form in forms:
                numbers.setdefault(form, []).append(len(words))
                words.append(Word(form, first, last, clause, sentence, quoted))
        return Reading(words, numbers)

    def expand(self, word: str) -> tuple[str, ...]:
        """Return the words that a folded one stands for: "i'll" is "i will", "gonna" may be "going to"."""
        listed = self._short_forms.get(word)
        if listed:
            return listed
        stem, apostrophe, ending = word.rpartition("'")
        if not apostrophe:
            return (word,)
        if ending == "t" and stem.endswith("n"):
            return (_BEFORE_NT.get(stem[:-1], stem[:-1]), "not")
        full = _CONTRACTIONS.get(ending)
        return (stem, full) if full else (word,)

    def _pieces(self, text: str, folded: str, places: list[int] | None) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield (start, stop, words) in the folded text, in its order and never overlapping."""
        disguised = self._disguised(folded) if _maybe_disguised(folded) else []
        upcoming, done = 0, 0
        for match in _WORD.finditer(folded):
            start, stop = match.span()
            while upcoming < len(disguised) and disguised[upcoming][0] < stop:
                first, done, word = disguised[upcoming]
                yield first, done, self.expand(word)
                upcoming += 1
            if start < done:
                continue
            word = match[0]
            if word.isalpha() and word not in self._shortened and (not start or folded[start - 1] != "#"):
                yield start, stop, (word,)
            elif word[0] == "@":
                yield start, stop, (HANDLE,)
            elif word.startswith(("http:", "https:", "www.")):
                yield start, stop, (LINK,)
            elif start and folded[start - 1] == "#" and places is None:
                for first, last in _split_hashtag(text, start, stop):
                    yield first, last, self.expand(folded[first:last])
            else:
                yield start, stop, self.expand(word)

    def _disguised(self, folded: str) -> list[tuple[int, int, str]]:
        """Return (start, stop, word) of each disguised word of the vocabulary, in their order."""
        found = []
        for match in _SPACED.finditer(folded):
            word = match[0][::2]
            if word in self._vocabulary:
                found.append((*match.span(), word))
        links = [match.span() for match in _WORD.finditer(folded) if match[0].startswith(("http", "www.", "@"))]
        found += [(start, stop, "") for start, stop in links]
        hidden = []
        for match in _CHUNK.finditer(folded):
            chunk = match[0] if _ONE_LETTER_LEFT.fullmatch(match[0]) else match[0].strip("*").rstrip("!|@")
            if 3 <= len(chunk) <= _LONGEST_DISGUISE and chunk not in self._vocabulary:
                word = self._undisguise(chunk)
                if word:
                    start = match.start() + match[0].index(chunk)
                    hidden.append((start, start + len(chunk), word))
        taken, kept = 0, []
        for start, stop, word in sorted(found + hidden):
            if start >= taken:
                taken = stop
                if word:
                    kept.append((start, stop, word))
        return kept

    def _undisguise(self, chunk: str) -> str:
        """Return the word of the vocabulary that `chunk` disguises, empty if none."""
        if not chunk.isalpha():
            if "*" in chunk:
                return self._unstar(chunk)
            if sum(char.isalpha() for char in chunk) < 2:
                return ""
            for table in _LEET:
                word = chunk.translate(table)
                if word in self._vocabulary:
                    return word
                if _STRETCHED.search(word) and (short := self._unstretch(word)):
                    return short
            return ""
        return self._unstretch(chunk) if _STRETCHED.search(chunk) else ""

    def _unstar(self, chunk: str) -> str:
        for word in self._starred.get((len(chunk), chunk[0]), ()):
            if all(written in ("*", meant) for written, meant in zip(chunk, word, strict=True)):
                return word
        return ""

    def _unstretch(self, chunk: str) -> str:
        """Return the word with the same letters, each run of them no longer than in `chunk`: "aaas" is not "ass"."""
        letters, runs = _runs(chunk)
        for word, wanted in self._stretched.get(letters, ()):
            if all(has >= needs for has, needs in zip(runs, wanted, strict=True)):
                return word
        return ""


def fold(text: str) -> tuple[str, list[int] | None]:
    """Return `text` in lower case without look-alikes, accents, invisible and control characters.

    Returns:
        the folded text, and for each of its characters the place of the original one; None where all stayed in place.
    """
    if _is_plain(text):
        return text.lower(), None
    pieces = [_fold_char(char) for char in text]
    folded = _latinised("".join(pieces))
    lengths = list(map(len, pieces))
    if len(folded) == len(text) and max(lengths) == 1:
        return folded, None
    return folded, [place for place, length in enumerate(lengths) for _ in range(length)]


def _maybe_disguised(folded: str) -> bool:
    signs = _SIGN.search(folded) and _MAYBE_LEET.search(folded)
    return bool(signs or _STRETCHED.search(folded) or _MAYBE_SPACED.search(folded))


def _is_plain(text: str) -> bool:
    return text.isascii() and not _CONTROL.search(text)


@lru_cache(maxsize=8_192)
def _fold_char(char: str) -> str:
    if char in _MARKS:
        return _MARKS[char]
    if unicodedata.category(char) in ("Cf", "Cc") and not char.isspace():
        return ""
    if char.isspace():
        # Of a folded text only one line end is asked for, and a blank of any width parts words.
        return "\n" if char in "\n\r\x0b\x0c\x85\u2028\u2029" else " "
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    plain = "".join(one for one in plain if unicodedata.category(one) not in ("Mn", "Me"))
    # A few signs unfold into whole sentences, which would let a text grow out of hand.
    return plain if len(plain) <= _LONGEST_FOLD else char


def _latinised(folded: str) -> str:
    """Return `folded` with the look-alikes in words that mix scripts as Latin letters; a word of one script stays."""
    if not _LOOK_ALIKE.search(folded):
        return folded
    return _LETTERS.sub(lambda word: word[0].translate(_LOOK_ALIKES) if _LATIN.search(word[0]) else word[0], folded)


def _quoted_spans(folded: str) -> list[tuple[int, int]]:
    """Return the spans between quotation marks, in their order; a mark that is never closed opens nothing."""
    spans: list[tuple[int, int]] = []
    if '"' not in folded and "'" not in folded:
        return spans
    opened: dict[str, int] = {}
    for match in _QUOTE.finditer(folded):
        mark, place = match[0], match.start()
        start = opened.pop(mark, None)
        if start is not None and (place + 1 == len(folded) or not folded[place + 1].isalnum()):
            spans.append((start, place))
            opened.clear()
        else:
            opened[mark] = place
    return spans


def _split_hashtag(text: str, start: int, stop: int) -> list[tuple[int, int]]:
    edges = [0, *(match.start() for match in _HASHTAG_EDGE.finditer(text[start:stop])), stop - start]
    return [(start + first, start + last) for first, last in pairwise(edges) if first < last]


def _runs(word: str) -> tuple[str, list[int]]:
    """Return the letters of `word` without repetition, and how often each is repeated."""
    runs = [(letter, len(list(same))) for letter, same in groupby(word)]
    return "".join(letter for letter, _ in runs), [length for _, length in runs]
