"""The file of terms and rules: read, checked entry by entry, and put into a form that can be applied."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.emotions import INDEX, LABELS
from core.errors import InputError
from core.rules.flags import CATEGORIES, SEVERITIES
from core.rules.phrases import Grammar, Phrase, PhraseError
from core.rules.tokens import HANDLE, LINK, Reader

ENGINE_VERSION: Final = "2"
"""Raise it with any change of the code that can alter a flag."""

EFFECTS: Final = ("note", "raise", "lower", "watch", "info", "drop")
"""What a rule does to a severity; `watch` and `info` are the most that is left."""

PLACES: Final = ("over", "before", "after", "beside", "sentence", "text", "quoted")
"""Where a rule looks, seen from the term."""

_TABLES: Final = ("short", "irregular", "lists", "term", "rule")
_TERM_KEYS: Final = ("category", "severity", "says", "phrases", "needs")
_RULE_KEYS: Final = (
    "name", "effect", "says", "categories", "where", "within", "phrases", "emotions", "at_least", "unless"
)  # fmt: skip
_NEAR: Final = 3


@dataclass(frozen=True, slots=True)
class Term:
    """Phrases that say the same.

    Attributes:
        severity: its index in `SEVERITIES`, before any rule is applied.
        says: what it is, for the reason.
        needs: of each group at least one rule must apply, or the phrase means nothing.
    """

    category: str
    severity: int
    says: str
    phrases: tuple[Phrase, ...]
    needs: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A factor of the context.

    Attributes:
        effect: one of `EFFECTS`.
        says: its clause in the reason; empty for none, and for an emotion, which is named with its probability.
        categories: those of the terms that it applies to.
        where: one of `PLACES`, empty for a rule on emotions.
        within: words from the term to the end of the phrase nearest to it, at most; 1 is right beside it.
        emotions: columns of the scores; it applies where any of them reaches `at_least`.
        unless: rules that, where they apply, put this one out of action.
    """

    name: str
    effect: str
    says: str
    categories: frozenset[str]
    where: str
    within: int
    phrases: tuple[Phrase, ...]
    emotions: tuple[int, ...]
    at_least: float
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All terms and rules of a file, and the reader that knows their words."""

    version: str
    terms: tuple[Term, ...]
    rules: tuple[Rule, ...]
    reader: Reader


def read(path: Path) -> Rulebook:
    """Return the terms and rules of a file.

    Raises:
        InputError: it is missing, no UTF-8, no TOML, or an entry cannot be used; the message names file, entry, value
            and the mend.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: the rules cannot be read ({error.strerror or error}). Restore the file from the repository."
        ) from error
    try:
        tables = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is {content[error.start]:#04x}, which is not UTF-8. Save the file as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}. Mend that place.") from error
    version = hashlib.sha256(content + ENGINE_VERSION.encode()).hexdigest()[:12]
    return _Builder(path).build(tables, version)


class _Builder:
    """Checks one file; every complaint names the file and the entry."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def build(self, tables: Mapping[str, Any], version: str) -> Rulebook:
        self.known_keys("the file", tables, _TABLES)
        short = self.words_by_name("short", tables.get("short", {}))
        plain = Reader((), short)
        irregular = self.words_by_name("irregular", tables.get("irregular", {}))
        lists = {sign.strip("<>"): frozenset({sign}) for sign in (HANDLE, LINK)}
        grammar = Grammar(plain.expand, irregular, lists)
        for name, entries in self.table("lists", tables.get("lists", {})).items():
            where = f"list {name!r}"
            words = self.strings(where, "its words", entries)
            lists[name] = frozenset[str]().union(*(self.words(where, grammar, word) for word in words))
        rules = self.rules(tables.get("rule", []), grammar)
        terms = self.terms(tables.get("term", []), grammar, {rule.name for rule in rules})
        return Rulebook(version, terms, rules, Reader(_vocabulary(terms, lists), short))

    def rules(self, entries: object, grammar: Grammar) -> tuple[Rule, ...]:
        rules: dict[str, Rule] = {}
        for number, entry in enumerate(self.entries("rule", entries), 1):
            where = f"rule {number}"
            self.known_keys(where, entry, _RULE_KEYS)
            name = self.string(where, entry, "name")
            where = f"rule {number} ({name!r})"
            if name in rules:
                raise self.error(where, f"there is another rule {name!r}", "Give each rule a name of its own")
            for other in self.strings(where, "unless", entry.get("unless", []), may_be_empty=True):
                # Only earlier ones, so that no two rules can wait for each other.
                if other not in rules:
                    raise self.error(where, f"unless names {other!r}", "Name a rule that stands above it in the file")
            rules[name] = self.rule(where, name, entry, grammar)
        return tuple(rules.values())

    def rule(self, where: str, name: str, entry: Mapping[str, Any], grammar: Grammar) -> Rule:
        emotions = self.strings(where, "emotions", entry.get("emotions", []), may_be_empty=True)
        for emotion in emotions:
            self.one_of(where, "emotion", emotion, LABELS)
        place = entry.get("where", "")
        if emotions:
            if "where" in entry or "phrases" in entry:
                raise self.error(where, "has emotions and also where or phrases", "Make two rules of it")
        else:
            self.one_of(where, "where", place, PLACES)
        categories = self.strings(where, "categories", entry.get("categories", list(CATEGORIES)))
        for category in categories:
            self.one_of(where, "category", category, CATEGORIES)
        needs_phrases = not emotions and place != "quoted"
        if "phrases" in entry and not needs_phrases:
            raise self.error(where, "has phrases, which a quotation does not look for", "Remove them")
        return Rule(
            name=name,
            effect=self.one_of(where, "effect", self.string(where, entry, "effect"), EFFECTS),
            says=self.plain(where, entry.get("says", "")),
            categories=frozenset(categories),
            where=place,
            within=self.number(where, "within", entry.get("within", _NEAR), 1, 100),
            phrases=self.phrases(where, entry, grammar, set()) if needs_phrases else (),
            emotions=tuple(INDEX[emotion] for emotion in emotions),
            at_least=self.number(where, "at_least", entry.get("at_least", 0.5), 0, 1),
            unless=tuple(entry.get("unless", ())),
        )

    def terms(self, entries: object, grammar: Grammar, rules: set[str]) -> tuple[Term, ...]:
        terms = []
        seen: dict[str, set[str]] = {category: set() for category in CATEGORIES}
        for number, entry in enumerate(self.entries("term", entries), 1):
            says = self.plain(f"term {number}", self.string(f"term {number}", entry, "says"))
            where = f"term {number} ({says!r})"
            self.known_keys(where, entry, _TERM_KEYS)
            category = self.one_of(where, "category", self.string(where, entry, "category"), CATEGORIES)
            severity = self.one_of(where, "severity", self.string(where, entry, "severity"), SEVERITIES)
            needs = []
            for need in self.strings(where, "needs", entry.get("needs", []), may_be_empty=True):
                group = tuple(name.strip() for name in need.split("|"))
                for name in group:
                    self.one_of(where, "need", name, sorted(rules))
                needs.append(group)
            phrases = self.phrases(where, entry, grammar, seen[category])
            terms.append(Term(category, SEVERITIES.index(severity), says, phrases, tuple(needs)))
        if not terms:
            raise InputError(f"{self.path} holds no terms. Restore the file from the repository, or add a [[term]].")
        return tuple(terms)

    def phrases(self, where: str, entry: Mapping[str, Any], grammar: Grammar, seen: set[str]) -> tuple[Phrase, ...]:
        """Return an entry's phrases, and add them to those `seen`."""
        phrases = []
        for source in self.strings(where, "phrases", entry.get("phrases")):
            written = " ".join(source.split())
            if written in seen:
                raise self.error(where, f"the phrase {source!r} is there twice", "Remove one of the two")
            seen.add(written)
            try:
                phrases.append(grammar.parse(written))
            except PhraseError as error:
                raise self.error(where, f"the phrase {source!r} {error}", "Mend or remove it") from error
        return tuple(phrases)

    def words(self, where: str, grammar: Grammar, word: str) -> frozenset[str]:
        try:
            return grammar.words(word)
        except PhraseError as error:
            raise self.error(where, f"the entry {word!r} {error}", "Mend or remove it") from error

    def words_by_name(self, name: str, table: object) -> dict[str, tuple[str, ...]]:
        """Return a table that gives words, parted by blanks, for a word."""
        found = {}
        for word, value in self.table(name, table).items():
            if not isinstance(value, str) or not value.split():
                raise self.error(
                    f"{name}.{word}", f"{value!r} is not a text", "Write the words between quotation marks"
                )
            found[word] = tuple(value.casefold().split())
        return found

    def table(self, name: str, value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.error(name, f"{value!r} is not a table", f"Begin it with [{name}]")
        return value

    def entries(self, name: str, value: object) -> list[Mapping[str, Any]]:
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.error(name, "is not a list of entries", f"Begin each entry with [[{name}]]")
        return value

    def known_keys(self, where: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in table:
            if key not in known:
                raise self.error(where, f"the key {key!r} is unknown", f"Use {', '.join(known)}")

    def one_of(self, where: str, what: str, value: object, known: Sequence[str]) -> str:
        if not isinstance(value, str) or value not in known:
            raise self.error(where, f"{value!r} is no {what}", f"Use one of: {', '.join(known)}")
        return value

    def string(self, where: str, entry: Mapping[str, Any], key: str) -> str:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(where, f"{key} is {value!r}", f"Give it a {key} in words")
        return value

    def strings(self, where: str, what: str, value: object, *, may_be_empty: bool = False) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(where, f"{what} are {value!r}", 'Write a list of texts: ["one", "two"]')
        if not value and not may_be_empty:
            raise self.error(where, f"{what} are empty", "Add at least one")
        return value

    def number(self, where: str, what: str, value: object, low: int, high: int) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(where, f"{what} is {value!r}", f"Use a number from {low} to {high}")
        return value

    def plain(self, where: str, says: object) -> str:
        """Return words for a reason, which is drawn where Markdown has a meaning."""
        if not isinstance(says, str) or not all(char.isalnum() or char in " ',-/" for char in says):
            raise self.error(where, f"says is {says!r}", "Use plain words: letters, digits, blanks, ' , - and /")
        return says

    def error(self, where: str, problem: str, mend: str) -> InputError:
        return InputError(f"{self.path}, {where}: {problem}. {mend}.")


def _vocabulary(terms: Iterable[Term], lists: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the words that are worth undisguising, profanity first: that is what stars mostly stand for."""
    words: list[str] = []
    for term in sorted(terms, key=lambda term: term.category != "profanity"):
        for phrase in term.phrases:
            for element in phrase.elements:
                words += sorted(element.words)
    for entries in lists.values():
        words += sorted(entries)
    return [word for word in words if len(word) >= 3]
