"""Scored rows on their way into an audit: numbered files that are whole or absent, so that a later run goes on."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.audit.source import AuditSource
from core.emotions import LABELS
from core.errors import InputError
from core.files import open_table, open_writer
from core.files.cells import Values, plain, texts
from core.files.origins import OriginColumns, Origins
from core.files.times import parse_moment
from core.predictions.columns import ROWS_AT_ONCE, STORE_COLUMNS
from core.rules.flags import Flag
from core.services.scoring import Scorer, languages_of

PART_BATCHES: Final = 4
"""Batches of `ROWS_AT_ONCE` rows in a part: a few seconds' work, which is all that an interruption costs.

With another number, parts of before are of no use: raise `AUDIT_VERSION` with it.
"""

_PLACE: Final = {column.name: number for number, column in enumerate(STORE_COLUMNS)}


@dataclass(frozen=True, slots=True)
class Rows:
    """Some consecutive rows, read and judged, out of a part.

    Attributes:
        cells: one sequence for each of `STORE_COLUMNS`.
        first: the number of the first of them in the file, from 0.
        readable: bool [n]; what follows says nothing where this is False.
        undated: bool [n]; whether the time of posting is unknown.
        decided: bool [n, 28]; which emotions reach their threshold.
        scores: float64 [n, 28].
        margins: float64 [n]; how far the surest emotion is above its own threshold.
        severity: int64 [n]; 0 is no flag, 3 is urgent.
        flags: of each row, the gravest first.
    """

    cells: Sequence[Values]
    first: int
    ids: list[str]
    texts: list[str]
    tops: list[str | None]
    readable: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    undated: NDArray[np.bool_]
    decided: NDArray[np.bool_]
    scores: NDArray[np.float64]
    margins: NDArray[np.float64]
    severity: NDArray[np.int64]
    flags: list[tuple[Flag, ...]]

    def __len__(self) -> int:
        return len(self.texts)


def unpacked(masks: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return bool [n, 28] for masks [n] whose bit k stands for emotion k."""
    return (masks[:, None] >> np.arange(len(LABELS)) & 1).astype(bool)


def score_parts(
    scorer: Scorer,
    source: AuditSource,
    folder: Path,
    made_at: datetime,
    *,
    on_rows: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> bool:
    """Score the rows that no part in `folder` holds yet; return False if it was cancelled before the last.

    Args:
        made_at: when the rows are read, the same for all.
        on_rows: told how many rows are done, those of an earlier run included.
        cancelled: asked before each batch.

    Raises:
        InputError: the file changed meanwhile, or the disk refused.
        ModelError: the model fails on a text.
    """
    first = 0
    for number, group in enumerate(_groups(source)):
        part, rows = folder / f"{number:06}.parquet", sum(len(batch) for batch, *_ in group)
        if part_rows(part) != rows:
            with open_writer(part, STORE_COLUMNS, overwrite=True) as writer:
                for batch, moments, origins in group:
                    if cancelled():
                        writer.discard()
                        return False
                    found = languages_of(batch, origins)
                    predicted = scorer.predictor.predict_batch(batch, found)
                    scorer.write_scored(
                        writer, predicted, first + writer.rows, made_at, moments, origins=origins, found=found
                    )
                    on_rows(first + writer.rows)
        first += rows
        on_rows(first)
    return True


def _groups(source: AuditSource) -> Iterator[list[tuple[list[str], list[datetime | None], Origins]]]:
    """Yield the texts of each part with their times and with what they came with, batch by batch."""
    columns = OriginColumns(source.table, source.times)
    batches = ((batch.texts, source.moments(batch), columns.of(batch)) for batch in source.table.batches(ROWS_AT_ONCE))
    while group := list(itertools.islice(batches, PART_BATCHES)):
        yield group


def part_rows(part: Path) -> int:
    """Return how many rows a part holds, 0 if it is absent or damaged."""
    try:
        return open_table(part, "text").rows
    except InputError:
        return 0


def parts_of(folder: Path) -> list[Path]:
    """Return the parts in a folder in their order, none if there is no such folder."""
    return sorted(folder.glob("[0-9]*.parquet"))


def begun_at(folder: Path) -> datetime | None:
    """Return when the rows of an earlier run were read, None if it left none."""
    for part in filter(part_rows, parts_of(folder)):
        (cell,) = texts(open_table(part, "text").preview(1).values[_PLACE["made_at"]])
        return parse_moment(cell)
    return None


def read_parts(folder: Path) -> Iterator[Rows]:
    """Yield the rows of all parts in order.

    Raises:
        InputError: a part is gone or damaged.
    """
    first = 0
    for part in parts_of(folder):
        for batch in open_table(part, "text").batches(ROWS_AT_ONCE):
            yield _rows(batch.values, batch.texts, first)
            first += len(batch)


def _rows(cells: Sequence[Values], rows: list[str], first: int) -> Rows:
    def column(name: str) -> Values:
        return cells[_PLACE[name]]

    severity = np.asarray(column("severity")).astype(np.int64)
    tops = plain(column("top"))
    return Rows(
        cells=cells,
        first=first,
        ids=texts(column("id")),
        texts=rows,
        tops=tops,
        readable=np.array([top is not None for top in tops]),
        truncated=np.array(plain(column("truncated")), bool),
        undated=np.array([cell is None for cell in plain(column("posted_at"))]),
        decided=unpacked(np.asarray(column("labels"))),
        scores=np.stack([np.asarray(column(label), np.float64) for label in LABELS], axis=1),
        margins=np.asarray(column("margin"), np.float64),
        severity=severity,
        flags=[
            tuple(Flag(**flag) for flag in json.loads(cell)) if grave else ()
            for cell, grave in zip(plain(column("flags")), severity.tolist(), strict=True)
        ],
    )
