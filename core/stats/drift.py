"""Whether scores are distributed as they were: the population stability index. Pure functions over scores."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Band = Literal["stable", "moderate", "large", ""]

BINS: Final = 10
MODERATE: Final = 0.1
LARGE: Final = 0.25
LEAST: Final = 1_000
"""Texts that both sides need. Without any drift the index is (BINS - 1)(1/n + 1/m) on average, here 0.018; with a few
hundred texts one of 28 labels would soon seem to drift."""


def psi(reference: NDArray[np.float32], current: NDArray[np.float32]) -> float:
    """Return the population stability index of two samples of one score; NaN where either is too small.

    The sum over bins of (q - p) ln(q / p), with p and q the shares of the reference and of the current sample in each
    bin; the bins hold equal shares of the reference (Siddiqi, "Credit Risk Scorecards", 2006; on its distribution
    Yurdakul, "Statistical Properties of Population Stability Index", 2018). Half a text is added to each bin, so that
    an empty one stays finite.

    Args:
        reference, current: float32 [n] and [m].
    """
    if min(len(reference), len(current)) < LEAST:
        return float("nan")
    edges = np.unique(np.quantile(reference, np.arange(1, BINS) / BINS))
    p, q = (_shares(sample, edges) for sample in (reference, current))
    return float(((q - p) * np.log(q / p)).sum())


def band(index: float) -> Band:
    """Name an index by the usual bands: below 0.1 stable, below 0.25 moderate, else large; nothing for NaN."""
    if np.isnan(index):
        return ""
    if index < MODERATE:
        return "stable"
    return "moderate" if index < LARGE else "large"


def _shares(sample: NDArray[np.float32], edges: NDArray[np.float32]) -> NDArray[np.float64]:
    counts = np.bincount(np.searchsorted(edges, sample, side="right"), minlength=len(edges) + 1) + 0.5
    return np.asarray(counts / counts.sum(), np.float64)
