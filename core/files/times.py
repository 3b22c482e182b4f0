"""Which column says when the texts were posted, and how its cells are read: decided over all of them."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from core.errors import InputError
from core.files.cells import texts
from core.files.column_names import CLOCKS, NO_TIME_WORDS, TIME_NAMES, TIME_WORDS, TIMES, ZONES, folded, last
from core.files.moments import order_of, parse_clock, parse_moment, parse_zone
from core.files.profiles import Profile
from core.files.table import Batch, Table

__all__ = [
    "TIME_NAMES",
    "TimeColumn",
    "find_times",
    "guess_time_column",
    "parse_moment",
    "read_times",
    "refuse_unknown",
    "time_column",
]

ACCEPTED: Final = 0.8
"""The share of a column's filled cells that must name moments before it is taken unasked."""

_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """How the times of a file are read.

    Attributes:
        name: the column with the moments, or with the dates.
        why: why it was taken, in words that follow "because".
        clock: the column with the time of day beside a date.
        zone: the column with the zone.
        day_first: the order of dates of three numbers; None where none needs it, or where it is open.
        open_order: cells that fit both orders while none of the column says which; they stay undated.
    """

    name: str
    why: str = "it was asked for"
    clock: str | None = None
    zone: str | None = None
    day_first: bool | None = None
    open_order: int = 0

    def moments(self, table: Table, batch: Batch) -> list[datetime | None]:
        """Return when the texts of a batch were posted, in UTC; None where that cannot be read."""
        cells = texts(batch.values[table.names.index(self.name)])
        found = [parse_moment(cell, self.day_first) for cell in cells]
        if self.clock is not None:
            clocks = map(parse_clock, texts(batch.values[table.names.index(self.clock)]))
            found = [
                moment if moment is None or clock is None else moment + clock
                for moment, clock in zip(found, clocks, strict=True)
            ]
        if self.zone is not None:
            zones = map(parse_zone, texts(batch.values[table.names.index(self.zone)]))
            found = [
                moment if moment is None or zone is None else moment.replace(tzinfo=zone).astimezone(UTC)
                for moment, zone in zip(found, zones, strict=True)
            ]
        return found


def guess_time_column(table: Table) -> str | None:
    """Return the column that says when each text was posted, None if none does."""
    found = find_times(table, table.profiles())
    return None if found is None else found.name


def read_times(table: Table, posted: TimeColumn | str | None) -> TimeColumn | None:
    """Return how the times of a file are read, if `posted` names a column: the order of its dates is looked up.

    Raises:
        InputError: there is no such column.
    """
    return time_column(table, posted) if isinstance(posted, str) else posted


def time_column(table: Table, name: str, day_first: bool | None = None) -> TimeColumn:
    """Return how the column `name` is read: with the clock and zone beside it, and the order of its dates.

    Args:
        day_first: what a person says of dates that fit both orders.

    Raises:
        InputError: there is no such column.
    """
    refuse_unknown(table, name)
    found = _with_neighbours(TimeColumn(name), {one.name: one for one in table.profiles()}, table)
    return _ordered(table, found, day_first)


def find_times(table: Table, found: Sequence[Profile], day_first: bool | None = None) -> TimeColumn | None:
    """Return the column whose cells name moments; its name decides between several, and where there are only days.

    A column is taken if four fifths of its filled cells can be read and more than half are filled.
    """
    by_name = {one.name: one for one in found}
    ranked = sorted(
        ((rank, index, one) for index, one in enumerate(found) if (rank := _rank(one, table)) is not None),
        key=lambda each: each[:2],
    )
    if not ranked:
        return None
    best = ranked[0][2]
    why = f"its cells name moments (as {best.example!r})" if best.example else "its cells name moments"
    return _ordered(table, _with_neighbours(TimeColumn(best.name, why), by_name, table), day_first)


