"""What is audited: a file of tweets, the emotions that are expected of them, and when they were posted."""

import difflib
import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from core.emotions import INDEX, LABELS
from core.errors import InputError
from core.files import Batch, Table
from core.files.cells import texts
from core.files.encoding import disk_errors
from core.files.table import text_column
from core.files.times import TimeColumn, time_column
from core.predictions.columns import ROWS_AT_ONCE

EXPECTED_NAMES: Final = ("emotions", "emotion", "expected", "label", "labels")
"""Column names that are taken for the emotions expected of a tweet, the likeliest first."""

_BETWEEN: Final = re.compile(r"[|,]")


@dataclass(frozen=True, slots=True)
class AuditSource:
    """A file to audit.

    Attributes:
        name: what it is called in the report.
        expected: the column with the emotions that each text should show; None expects nothing.
        posted: the column that says when each text was posted.
        times: how that column is read; made of it where it is not given.

    Raises:
        InputError: there is no such column.
    """

    table: Table
    name: str
    expected: str | None = None
    posted: str | None = None
    times: TimeColumn | None = None

    def __post_init__(self) -> None:
        for column in filter(None, (self.expected, self.posted)):
            text_column(self.table.path, self.table.columns, {}, column)
        if self.posted is not None and self.times is None:
            object.__setattr__(self, "times", time_column(self.table, self.posted))

    def sha256(self) -> str:
        """Return the checksum of the file's content, in hex.

        Raises:
            InputError: it cannot be read.
        """
        with disk_errors(self.table.path), self.table.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def moments(self, batch: Batch) -> list[datetime | None]:
        """Return when the texts of a batch were posted, None where that is not known."""
        return [None] * len(batch) if self.times is None else self.times.moments(self.table, batch)

    def expectations(self) -> Iterator[int]:
        """Yield for each row the emotions expected of it as 28 bits, bit k for emotion k; 0 where nothing is.

        Raises:
            InputError: a cell names what is no emotion; the message has its row and the value.
        """
        if self.expected is None:
            yield from itertools.repeat(0, self.table.rows)
            return
        number = self.table.names.index(self.expected)
        cells = itertools.chain.from_iterable(texts(batch.values[number]) for batch in self.table.batches(ROWS_AT_ONCE))
        for row, cell in enumerate(cells, 1):
            try:
                yield parse_emotions(cell)
            except InputError as error:
                raise InputError(f"{self.table.path}, row {row:,}, column {self.expected!r}: {error}") from None


@lru_cache(maxsize=4_096)
def parse_emotions(cell: str) -> int:
    """Return the emotions that a cell names, parted by `|` or `,` and in any case, as 28 bits.

    Raises:
        InputError: it names another.

    >>> parse_emotions("Joy|love"), parse_emotions(" ")
    (393216, 0)
    """
    mask = 0
    for part in _BETWEEN.split(cell):
        label = part.strip().casefold()
        if not label:
            continue
        if label not in INDEX:
            close = difflib.get_close_matches(label, LABELS, n=1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            raise InputError(
                f"{part.strip()[:40]!r} is none of the 28 emotions. {hint}Name them as GoEmotions does, parted by "
                f"'|' or ',', or leave the cell empty."
            )
        mask |= 1 << INDEX[label]
    return mask


def guess_expected_column(table: Table) -> str | None:
    """Return the column that by its name and its first cells holds expected emotions, None if none does."""
    preview = table.preview(20)
    folded = {name.strip().casefold(): number for number, name in reversed(list(enumerate(table.names)))}
    for usual in EXPECTED_NAMES:
        number = folded.get(usual)
        if number is not None and _all_emotions(texts(preview.values[number])):
            return table.names[number]
    return None


def _all_emotions(cells: Sequence[str]) -> bool:
    try:
        return max(map(parse_emotions, cells)) > 0
    except InputError:
        return False
