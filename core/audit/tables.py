"""The two tables of an audit: the emotions, and the rows to look at."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.audit.findings import Findings, Notable
from core.audit.parts import Rows
from core.emotions import LABELS
from core.files import Column
from core.files.cells import Values

FLAGGED, UNCERTAIN, AGAINST = "flagged", "uncertain", "against the expected"

STATS_COLUMNS: Final = (
    Column("emotion"),
    Column("count", "integer"),
    Column("share", "number"),
    Column("mean_probability", "number"),
    Column("threshold", "number"),
    *(Column(f"with_{label}", "integer") for label in LABELS),
    Column("most_often_with"),
)
"""A row for each emotion. `count` are the rows that carry it, `share` is of the rows that could be read, `with_...` are
the rows that carry both."""

ERRORS_COLUMNS: Final = (
    Column("row", "integer"),
    Column("id"),
    Column("text"),
    Column("why"),
    Column("emotions"),
    Column("top_emotion"),
    Column("top_probability", "number"),
    Column("margin", "number"),
    Column("expected"),
    Column("severity"),
    Column("flagged_for"),
    Column("flag_reasons"),
)
"""A row of the file for each that is worth a look. `row` counts from 1, `id` is the prediction's in the store; lists
are parted by `|`."""


def stats_cells(findings: Findings, thresholds: NDArray[np.float32]) -> list[Values]:
    """Return the cells of `STATS_COLUMNS`.

    Args:
        thresholds: float32 [28].
    """
    return [
        LABELS,
        findings.counts,
        findings.shares.round(6),
        findings.means.round(6),
        thresholds,
        *findings.together.T,
        findings.most_often_with(),
    ]


def errors_cells(rows: Rows, expected: NDArray[np.bool_], found: Notable) -> list[Values]:
    """Return the cells of `ERRORS_COLUMNS` for those of the rows that are worth a look.

    Args:
        expected: bool [n, 28].
        found: as `notable` has it for them.
    """
    chosen = np.flatnonzero(found.any).tolist()
    reasons = ((FLAGGED, found.flagged), (UNCERTAIN, found.uncertain), (AGAINST, found.against))
    flags = [rows.flags[row] for row in chosen]
    tops = [rows.tops[row] for row in chosen]
    return [
        [rows.first + row + 1 for row in chosen],
        [rows.ids[row] for row in chosen],
        [rows.texts[row] for row in chosen],
        ["|".join(reason for reason, holds in reasons if holds[row]) for row in chosen],
        [_likeliest_first(rows.decided[row], rows.scores[row]) for row in chosen],
        tops,
        [None if top is None else rows.scores[row, LABELS.index(top)] for row, top in zip(chosen, tops, strict=True)],
        rows.margins[chosen].round(6),
        ["|".join(LABELS[label] for label in np.flatnonzero(expected[row])) for row in chosen],
        [of_row[0].severity if of_row else "" for of_row in flags],
        ["|".join(flag.category for flag in of_row) for of_row in flags],
        [" | ".join(flag.reason for flag in of_row) for of_row in flags],
    ]


def _likeliest_first(decided: NDArray[np.bool_], scores: NDArray[np.float64]) -> str:
    order = np.argsort(-scores, kind="stable")
    return "|".join(LABELS[label] for label in order if decided[label])