def named_like_times(table: Table, found: Sequence[Profile], taken: TimeColumn | None) -> tuple[str, ...]:
    """Return the columns that by their names should hold times, and in most of their filled cells do not."""
    parts = () if taken is None else (taken.name, taken.clock, taken.zone)
    return tuple(
        one.name
        for one in found
        if one.name not in parts
        and one.name != table.text_column
        and last(one.name) in TIMES
        and one.filled
        and (one.times + one.clocks < ACCEPTED * one.filled or (one.times + one.clocks) * 2 <= one.rows)
        and not _of_others(one.name)
    )


def unreadable(table: Table, batch: Batch, found: TimeColumn, moments: Sequence[datetime | None]) -> list[str]:
    """Return up to three cells of a batch that are filled and name no moment."""
    cells = texts(batch.values[table.names.index(found.name)])
    missing = (cell.strip() for cell, moment in zip(cells, moments, strict=True) if moment is None and cell.strip())
    return [cell[:40] for cell, _ in zip(missing, range(_EXAMPLES), strict=False)]


def _rank(one: Profile, table: Table) -> tuple[int, int, int] | None:
    """Return how likely a column holds when the texts were posted, the smallest first; None if it does not."""
    if one.name == table.text_column or one.times < ACCEPTED * one.filled or one.times * 2 <= one.rows:
        return None
    if _of_others(one.name):
        return None
    name = last(one.name)
    words = set(name.split("_"))
    nameless = not table.header
    if name in TIMES:
        of_name = TIME_NAMES.index(name) if name in TIME_NAMES else len(TIME_NAMES)
    elif words & TIME_WORDS:
        of_name = len(TIME_NAMES) + 1
    elif one.numbers < one.times and (one.with_clock > 0.5 * one.times or nameless):
        of_name = len(TIME_NAMES) + 2
    else:
        return None  # a birthday is a date too, and a number may be anything
    dates_only = int(one.with_clock <= 0.5 * one.times)
    return (dates_only, of_name, one.name.count("."))


def _of_others(name: str) -> bool:
    """Tell whether a name speaks of another's time: when an account was made, when the file was."""
    words = set(folded(name).split("_")) | set(folded(name.rpartition(".")[0]).split("_"))
    if last(name) in TIMES and "." not in name:
        return False
    return bool(words & NO_TIME_WORDS)


def _with_neighbours(found: TimeColumn, by_name: dict[str, Profile], table: Table) -> TimeColumn:
    dates = by_name.get(found.name)
    if dates is None or dates.with_clock > 0.5 * max(1, dates.times):
        return found
    others = [one for one in by_name.values() if one.name not in {found.name, table.text_column}]
    clocks = [one for one in others if one.filled and one.clocks >= ACCEPTED * one.filled]
    clocks.sort(key=lambda one: last(one.name) not in CLOCKS)
    if not clocks:
        return found
    zones = [one for one in others if last(one.name) in ZONES]
    zone = zones[0].name if zones and zones[0].zones >= ACCEPTED * max(1, zones[0].filled) else None
    return replace(found, clock=clocks[0].name, zone=zone, why=f"{found.why}, with {clocks[0].name!r} beside it")


def _ordered(table: Table, found: TimeColumn, asked: bool | None) -> TimeColumn:
    """Decide the order of dates over the whole column."""
    profile = next((one for one in table.profiles() if one.name == found.name), None)
    if profile is not None and not profile.orders:
        return found
    orders: Counter[str] = Counter()
    index = table.names.index(found.name)
    with closing(table.batches(4096)) as batches:
        for batch in batches:
            orders.update(map(order_of, texts(batch.values[index])))
    day, month, still_open = orders["day"], orders["month"], orders["open"]
    if asked is not None:
        return replace(found, day_first=asked)
    if (day and not month) or (month and not day):
        return replace(found, day_first=bool(day))
    return replace(found, open_order=still_open)


def refuse_unknown(table: Table, name: str) -> None:
    """Raise an InputError if there is no such column."""
    if name not in table.names:
        raise InputError(f"{table.path} has no column {name!r}. Its columns are {', '.join(table.names)}.")
