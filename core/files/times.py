"""When a tweet was posted, as files write it."""

import re
from datetime import UTC, datetime
from typing import Final

from core.files import Table
from core.files.cells import texts

TIME_NAMES: Final = ("created_at", "posted_at", "timestamp", "datetime", "date", "posted", "time")
"""Column names that are taken for the time of a tweet, the likeliest first."""

_TWITTER: Final = "%a %b %d %H:%M:%S %z %Y"
_EPOCH: Final = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def parse_moment(cell: str) -> datetime | None:
    """Return the moment in UTC that a cell names, None where it names none.

    ISO 8601 ("2026-05-01", "2026-05-01T12:00:00Z"; without a zone it is taken for UTC), seconds or milliseconds since
    1970, and the form of Twitter's own exports ("Wed Oct 10 20:19:24 +0000 2018"). "UTC" may stand behind it.
    """
    cell = cell.strip().removesuffix(" UTC")
    try:
        if _EPOCH.fullmatch(cell):
            number = float(cell)
            found = datetime.fromtimestamp(number / 1000 if number >= 1e11 else number, UTC)
        elif cell[:1].isalpha():
            found = datetime.strptime(cell, _TWITTER)
        else:
            found = datetime.fromisoformat(cell)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if _EARLIEST <= found < _LATEST else None


def guess_time_column(table: Table) -> str | None:
    """Return the column that by its name and its first cells says when each text was posted, None if none does."""
    preview = table.preview(20)
    folded = {name.strip().casefold(): number for number, name in reversed(list(enumerate(table.names)))}
    for usual in TIME_NAMES:
        number = folded.get(usual)
        if number is not None and all(parse_moment(cell) for cell in texts(preview.values[number])):
            return table.names[number]
    return None
