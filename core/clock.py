"""The clock: the one place where the present moment comes from. Use cases take it as an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)
