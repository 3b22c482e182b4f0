"""Terms are found in a text, judged by the words around them and by the emotions, and become flags."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from core.emotions import LABELS, Scores
from core.rules import rulebook
from core.rules.flags import CATEGORIES, SEVERITIES, Flag
from core.rules.phrases import MAX_WORDS, Index
from core.rules.rulebook import Rule, Rulebook, Term
from core.rules.tokens import Reading

MAX_QUOTED: Final = 40
"""Characters of a text that a reason quotes at most."""
_MAX_CLAUSES: Final = 5
_MOST_AT_AN_END: Final = 50
"""Places of one phrase that are judged from either end of a text: a wall of idioms hides nothing around it."""

_STEPS: Final = {"raise": 1, "lower": -1, "note": 0}

# What has a meaning in Markdown, or in Streamlit's dialect of it.
_MARKDOWN: Final = str.maketrans(dict.fromkeys("\\`*_{}[]()<>#|~$:^", "\u00b7"))


@dataclass(frozen=True, slots=True)
class _Hit:
    """A place of a term: words `first` to `last`, the last not included."""

    term: Term
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is left of a hit after its context was heard."""

    hit: _Hit
    severity: int
    clauses: tuple[str, ...]

    @property
    def rank(self) -> tuple[int, int, int]:
        """The graver first, then the one with more words, then the earlier."""
        return self.severity, self.hit.last - self.hit.first, -self.hit.first


