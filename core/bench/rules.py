"""How well and how fast the context rules flag: two sets of tweets, judged beside a scan for the same words.

The rules were written with the sample tweets in view. The tweets with intended flags were written apart from them, and
the rules apart from these. The counts are small, so each is printed with its n. Speeds depend on the machine and are
printed, never tested.
"""

import csv
import operator
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Final

import numpy as np

from core.emotions import Scores
from core.errors import InputError
from core.inference import classifier, serving
from core.rules import CATEGORIES, SEVERITIES, Flag, Rules, rulebook
from core.rules.phrases import Phrase
from core.rules.rulebook import Rulebook
from core.settings import settings

_SETS: Final = (("developed on", "sample_tweets.csv"), ("held out", "flag_tweets.csv"))
"""Files beside each other; the second may be missing."""
_ROUNDS: Final = 7
_REPEATED: Final = 10
"""Times that the sample is judged in one round."""
_MOST_STRINGS: Final = 100
_SHORTEST: Final = 4
_SHOWN: Final = 90
"""Characters of a text in the list of failures."""


@dataclass(frozen=True)
class Sample:
    """A tweet, and what its writer says a moderator should see."""

    id: str
    text: str
    intended: str
    looks_like: str
    severity: str


@dataclass(frozen=True)
class Judged:
    """A sample and the flags it was given."""

    sample: Sample
    flags: tuple[Flag, ...]

    @property
    def categories(self) -> set[str]:
        """The categories it was flagged in."""
        return {flag.category for flag in self.flags}

    @property
    def failed(self) -> bool:
        """Whether it was flagged in another category than intended, or not in the intended one."""
        return self.categories != ({self.sample.intended} - {""})


def run() -> None:
    """Judge both sets with the serving model's emotions, and print what came of it.

    Raises:
        InputError: the tweets or the rules are missing or damaged.
        ModelError: the serving model cannot be loaded.
    """
    chosen = settings()
    rules = Rules.read(chosen.rules)
    model = classifier.load(serving.choices(chosen)[0].folder, chosen.threads)
    scan = scanner(rulebook.read(chosen.rules))
    print(f"Rules {rules.version}, emotions by {model.info.label}\n")
    for title, name in _SETS:
        path = chosen.sample_tweets.with_name(name)
        if title == "held out" and not path.exists():
            print(f"{title}: there is no {path}\n")
            continue
        samples = read_samples(path)
        texts = [sample.text for sample in samples]
        scores = model.read(texts)
        judged = [Judged(*pair) for pair in zip(samples, rules.judge_all(texts, scores), strict=True)]
        _print_table(f"{title}: {name}", judged, [Judged(sample, scan(sample.text)) for sample in samples])
        _print_failures(title, judged)
        plain = [number for number, sample in enumerate(samples) if not sample.intended and not sample.looks_like]
        _print_speed(f"plain innocents of {name}", rules, scan, [texts[one] for one in plain], scores[plain])


