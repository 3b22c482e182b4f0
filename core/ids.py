"""Identifiers: made once, sortable by time, carried through prediction, feedback, review and alert."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

COUNTER_BITS: Final = 30
"""Of the 74 bits after the milliseconds, those that number the rows of a batch."""


def new_id(now: datetime) -> UUID:
    """Return a UUIDv7 (RFC 9562, section 5.7) for the moment `now`: 48 bits of milliseconds, then 74 random bits."""
    return _version_7(now, secrets.randbits(74))


def batch_ids(now: datetime, first: int, count: int) -> list[UUID]:
    """Return UUIDv7 of one moment that sort as they are numbered, from `first` (RFC 9562, section 6.2, method 1).

    Args:
        now: the batch's moment, the same for all its rows.
        first: the number of the first row, from 0; all stay below 2 to the power of 30.
        count: how many.
    """
    random_bits = 74 - COUNTER_BITS
    return [
        _version_7(now, number << random_bits | secrets.randbits(random_bits)) for number in range(first, first + count)
    ]


def _version_7(now: datetime, tail: int) -> UUID:
    milliseconds = int(now.timestamp() * 1000)
    # Twelve bits of the tail lie before the variant, 62 after it.
    value = (milliseconds & (2**48 - 1)) << 80 | (tail >> 62) << 64 | tail & (2**62 - 1)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
