"""Decision thresholds per label, tuned on dev alone and steadily enough to hold on other texts.

The threshold with the very highest F1 on dev often sits on a spike of chance: grief has 13 examples there. So the mean
of all thresholds is taken that do nearly as well, in however many stretches they lie: keeping to the longest, or to the
one with the peak, carries over no better. How far a rule carries over is measured inside dev, by `held_out_f1`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.emotions import AT_LEVEL, Scores, roll_up, roll_up_targets
from core.inference.classifier import Thresholds
from core.stats.metrics import count, count_by_threshold, f1

LOG_ODDS: Final[NDArray[np.float64]] = np.linspace(-7, 7, 281)
"""The thresholds that are tried, as log-odds: probabilities from 0.0009 to 0.9991."""

NEARLY: Final = 0.95
"""The share of a label's peak F1 that counts as nearly as well; chosen by `held_out_f1` on dev.

Over TF-IDF and the weights of two epochs of ELECTRA, held-out F1 is 0.479 macro and 0.570 micro, by the bare peak 0.478
and 0.568; shrinking rare labels to a common threshold, or a floor under all of them, costs 0.005 to 0.025 macro.
"""

FOLDS: Final = 5


def f1_curves(targets: NDArray[np.bool_], scores: Scores) -> NDArray[np.float64]:
    """Return the F1 of each label at each threshold of `LOG_ODDS`, float64 [n_labels, n_thresholds].

    Args:
        targets: bool [n_texts, n_labels].
        scores: float [n_texts, n_labels], probabilities.
    """
    return f1(count_by_threshold(targets, scores, _probability(LOG_ODDS).astype(np.float32)))


def tune(targets: NDArray[np.bool_], scores: Scores, nearly: float = NEARLY) -> NDArray[np.float32]:
    """Return for each label the mean of the thresholds whose F1 is near its peak, float32 [n_labels] in 0..1.

    It is the mean of their log-odds, where a step weighs alike for a label of 1 % and one of 30 %.

    Args:
        targets: bool [n_texts, n_labels] of dev.
        scores: float [n_texts, n_labels].
        nearly: the share of the peak that is near enough; 1 takes the peak itself.

    A label without any example has no F1 to tune and gets 0.5.
    """
    curves = f1_curves(targets, scores)
    near = curves >= nearly * curves.max(axis=1, keepdims=True)
    mean = _probability((near @ LOG_ODDS) / near.sum(axis=1))
    return np.where(targets.any(axis=0), mean, 0.5).astype(np.float32)


def tune_levels(targets: NDArray[np.bool_], scores: Scores) -> Thresholds:
    """Return thresholds for emotions, Ekman groups and sentiments.

    Args:
        targets: bool [n_texts, 28] of dev.
        scores: float32 [n_texts, 28] of the very artefact that will serve, int8 rounding included.
    """
    return Thresholds.from_values(
        {level: tune(roll_up_targets(targets, level), roll_up(scores, level)) for level in AT_LEVEL}
    )


def tune_known(targets: NDArray[np.bool_], known: NDArray[np.bool_], scores: Scores) -> NDArray[np.float32]:
    """Return `tune`'s threshold of each label over the texts of which it is known, float32 [n_labels].

    Args:
        targets: bool [n_texts, n_labels].
        known: bool [n_texts, n_labels].
        scores: float32 [n_texts, n_labels].
    """
    return np.array(
        [
            tune(targets[rows, label : label + 1], scores[rows, label : label + 1])[0]
            for label, rows in enumerate(known.T)
        ]
    )


@dataclass(frozen=True, slots=True)
class HeldOutF1:
    """Macro and micro F1 on texts that the thresholds were not tuned on; means over the repeats."""

    macro: float
    micro: float


def held_out_f1(
    targets: NDArray[np.bool_],
    scores: Scores,
    rng: np.random.Generator,
    nearly: float = NEARLY,
    repeats: int = 20,
) -> HeldOutF1:
    """Cross-validate the tuning inside dev.

    Each text is judged with thresholds tuned on the other folds; F1 is taken over all folds at once, since one fold
    holds two or three examples of a rare label. Pass generators of one seed to compare on the same folds.
    """
    macro, micro = 0.0, 0.0
    for _ in range(repeats):
        fold = rng.permutation(len(scores)) % FOLDS
        decided = np.zeros_like(targets)
        for held_out in range(FOLDS):
            rows = fold == held_out
            decided[rows] = scores[rows] >= tune(targets[~rows], scores[~rows], nearly)
        counts = count(targets, decided)
        macro += float(f1(counts).mean()) / repeats
        micro += float(f1(counts.sum())) / repeats
    return HeldOutF1(macro, micro)


def _probability(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    probability: NDArray[np.float64] = 1 / (1 + np.exp(-log_odds))
    return probability
