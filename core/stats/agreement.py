"""How far people agree, as pure functions of arrays: a share with its interval, and Cohen's kappa of two reviewers.

Kappa is the agreement beyond what two reviewers would reach by chance, each with their own habits: 1 where they always
agree, 0 where they agree as often as chance has it, below 0 where less (Cohen, 1960).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.stats.metrics import BOOTSTRAP_SEED, RESAMPLES

_Z: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution: all intervals are of 95 %."""


def wilson(
    hits: NDArray[np.int64] | int, n: NDArray[np.int64] | int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the 95 % interval of a share, 0..1, shaped as the arguments; NaN where `n` is 0.

    Wilson's score interval (1927): unlike the textbook's, it holds for few cases, and for shares of 0 and 1 (Brown, Cai
    & DasGupta, "Interval Estimation for a Binomial Proportion", 2001).

    Args:
        hits: int, any shape; how many of `n` were such, 0..n.
        n: int, shaped as `hits`.
    """
    found, of = np.asarray(hits, np.float64), np.asarray(n, np.float64)
    whole = np.where(of > 0, of, np.nan)
    share, shrink = found / whole, 1 + _Z**2 / whole
    centre = (share + _Z**2 / (2 * whole)) / shrink
    half = _Z / shrink * np.sqrt(share * (1 - share) / whole + _Z**2 / (4 * whole**2))
    # At the ends the formula gives exactly 0 and 1, and rounding something beside them.
    low = np.where(found == 0, 0 * whole, np.clip(centre - half, 0, 1))
    high = np.where(found == of, 0 * whole + 1, np.clip(centre + half, 0, 1))
    return low, high


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa with its 95 % interval, -1..1.

    Attributes:
        value: NaN where it is undefined: there are no texts, or both reviewers always said the same one thing, and
            whatever they agree in is what chance has them agree in, too.
        low, high: NaN where `value` is.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ByLabel:
    """Two reviewers by label, each array [n_labels].

    Attributes:
        value, low, high: as `Kappa` has them, float64.
        first, second, both: how many texts were given the label by the first, by the second and by both, int64.
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    both: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers of the same texts agree.

    Attributes:
        n: texts that both have seen.
        same: of these, how many were given exactly the same labels.
        overall: over all labels and texts, each label of each text a case.
    """

    n: int
    same: int
    overall: Kappa
    labels: ByLabel


def kappa_of(tables: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Cohen's kappa of tables of counts, and its standard error.

    The error is the asymptotic one of Fleiss, Cohen & Everitt, "Large sample standard errors of kappa and weighted
    kappa", Psychological Bulletin 72 (1969), for a kappa that need not be 0; written as in Fleiss, Levin & Paik,
    "Statistical Methods for Rates and Proportions" (2003), 18.15. It is 0 where the reviewers agree in all, and
    where one of them always chose the same: such an interval says nothing of how few texts there were.

    Args:
        tables: float64 [..., k, k], counts: the first reviewer's choice by row, the second's by column.

    Returns:
        float64 [...] each; NaN where a table is empty, or both always chose the same one of the k.
    """
    total = tables.sum(axis=(-2, -1))
    counted = np.where(total > 0, total, np.nan)
    shares = tables / counted[..., None, None]
    first, second = shares.sum(axis=-1), shares.sum(axis=-2)
    agreed = np.trace(shares, axis1=-2, axis2=-1)
    by_chance = (first * second).sum(axis=-1)
    # Told by the counts: where a rounded sum of shares should be 1, something beside it may come out.
    one_choice = ((tables.sum(axis=-1) + tables.sum(axis=-2)) == 2 * total[..., None]).any(axis=-1)
    room = np.where(one_choice, np.nan, 1 - by_chance)
    kappa = (agreed - by_chance) / room
    missing = (1 - kappa)[..., None]
    diagonal = np.diagonal(shares, axis1=-2, axis2=-1)
    a = (diagonal * (1 - (first + second) * missing) ** 2).sum(axis=-1)
    # Off the diagonal: how often each choice is made by the other one of the two.
    crossed = shares * (second[..., :, None] + first[..., None, :]) ** 2
    b = (1 - kappa) ** 2 * (crossed.sum(axis=(-2, -1)) - np.trace(crossed, axis1=-2, axis2=-1))
    c = (kappa - by_chance * (1 - kappa)) ** 2
    error = np.sqrt(np.maximum(a + b - c, 0)) / (room * np.sqrt(counted))
    return kappa, error


def agreement(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Agreement:
    """Return how far two reviewers of the same texts agree, by label and overall.

    The interval by label is kappa's asymptotic one, see `kappa_of`. Overall, the labels of one text hang together, so
    whole texts are drawn again: percentiles of a bootstrap over texts (Efron & Tibshirani, 1993, ch. 13).

    Args:
        first, second: bool [n_texts, n_labels].

    Raises:
        ValueError: they are not of one shape.
    """
    if first.shape != second.shape or first.ndim != 2:
        raise ValueError(f"Two reviewers need arrays of one shape, these are {first.shape} and {second.shape}.")
    cells = _cells(first, second)
    by_label = cells.sum(axis=0)
    value, error = kappa_of(_table(by_label))
    return Agreement(
        n=len(first),
        same=int((first == second).all(axis=1).sum()),
        overall=_pooled(cells.sum(axis=1)),
        labels=ByLabel(
            value=value,
            low=np.clip(value - _Z * error, -1, 1),
            high=np.clip(value + _Z * error, -1, 1),
            first=first.sum(axis=0, dtype=np.int64),
            second=second.sum(axis=0, dtype=np.int64),
            both=by_label[:, 0],
        ),
    )


def _cells(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return 0 and 1 for: both, the first alone, the second alone, neither; int64 [n_texts, n_labels, 4]."""
    return np.stack([first & second, first & ~second, ~first & second, ~first & ~second], axis=-1).astype(np.int64)


def _table(cells: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return counts [..., 4] as tables [..., 2, 2]."""
    return cells.astype(np.float64).reshape(*cells.shape[:-1], 2, 2)


def _pooled(cells: NDArray[np.int64]) -> Kappa:
    """Return the kappa over all labels.

    Args:
        cells: int64 [n_texts, 4], how many labels of a text were given by both, one, the other, none.
    """
    value, _ = kappa_of(_table(cells.sum(axis=0)))
    if np.isnan(value):
        return Kappa(float("nan"), float("nan"), float("nan"))
    # Texts of the same counts are alike: to draw their numbers is to draw the texts, however many there are.
    kinds, numbers = np.unique(cells, axis=0, return_counts=True)
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    drawn, _ = kappa_of(_table(rng.multinomial(len(cells), numbers / len(cells), size=RESAMPLES) @ kinds))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Kappa(float(value), float(low), float(high))