def read_samples(path: Path) -> list[Sample]:
    """Return the sample tweets.

    Raises:
        InputError: the file is missing or lacks a column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                Sample(row["id"], row["text"], row["sensitive"], row["looks_sensitive"], row["severity"])
                for row in csv.DictReader(file)
            ]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path}: no sample tweets to judge ({error!r}). Restore the file.") from error


def scanner(book: Rulebook) -> Callable[[str], tuple[Flag, ...]]:
    """Return the baseline: the same terms as plain strings, looked for anywhere in the text, whatever is around them.

    Phrases with a gap, and those that are more than a hundred different strings, are left out, and strings of less
    than four letters: even a simple list would be without them. What holds another string of its category is found
    with that one.
    """
    listed: dict[str, list[str]] = {}
    for category in CATEGORIES:
        strings = {
            string
            for term in book.terms
            if term.category == category
            for phrase in term.phrases
            for string in _spelled_out(phrase)
            if len(string) >= _SHORTEST
        }
        listed[category] = [one for one in strings if not any(other in one for other in strings - {one})]

    def scan(text: str) -> tuple[Flag, ...]:
        lowered = text.lower()
        return tuple(
            Flag(category, SEVERITIES[0], 0, 1, "holds a listed string")
            for category, strings in listed.items()
            if any(string in lowered for string in strings)
        )

    return scan


def _spelled_out(phrase: Phrase) -> Iterator[str]:
    """Yield the strings that a phrase stands for, none if they are too many to be listed."""
    choices = [[*element.words, *([""] if element.optional else [])] for element in phrase.elements]
    if all(choices) and prod(map(len, choices)) <= _MOST_STRINGS:
        for words in product(*choices):
            yield " ".join(filter(None, words))


def _print_table(title: str, judged: Sequence[Judged], scanned: Sequence[Judged]) -> None:
    print(f"{title}, n = {len(judged)}")
    heading = f"{'':12}{'intended':>9}{'flagged':>9}{'right':>7}{'precision':>11}{'recall':>8}"
    print(f"{heading}   | scan: {'flagged':>7}{'right':>7}{'precision':>11}{'recall':>8}")
    for category in (*CATEGORIES, "any flag"):
        ours, theirs = _counts(judged, category), _counts(scanned, category)
        print(f"{category:12}{ours[0]:9}{_row(ours, 9)}   |       {_row(theirs, 7)}")
    given = [*SEVERITIES[::-1], "no flag"]
    print(f"severity, intended x given in the intended category: {'':8}" + "".join(f"{name:>9}" for name in given))
    for severity in SEVERITIES[::-1]:
        rows = [one for one in judged if one.sample.severity == severity]
        got = [next((f.severity for f in one.flags if f.category == one.sample.intended), "no flag") for one in rows]
        print(f"{severity:>50} (n = {len(rows):2}) " + "".join(f"{got.count(name):9}" for name in given))
    alike = [one for one in judged if one.sample.looks_like]
    plain = [one for one in judged if not one.sample.looks_like and not one.sample.intended]
    print(
        f"look-alikes flagged in the category they look like: "
        f"{sum(one.sample.looks_like in one.categories for one in alike)} of {len(alike)}, in any: "
        f"{sum(bool(one.flags) for one in alike)}; plain innocents flagged: "
        f"{sum(bool(one.flags) for one in plain)} of {len(plain)}\n"
    )


def _counts(judged: Sequence[Judged], category: str) -> tuple[int, int, int]:
    """Return how many were intended, flagged and both; for any flag, a right one is any on a sensitive text."""
    if category == "any flag":
        intended = [bool(one.sample.intended) for one in judged]
        flagged = [bool(one.flags) for one in judged]
    else:
        intended = [one.sample.intended == category for one in judged]
        flagged = [category in one.categories for one in judged]
    return sum(intended), sum(flagged), sum(map(operator.and_, intended, flagged))


def _row(counts: tuple[int, int, int], width: int) -> str:
    intended, flagged, right = counts
    precision = f"{right / flagged:.2f}" if flagged else "-"
    recall = f"{right / intended:.2f}" if intended else "-"
    return f"{flagged:{width}}{right:7}{precision:>11}{recall:>8}"


def _print_failures(title: str, judged: Sequence[Judged]) -> None:
    failures = [one for one in judged if one.failed]
    print(f"Failures among those {title}: {len(failures)} of {len(judged)}")
    for one in failures:
        sample = one.sample
        wanted = f"{sample.intended} {sample.severity}" if sample.intended else f"none (like {sample.looks_like})"
        given = "; ".join(f"{flag.category} {flag.severity} [{flag.reason}]" for flag in one.flags) or "none"
        text = " ".join(sample.text.split())
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        print(f"  {sample.id} ({title}) intended {wanted}, given {given}\n      {shown}")
    print()


def _print_speed(title: str, rules: Rules, scan: Callable[[str], object], texts: Sequence[str], scores: Scores) -> None:
    """Time both by turns, so that drift of the machine is shared, and by this thread's own seconds on the core."""
    many, rows = list(texts) * _REPEATED, np.tile(scores, (_REPEATED, 1))
    ours, theirs = [], []
    for _ in range(_ROUNDS):
        started = time.thread_time()
        rules.judge_all(many, rows)
        ours.append(len(many) / (time.thread_time() - started))
        started = time.thread_time()
        for text in many:
            scan(text)
        theirs.append(len(many) / (time.thread_time() - started))
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(
        f"Throughput on one thread, {title} (n = {len(texts)}, {_REPEATED} times, median of {_ROUNDS} rounds): "
        f"judge_all {mine:,.0f} tweets/s, scan {other:,.0f} tweets/s, ratio {mine / other:.1f}x"
    )
