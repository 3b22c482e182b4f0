"""Figures of a model on one split, as pure functions of arrays: F1 and its kin, ranking, calibration, intervals.

Definitions follow scikit-learn's (macro: mean over labels; micro: over all text-label pairs; weighted: by support);
what is divided by zero counts as 0. A label's ranking figures need an example and a counter-example, else they are NaN
and left out of the mean.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from core.emotions import AT_LEVEL, Level, Scores, names, roll_up, roll_up_targets
from core.inference.classifier import Thresholds
from core.stats.metrics import RARE, Interval, count, f1, f1_intervals, precision, recall, resample

FLAT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Figures:
    """What was decided at one set of thresholds; all in 0..1, higher is better save for `hamming_loss`.

    Attributes:
        subset_accuracy: the share of texts whose labels are all right.
        hamming_loss: the share of wrong text-label pairs.
    """

    macro_f1: float
    micro_f1: float
    weighted_f1: float
    macro_precision: float
    macro_recall: float
    micro_precision: float
    micro_recall: float
    subset_accuracy: float
    hamming_loss: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """What needs no threshold: macro average precision, macro ROC AUC, and calibration.

    Attributes:
        calibration_error: `expected_calibration_error` over all text-label pairs.
    """

    average_precision: float
    roc_auc: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label at its tuned threshold, and what needs no threshold.

    Attributes:
        support: its number of examples.
        decided: how often it was given.
        calibration_error: `expected_calibration_error` of its probabilities.
    """

    name: str
    support: int
    decided: int
    threshold: float
    precision: float
    recall: float
    f1: float
    average_precision: float
    roc_auc: float
    calibration_error: float

    @property
    def rare(self) -> bool:
        """Whether there are too few examples for the figures to say much."""
        return self.support < RARE


@dataclass(frozen=True, slots=True)
class LevelFigures:
    """All figures at one level; `macro_f1` and `micro_f1` are those at tuned thresholds, with their intervals."""

    level: Level
    tuned: Figures
    flat: Figures
    ranking: Ranking
    macro_f1: Interval
    micro_f1: Interval
    labels: tuple[LabelFigures, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's figures on one split of `n` texts."""

    split: str
    n: int
    levels: tuple[LevelFigures, ...]

    def at(self, level: Level) -> LevelFigures:
        """Return the figures of one level."""
        return next(figures for figures in self.levels if figures.level == level)

    def metrics(self) -> list[tuple[str, float]]:
        """Return every figure but those by label as (name, value), tidy for a tracker or a manifest.

        Names: `test_emotion_macro_f1` (tuned thresholds), `test_emotion_macro_f1_low` and `_high` (its interval),
        `test_emotion_macro_f1_flat` (threshold 0.5), `test_emotion_average_precision`.
        """
        found = [(f"{self.split}_n", float(self.n))]
        for at in self.levels:
            start = f"{self.split}_{at.level}"
            for part, ending in ((at.tuned, ""), (at.flat, "_flat"), (at.ranking, "")):
                found += [(f"{start}_{field.name}{ending}", getattr(part, field.name)) for field in fields(part)]
            for name in ("macro_f1", "micro_f1"):
                interval: Interval = getattr(at, name)
                found += [(f"{start}_{name}_low", interval.low), (f"{start}_{name}_high", interval.high)]
        return found


def evaluate(
    split: str, targets: NDArray[np.bool_], scores: Scores, thresholds: Thresholds, rng: np.random.Generator
) -> Evaluation:
    """Measure scores against the raters' labels at all three levels.

    Args:
        split: what the texts are, `dev` or `test`; it begins each metric's name.
        targets: bool [n_texts, 28].
        scores: float32 [n_texts, 28], probabilities without NaN.
        thresholds: tuned on dev.
        rng: draws the bootstrap.
    """
    weights = resample(len(targets), rng)
    levels = tuple(
        _at_level(level, roll_up_targets(targets, level), roll_up(scores, level), thresholds.values[level], weights)
        for level in AT_LEVEL
    )
    return Evaluation(split, len(targets), levels)


def _at_level(
    level: Level,
    targets: NDArray[np.bool_],
    scores: Scores,
    thresholds: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> LevelFigures:
    decided = scores >= thresholds
    counts = count(targets, decided)
    label_precision, label_recall, label_f1 = precision(counts), recall(counts), f1(counts)
    average_precision, roc_auc = _ranking_by_label(targets, scores)
    macro, micro = f1_intervals(targets, decided, weights)
    return LevelFigures(
        level=level,
        tuned=figures(targets, decided),
        flat=figures(targets, scores >= FLAT),
        ranking=Ranking(
            _mean(average_precision), _mean(roc_auc), expected_calibration_error(targets.ravel(), scores.ravel())
        ),
        macro_f1=macro,
        micro_f1=micro,
        labels=tuple(
            LabelFigures(
                name=name,
                support=int(counts.support[i]),
                decided=int(counts.decided[i]),
                threshold=float(thresholds[i]),
                precision=float(label_precision[i]),
                recall=float(label_recall[i]),
                f1=float(label_f1[i]),
                average_precision=float(average_precision[i]),
                roc_auc=float(roc_auc[i]),
                calibration_error=expected_calibration_error(targets[:, i], scores[:, i]),
            )
            for i, name in enumerate(names(level))
        ),
    )


def figures(targets: NDArray[np.bool_], decided: NDArray[np.bool_]) -> Figures:
    """Return the averages over labels and texts of decisions, bool [n_texts, n_labels] both."""
    counts = count(targets, decided)
    pooled = counts.sum()
    by_label = f1(counts)
    return Figures(
        macro_f1=float(by_label.mean()),
        micro_f1=float(f1(pooled)),
        weighted_f1=float((by_label * counts.support).sum() / max(float(pooled.support), 1.0)),
        macro_precision=float(precision(counts).mean()),
        macro_recall=float(recall(counts).mean()),
        micro_precision=float(precision(pooled)),
        micro_recall=float(recall(pooled)),
        subset_accuracy=float((targets == decided).all(axis=1).mean()),
        hamming_loss=float((targets != decided).mean()),
    )


def expected_calibration_error(targets: NDArray[np.bool_], scores: Scores, bins: int = 15) -> float:
    """Return the mean gap between probability and frequency over equal bins of probability, weighted by size.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, eq. 3.

    Args:
        targets: bool [n].
        scores: float [n].
        bins: of equal width over 0..1.
    """
    which = np.minimum((scores * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(which, weights=targets, minlength=bins) - np.bincount(which, weights=scores, minlength=bins)
    return float(np.abs(gaps).sum() / len(scores))


def _ranking_by_label(targets: NDArray[np.bool_], scores: Scores) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    average_precision, roc_auc = np.full((2, targets.shape[1]), np.nan)
    for label in np.flatnonzero(targets.any(axis=0) & ~targets.all(axis=0)):
        average_precision[label] = average_precision_score(targets[:, label], scores[:, label])
        roc_auc[label] = roc_auc_score(targets[:, label], scores[:, label])
    return average_precision, roc_auc


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
