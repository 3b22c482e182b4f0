"""Sets of emotions as 28 bits; bit k is `LABELS[k]`."""

import numpy as np
from numpy.typing import NDArray

from core.emotions import LABELS


def to_mask(labels: tuple[str, ...]) -> int:
    """Pack emotion names into 28 bits; bit k is `LABELS[k]`."""
    return sum(1 << LABELS.index(label) for label in labels)


def from_mask(mask: int) -> tuple[str, ...]:
    """Unpack what `to_mask` packed, in the order of `LABELS`."""
    return tuple(label for number, label in enumerate(LABELS) if mask >> number & 1)


def to_masks(decided: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Pack bool [n_texts, 28] into uint32 [n_texts].

    >>> to_masks(np.eye(2, 28, dtype=bool)).tolist()
    [1, 2]
    """
    bits = decided.astype(np.uint32) << np.arange(len(LABELS), dtype=np.uint32)
    masks: NDArray[np.uint32] = bits.sum(axis=1, dtype=np.uint32)
    return masks
