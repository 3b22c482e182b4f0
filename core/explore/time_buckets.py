"""Equal stretches of time for charts: how long they are for a period, and where each begins."""

from datetime import UTC, datetime, timedelta
from typing import Final

_BUCKETS: Final = (
    *(timedelta(minutes=minutes) for minutes in (1, 5, 15)),
    *(timedelta(hours=hours) for hours in (1, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 7, 28, 84, 364)),
)

_MOST_BUCKETS: Final = 100
"""Days, weeks, ... that a chart has room for."""
_MOST_PARTS: Final = 30
"""Parts of days, likewise."""

ORIGIN: Final = datetime(2001, 1, 1, tzinfo=UTC)
"""A Monday: all buckets are counted from it."""

DAY: Final = timedelta(days=1)


def bucket_for(since: datetime, until: datetime) -> timedelta:
    """Return the finest stretch of time that parts a period into not too many; days are preferred to parts of them."""
    return next(
        (one for one in _BUCKETS if (until - since) / one <= (_MOST_BUCKETS if one >= DAY else _MOST_PARTS)),
        _BUCKETS[-1],
    )


def floor(moment: datetime, bucket: timedelta) -> datetime:
    """Return when the bucket begins in which a moment lies."""
    return moment - (moment - ORIGIN) % bucket


def naive_or_none(moment: datetime | None) -> datetime | None:
    """Return what `naive` makes of a moment, None for what has none."""
    return None if moment is None else naive(moment)


def naive(moment: datetime) -> datetime:
    """Return a moment in UTC and without a zone, as frames hold it."""
    return moment.astimezone(UTC).replace(tzinfo=None)
