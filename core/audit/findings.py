"""What the rows of an audit amount to, counted batch by batch."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.audit.parts import Rows
from core.emotions import LABELS
from core.explore.selection import UNCERTAIN
from core.rules.flags import CATEGORIES, SEVERITIES, Flag

GRAVEST: Final = 50
"""Flagged rows that a report shows at most."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flagged row: its number in the file, from 1, its text, and its flags, the gravest first."""

    row: int
    text: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Notable:
    """Which of some rows are worth a look, each bool [n]. One that could not be read can only be flagged."""

    flagged: NDArray[np.bool_]
    uncertain: NDArray[np.bool_]
    against: NDArray[np.bool_]

    @property
    def any(self) -> NDArray[np.bool_]:
        """Bool [n]: those with any reason."""
        return self.flagged | self.uncertain | self.against


def notable(rows: Rows, expected: NDArray[np.bool_]) -> Notable:
    """Say which rows are worth a look.

    A row is uncertain where its surest emotion is less than `UNCERTAIN` above its threshold, or none reaches one. It
    is against the expected where emotions are expected and none of them was found.

    Args:
        expected: bool [n, 28]; a row without any expects nothing.
    """
    return Notable(
        flagged=rows.severity > 0,
        uncertain=rows.readable & (rows.margins < UNCERTAIN),
        against=rows.readable & expected.any(axis=1) & ~(expected & rows.decided).any(axis=1),
    )


@dataclass
class Findings:
    """Counts over the rows of an audit. Flags are of all rows, what concerns emotions is of those that could be read.

    Attributes:
        unreadable: rows with nothing to read: blank, or only links.
        truncated: rows of which the model read only the beginning.
        undated: rows without a time of posting that could be read.
        silent: rows in which no emotion reaches its threshold.
        uncertain: rows whose surest emotion is less than `UNCERTAIN` above its threshold.
        top_sum: the sum of the probabilities of each row's top emotion.
        together: int64 [28, 28]; rows that carry both emotions, on the diagonal those that carry the one.
        probabilities: float64 [28]; the sum over the rows.
        flagged: int64 [3]; rows by the severity of their gravest flag, ascending.
        flags: int64 [8, 3]; flags by category and severity. A row has at most one flag in a category.
        gravest: the first `GRAVEST` rows of each severity, ascending.
        with_expected: rows of which emotions are expected.
        met: of these, rows with at least one of the expected.
        exact: of these, rows with the expected and no other.
        expected: int64 [28]; rows of which the emotion is expected.
        missed: int64 [28]; of these, rows in which it was not found.
    """

    rows: int = 0
    unreadable: int = 0
    truncated: int = 0
    undated: int = 0
    silent: int = 0
    uncertain: int = 0
    top_sum: float = 0.0
    together: NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(LABELS), len(LABELS)), np.int64))
    probabilities: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(LABELS)))
    flagged: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(SEVERITIES), np.int64))
    flags: NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(CATEGORIES), len(SEVERITIES)), np.int64))
    gravest: tuple[list[Flagged], ...] = field(default_factory=lambda: tuple([] for _ in SEVERITIES))
    with_expected: int = 0
    met: int = 0
    exact: int = 0
    expected: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(LABELS), np.int64))
    missed: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(LABELS), np.int64))

    @property
    def readable(self) -> int:
        """How many rows could be read."""
        return self.rows - self.unreadable

    @property
    def counts(self) -> NDArray[np.int64]:
        """Int64 [28]: rows that carry each emotion."""
        return self.together.diagonal()

    @property
    def shares(self) -> NDArray[np.float64]:
        """Float64 [28]: of the readable rows, those that carry each emotion, 0..1; NaN without any."""
        return self._mean(self.counts)

    @property
    def means(self) -> NDArray[np.float64]:
        """Float64 [28]: the mean probability of each emotion over the readable rows; NaN without any."""
        return self._mean(self.probabilities)

    @property
    def against(self) -> int:
        """Rows in which none of the expected emotions was found."""
        return self.with_expected - self.met

    @property
    def first_flagged(self) -> list[Flagged]:
        """At most `GRAVEST` flagged rows, the urgent ones first, then in the file's order."""
        return [row for of_severity in reversed(self.gravest) for row in of_severity][:GRAVEST]

    def _mean(self, sums: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
        return sums.astype(float) / self.readable if self.readable else np.full(len(sums), np.nan)

    def most_often_with(self) -> list[str]:
        """Return for each emotion the other one that it most often occurs with, "" if with none."""
        others = self.together - np.diag(self.counts)
        return [LABELS[line.argmax()] if line.any() else "" for line in others]

    def add(self, rows: Rows, expected: NDArray[np.bool_], found: Notable) -> None:
        """Count some more rows.

        Args:
            expected: bool [n, 28].
            found: as `notable` has it for them.
        """
        readable, decided = rows.readable, rows.decided[rows.readable].astype(np.int64)
        scores = rows.scores[readable]
        tops = [LABELS.index(top) for top in rows.tops if top is not None]
        self.rows += len(rows)
        self.unreadable += int((~readable).sum())
        self.truncated += int((rows.truncated & readable).sum())
        self.undated += int((rows.undated & readable).sum())
        self.silent += int((~decided.any(axis=1)).sum())
        self.uncertain += int(found.uncertain.sum())
        self.top_sum += float(scores[np.arange(len(scores)), tops].sum())
        self.together += decided.T @ decided
        self.probabilities += scores.sum(axis=0)
        self._add_flags(rows)
        self._add_expected(rows, expected, found)

    def _add_flags(self, rows: Rows) -> None:
        self.flagged += np.bincount(rows.severity, minlength=len(SEVERITIES) + 1)[1:]
        for number in np.flatnonzero(rows.severity).tolist():
            for flag in rows.flags[number]:
                self.flags[CATEGORIES.index(flag.category), SEVERITIES.index(flag.severity)] += 1
            shown = self.gravest[rows.severity[number] - 1]
            if len(shown) < GRAVEST:
                shown.append(Flagged(rows.first + number + 1, rows.texts[number], rows.flags[number]))

    def _add_expected(self, rows: Rows, expected: NDArray[np.bool_], found: Notable) -> None:
        asked = rows.readable & expected.any(axis=1)
        self.with_expected += int(asked.sum())
        self.met += int((asked & ~found.against).sum())
        self.exact += int((asked & (expected == rows.decided).all(axis=1)).sum())
        self.expected += expected[asked].sum(axis=0)
        self.missed += (expected & ~rows.decided)[asked].sum(axis=0)
