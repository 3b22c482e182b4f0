"""Numbers as people write them: float32 0.1 is 0.1, not 0.10000000149011612."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def decimals(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return numbers [n] as float64 [n]; narrower floats by way of the shortest decimal that stands for them.

    >>> decimals(np.array([0.1, 2.5, np.nan], np.float32)).tolist()
    [0.1, 2.5, nan]
    """
    found = values.astype(np.float64)
    if values.dtype.kind != "f" or values.dtype.itemsize >= found.itemsize:
        return found
    # Below 2**24 (for float32), all whole numbers are told apart: the shortest decimal is that of the fewest places.
    # Powers of ten are exact up to the 22nd, so that the quotient is the very float64 that the decimal is read as.
    small = np.abs(found) < 2.0 ** (np.finfo(values.dtype).nmant + 1)
    left = np.flatnonzero(small)
    for places in range(23):
        if not left.size:
            break
        power = float(10**places)
        rounded = np.rint(found[left] * power) / power
        same = rounded.astype(values.dtype) == values[left]
        found[left[same]] = rounded[same]
        left = left[~same]
    # The few that are huge, tiny, NaN or infinite: numpy's own way is right for all, but eight times slower.
    rest = np.concatenate([left, np.flatnonzero(~small)])
    found[rest] = values[rest].astype(str)
    return found
