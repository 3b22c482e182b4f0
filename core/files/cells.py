"""Cells: what a column of any origin is as Python values and as texts."""

import json
from typing import Any

import numpy as np

from core.files.decimals import decimals
from core.text import encodable

Values = Any
"""The cells of one column in one batch: a list, a numpy array, or (from Parquet, to keep types) an Arrow array."""


def plain(values: Values) -> list[Any]:
    """Return the cells as Python values that can be written as text."""
    if isinstance(values, np.ndarray):
        return list((decimals(values) if values.dtype.kind == "f" else values).tolist())
    if hasattr(values, "to_pylist"):
        from core.files.arrow import plain_arrow  # noqa: PLC0415  (pyarrow, which made the values, is loaded)

        return plain_arrow(values)
    return [cell.item() if isinstance(cell, np.generic) else cell for cell in values]


def texts(values: Values) -> list[str]:
    """Return the cells as strings, null as ""."""
    return [as_text(cell) for cell in plain(values)]


def as_text(value: object) -> str:
    """Return a cell as one string: null as "", what is neither a string nor null as JSON where it has a form for it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float, list, dict)):
        return json.dumps(value, ensure_ascii=False, default=other_text)
    return other_text(value)


def printable(value: object) -> str:
    """Return a cell as a screen can show it: as `as_text` has it, with lone surrogates as U+FFFD."""
    return encodable(as_text(value))


def other_text(value: object) -> str:
    """Return what JSON has no form for (bytes, decimals, times out of Parquet) as text."""
    return value.hex() if isinstance(value, bytes) else str(value)
