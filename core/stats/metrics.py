"""Counts, F1 and its intervals as pure functions of arrays: what training reports and what the app compares.

Definitions follow scikit-learn's (macro: mean over labels; micro: over all text-label pairs); what is divided by zero
counts as 0.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

RESAMPLES: Final = 1_000
RARE: Final = 30
"""Below this many examples in a split, a label's figures say little."""
BOOTSTRAP_SEED: Final = 0
"""One seed for all models, so that two runs on the same texts are resampled alike, and their difference is paired."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What precision, recall and F1 are made of: arrays [..., n_labels], or scalars once summed.

    Attributes:
        right: texts that have the label and were given it.
        decided: texts that were given the label.
        support: texts that have the label.
    """

    right: NDArray[np.float64]
    decided: NDArray[np.float64]
    support: NDArray[np.float64]

    def sum(self) -> "Counts":
        """Return the counts over all labels, [...]: those of the micro average."""
        return Counts(self.right.sum(axis=-1), self.decided.sum(axis=-1), self.support.sum(axis=-1))


def count(targets: NDArray[np.bool_], decided: NDArray[np.bool_], weights: NDArray[np.float32] | None = None) -> Counts:
    """Count by label.

    Args:
        targets: bool [n_texts, n_labels].
        decided: bool [n_texts, n_labels].
        weights: float32 [n_resamples, n_texts], how often each text was drawn; None counts each text once.

    Returns:
        arrays [n_labels], or [n_resamples, n_labels] with weights.
    """
    if weights is None:
        weights = np.ones(len(targets), dtype=np.float32)
    right, chosen, support = (
        (weights @ array.astype(np.float32)).astype(np.float64) for array in (targets & decided, decided, targets)
    )
    return Counts(right, chosen, support)


def count_by_threshold(
    targets: NDArray[np.bool_], scores: NDArray[np.float32], thresholds: NDArray[np.float32]
) -> Counts:
    """Count by label at each of some thresholds at once.

    Args:
        targets: bool [n_texts, n_labels].
        scores: float32 [n_texts, n_labels], probabilities.
        thresholds: float32 [n_thresholds], ascending; a score that equals one reaches it.

    Returns:
        arrays [n_labels, n_thresholds].
    """
    n_labels, bins = scores.shape[1], len(thresholds) + 1
    # How many thresholds a score reaches; counts from the right then give all terms in one pass.
    cells = np.searchsorted(thresholds, scores, side="right") + np.arange(n_labels) * bins
    decided, right = (
        np.bincount(picked.ravel(), minlength=n_labels * bins).reshape(n_labels, bins)[:, :0:-1].cumsum(axis=1)[:, ::-1]
        for picked in (cells, cells[targets])
    )
    support = np.broadcast_to(targets.sum(axis=0)[:, None], right.shape)
    return Counts(right.astype(np.float64), decided.astype(np.float64), support.astype(np.float64))


def precision(counts: Counts) -> NDArray[np.float64]:
    """Return the share of what was decided that is right, 0..1, shaped as the counts."""
    return counts.right / np.maximum(counts.decided, 1)


def recall(counts: Counts) -> NDArray[np.float64]:
    """Return the share of what there is that was found, 0..1, shaped as the counts."""
    return counts.right / np.maximum(counts.support, 1)


def f1(counts: Counts) -> NDArray[np.float64]:
    """Return the harmonic mean of precision and recall, 0..1, shaped as the counts."""
    return 2 * counts.right / np.maximum(counts.decided + counts.support, 1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value and the 2.5 % and 97.5 % percentiles of its bootstrap."""

    value: float
    low: float
    high: float

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def resample(n: int, rng: np.random.Generator, resamples: int = RESAMPLES) -> NDArray[np.float32]:
    """Draw `n` of `n` texts with replacement, again and again.

    Returns:
        float32 [resamples, n]: how often each text was drawn. One draw used for two models pairs their bootstraps.
    """
    return rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float32)


def f1_intervals(
    targets: NDArray[np.bool_], decided: NDArray[np.bool_], weights: NDArray[np.float32]
) -> tuple[Interval, Interval]:
    """Return macro and micro F1 with their 95 % percentile intervals (Efron & Tibshirani, 1993, ch. 13).

    Args:
        weights: float32 [n_resamples, n_texts], from `resample`.
    """
    found = _bootstrap(targets, decided, weights)
    return _interval(found.macro, found.drawn_macro), _interval(found.micro, found.drawn_micro)


@dataclass(frozen=True, slots=True)
class Differences:
    """How far one model's F1 lies above another's on the same texts: on average over labels, pooled, and by label."""

    macro: Interval
    micro: Interval
    labels: tuple[Interval, ...]


def f1_differences(
    targets: NDArray[np.bool_],
    decided: NDArray[np.bool_],
    rival: NDArray[np.bool_],
    weights: NDArray[np.float32],
) -> Differences:
    """Return how far F1 of `decided` lies above that of `rival`, with paired 95 % percentile intervals.

    Args:
        targets: bool [n_texts, n_labels], as both decision arrays.
        weights: float32 [n_resamples, n_texts], from `resample`.
    """
    ours, theirs = (_bootstrap(targets, one, weights) for one in (decided, rival))
    return Differences(
        macro=_interval(ours.macro - theirs.macro, ours.drawn_macro - theirs.drawn_macro),
        micro=_interval(ours.micro - theirs.micro, ours.drawn_micro - theirs.drawn_micro),
        labels=tuple(
            _interval(float(value), drawn)
            for value, drawn in zip(
                ours.labels - theirs.labels, (ours.drawn_labels - theirs.drawn_labels).T, strict=True
            )
        ),
    )


@dataclass(frozen=True, slots=True)
class _Bootstrap:
    """F1 on all texts, and on each resample: floats and [n_labels], then [n_resamples] and [n_resamples, n_labels]."""

    macro: float
    micro: float
    labels: NDArray[np.float64]
    drawn_macro: NDArray[np.float64]
    drawn_micro: NDArray[np.float64]
    drawn_labels: NDArray[np.float64]


def _bootstrap(targets: NDArray[np.bool_], decided: NDArray[np.bool_], weights: NDArray[np.float32]) -> _Bootstrap:
    counts, drawn = count(targets, decided), count(targets, decided, weights)
    labels, drawn_labels = f1(counts), f1(drawn)
    return _Bootstrap(
        macro=float(labels.mean()),
        micro=float(f1(counts.sum())),
        labels=labels,
        drawn_macro=drawn_labels.mean(axis=-1),
        drawn_micro=f1(drawn.sum()),
        drawn_labels=drawn_labels,
    )


def _interval(value: float, drawn: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(value, float(low), float(high))
