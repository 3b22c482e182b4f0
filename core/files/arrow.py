"""Cells out of Arrow. Loads pyarrow, so it is imported only where there is Parquet."""

from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from core.errors import InputError
from core.files.decimals import decimals


def is_text(arrow_type: Any) -> bool:
    """Tell whether the `pyarrow.DataType` is one of strings, dictionaries of strings included."""
    inner = arrow_type.value_type if types.is_dictionary(arrow_type) else arrow_type
    return bool(types.is_string(inner) or types.is_large_string(inner) or types.is_string_view(inner))


def plain_arrow(values: Any) -> list[Any]:
    """Return the cells of an Arrow array as Python values that can be written as text."""
    if is_text(values.type):
        # By way of bytes: nothing makes a writer of Parquet see to it that its strings are UTF-8.
        raw = values.cast(pa.large_string()).cast(pa.large_binary())
        return [None if cell is None else cell.decode("utf-8", "replace") for cell in raw.to_pylist()]
    if types.is_temporal(values.type) and not types.is_duration(values.type):
        # Python's datetime has no nanoseconds, and would lose them.
        values = values.cast(pa.string())
    elif types.is_floating(values.type) and values.type.bit_width < 64:
        narrow = values.to_numpy(zero_copy_only=False).astype(np.float32)
        values = pa.array(decimals(narrow), mask=values.is_null().to_numpy(zero_copy_only=False))
    try:
        return list(values.to_pylist())
    except (OverflowError, ValueError) as error:
        raise InputError(
            f"A cell of the type {values.type} holds what cannot be shown ({error}). Leave that column out."
        ) from error