class Rules:
    """The terms and rules of one file. Nothing in it changes once it is read, so threads may share it.

    >>> from core.settings import ROOT
    >>> rules = Rules.read(ROOT / "data" / "rules.toml")
    >>> rules.judge("my feet are killing me")
    ()
    >>> flag, = rules.judge("I will kill you")
    >>> flag.category, flag.severity
    ('threat', 'urgent')
    """

    def __init__(self, book: Rulebook) -> None:
        """Take a checked rulebook; `read` makes one of a file."""
        self.version: Final = book.version
        self._reader: Final = book.reader
        self._rules: Final = {rule.name: rule for rule in book.rules}
        self._terms: Final = Index((term, term.phrases) for term in book.terms)
        self._factors: Final = Index((rule.name, rule.phrases) for rule in book.rules)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the rules in the file at `path`.

        Raises:
            InputError: it is missing, no UTF-8, no TOML, or an entry cannot be used; the message names file, entry,
                value and the mend.
        """
        return cls(rulebook.read(path))

    def judge(self, text: str, scores: NDArray[np.float32] | None = None) -> tuple[Flag, ...]:
        """Return the flags of one raw text, the gravest first, at most one for each category.

        Args:
            text: any string at all, as it was written, not normalised: flags point into it.
            scores: float32 [28], the probabilities of its emotions; None or NaN where there are none.
        """
        forms = self._reader.forms(text)
        # Most texts end here: the words that a phrase needs are not all there, wherever they stand.
        if forms is not None and not self._terms.candidates(forms):
            return ()
        reading = self._reader.read(text)
        hits = [
            _Hit(term, first, last)
            for term, phrase in self._terms.candidates(reading.forms)
            for first, last in _both_ends(phrase.find(reading))
        ]
        if not hits:
            return ()
        context = _Context(self._rules, self._factors, reading, scores)
        gravest: dict[str, _Judged] = {}
        for judged in filter(None, map(context.judge, hits)):
            category = judged.hit.term.category
            if category not in gravest or judged.rank > gravest[category].rank:
                gravest[category] = judged
        ranked = sorted(gravest.values(), key=lambda one: (-one.severity, CATEGORIES.index(one.hit.term.category)))
        return tuple(_flag(text, reading, judged) for judged in ranked)

    def judge_all(self, texts: Sequence[str], scores: Scores) -> list[tuple[Flag, ...]]:
        """Return the flags of each of `texts`, as `judge` does; `scores` are float32 [n_texts, 28]."""
        return [self.judge(text, row) for text, row in zip(texts, scores, strict=True)]


class _Context:
    """One text and its emotions, asked for each hit which rules apply to it."""

    def __init__(
        self, rules: dict[str, Rule], factors: Index[str], reading: Reading, scores: NDArray[np.float32] | None
    ) -> None:
        self.rules = rules
        self.words = reading.words
        self.scores = None if scores is None else scores.tolist()
        # For each rule the places of its phrases, by their beginnings, and their ends alone.
        self.places: dict[str, list[tuple[int, int]]] = {}
        for name, phrase in factors.candidates(reading.forms):
            self.places.setdefault(name, []).extend(phrase.find(reading))
        for spans in self.places.values():
            spans.sort()
        self.ends = {name: sorted(stop for _, stop in spans) for name, spans in self.places.items()}

    def judge(self, hit: _Hit) -> _Judged | None:
        """Return what the context leaves of a hit, None if nothing."""
        known: dict[str, bool] = {}
        for group in hit.term.needs:
            if not any(self.applies(self.rules[name], hit, known) for name in group):
                return None
        severity, most = hit.term.severity, len(SEVERITIES) - 1
        clauses = []
        for rule in self.rules.values():
            if not self.applies(rule, hit, known):
                continue
            if rule.effect == "drop":
                return None
            if rule.effect in SEVERITIES:
                most = min(most, SEVERITIES.index(rule.effect))
            else:
                severity += _STEPS[rule.effect]
            if clause := self.clause(rule):
                clauses.append(clause)
        return _Judged(hit, max(0, min(severity, most)), tuple(clauses[:_MAX_CLAUSES]))

    def applies(self, rule: Rule, hit: _Hit, known: dict[str, bool]) -> bool:
        """Say whether a rule applies to a hit; `known` remembers the answers for that hit."""
        if rule.name not in known:
            known[rule.name] = (
                hit.term.category in rule.categories
                and (self.felt(rule) if rule.emotions else self.stands(rule, hit))
                and not any(self.applies(self.rules[name], hit, known) for name in rule.unless)
            )
        return known[rule.name]

    def felt(self, rule: Rule) -> bool:
        """Say whether any of the rule's emotions is as probable as it asks; a NaN never is."""
        scores = self.scores
        return scores is not None and any(scores[column] >= rule.at_least for column in rule.emotions)

    def stands(self, rule: Rule, hit: _Hit) -> bool:
        """Say whether one of the rule's phrases stands where it looks for them."""
        words = self.words
        if rule.where == "quoted":
            return words[hit.first].quoted and words[hit.last - 1].quoted
        if not self.places.get(rule.name):
            return False
        if rule.where == "text":
            return True
        if rule.where == "sentence":
            sentence = words[hit.first].sentence
            return any(words[start].sentence == sentence for start in self.nearest(rule, hit))
        if rule.where == "over":
            spans = self.places[rule.name]
            # No phrase is so long that one beginning earlier could reach the hit.
            low = bisect_left(spans, (hit.first - MAX_WORDS, 0))
            high = bisect_left(spans, (hit.last, 0))
            return any(stop > hit.first for _, stop in spans[low:high])
        before = rule.where in ("before", "beside") and self.before(rule, hit)
        return before or (rule.where in ("after", "beside") and self.after(rule, hit))

    def nearest(self, rule: Rule, hit: _Hit) -> list[int]:
        """Return where the rule's phrases begin that are next to the beginning of the hit on either side."""
        spans = self.places[rule.name]
        number = bisect_left(spans, (hit.first, 0))
        return [start for start, _ in spans[max(0, number - 1) : number + 1]]

    def before(self, rule: Rule, hit: _Hit) -> bool:
        """Say whether a phrase ends in the hit's clause, at most `within` words before it."""
        ends = self.ends[rule.name]
        number = bisect_right(ends, hit.first) - 1
        if number < 0 or ends[number] <= hit.first - rule.within:
            return False
        return self.words[ends[number] - 1].clause == self.words[hit.first].clause

    def after(self, rule: Rule, hit: _Hit) -> bool:
        """Say whether a phrase begins in the hit's clause, at most `within` words after it."""
        spans = self.places[rule.name]
        number = bisect_left(spans, (hit.last, 0))
        if number == len(spans) or spans[number][0] >= hit.last + rule.within:
            return False
        return self.words[spans[number][0]].clause == self.words[hit.last - 1].clause

    def clause(self, rule: Rule) -> str:
        """Return what the rule adds to the reason: its words, or the emotion that it found and its probability."""
        if not rule.emotions or self.scores is None:
            return rule.says
        column = max(rule.emotions, key=self.scores.__getitem__)
        return f"{LABELS[column]} {self.scores[column]:.0%}".replace("%", " %")


def _both_ends(places: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the first and the last of many places, all of them if they are few."""
    return [*islice(places, _MOST_AT_AN_END), *deque(places, _MOST_AT_AN_END)]


def _flag(text: str, reading: Reading, judged: _Judged) -> Flag:
    hit = judged.hit
    start, stop = reading.words[hit.first].start, reading.words[hit.last - 1].stop
    reason = ", ".join((f"'{_quote(text[start:stop])}': {hit.term.says}", *judged.clauses))
    return Flag(hit.term.category, SEVERITIES[judged.severity], start, stop, reason)


def _quote(found: str) -> str:
    """Return a piece of a text as a reason may hold it: short, in one line, and with nothing that acts when drawn."""
    words = "".join(" " if char.isspace() else char for char in found if char.isspace() or _is_visible(char))
    words = " ".join(words.split()).translate(_MARKDOWN)
    return words if len(words) <= MAX_QUOTED else words[: MAX_QUOTED - 1].rstrip() + "\u2026"


def _is_visible(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
