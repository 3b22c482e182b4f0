"""What a measured run leaves of its split: figures, curves and decisions as small CSV texts, and no corpus text.

They travel with the run, so that any two runs on the same texts can be compared later, by a program that has neither
the corpus nor the models. All are tidy: a row an observation, the names of a level beside it.
"""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.emotions import AT_LEVEL, LABELS, Level, Scores, names, roll_up, roll_up_targets
from core.errors import TrackingError
from core.inference.classifier import Thresholds
from core.stats.metrics import count_by_threshold

LABELS_FILE: Final = "labels_test.csv"
CURVES_FILE: Final = "curves_test.csv"
RELIABILITY_FILE: Final = "reliability_test.csv"
DECISIONS_FILE: Final = "decisions_test.csv"

LABEL_COLUMNS: Final = (
    *("split", "n", "level", "label", "support", "rare", "decided", "threshold"),
    *("precision", "recall", "f1", "average_precision", "roc_auc", "calibration_error"),
)
"""Of `LABELS_FILE`: each label's figures at its tuned threshold, as `models.evaluate.LabelFigures` has them."""
CURVE_COLUMNS: Final = ("level", "label", "threshold", "support", "decided", "right")
RELIABILITY_COLUMNS: Final = ("level", "label", "low", "high", "n", "probability", "frequency")

_PAIRS: Final = {(level, label) for level in AT_LEVEL for label in names(level)}

GRID: Final[NDArray[np.float64]] = np.array([0.001, 0.002, 0.003, 0.005, 0.007, *(k / 100 for k in range(1, 100))])
"""The thresholds of a curve: each hundredth, and some below for rare labels."""
BINS: Final = 10


@dataclass(frozen=True)
class Decisions:
    """What raters said of each text of a split, and what a model decided at its tuned thresholds.

    Attributes:
        targets: bool [n_texts, n_labels] for each level.
        decided: the same shapes.
    """

    targets: dict[Level, NDArray[np.bool_]]
    decided: dict[Level, NDArray[np.bool_]]

    def same_texts(self, other: "Decisions") -> bool:
        """Whether both are of the same texts, judged by the raters' labels in order."""
        return np.array_equal(self.targets["emotion"], other.targets["emotion"])


def decisions_csv(targets: NDArray[np.bool_], scores: Scores, thresholds: Thresholds) -> str:
    """Return one row a text, in the order of the split, each set of labels as a bit mask (bit k: label k of its level).

    Args:
        targets: bool [n_texts, 28].
        scores: float32 [n_texts, 28] without NaN.
    """
    columns = {"raters": targets} | {level: roll_up(scores, level) >= thresholds.values[level] for level in AT_LEVEL}
    return pd.DataFrame({name: _masks(flags) for name, flags in columns.items()}).to_csv(index=False)


def read_decisions(text: str) -> Decisions:
    """Read what `decisions_csv` wrote.

    Raises:
        TrackingError: it is not such a text.
    """
    frame = _table(text, ("raters", *AT_LEVEL), DECISIONS_FILE)
    limits = {"raters": len(LABELS)} | {level: len(labels) for level, labels in AT_LEVEL.items()}
    for name, width in limits.items():
        if not pd.api.types.is_integer_dtype(frame[name]) or not frame[name].between(0, 2**width - 1).all():
            raise _damaged(DECISIONS_FILE, f"column {name} holds no masks of {width} labels")
    targets = _flags(frame["raters"], len(LABELS))
    return Decisions(
        targets={level: roll_up_targets(targets, level) for level in AT_LEVEL},
        decided={level: _flags(frame[level], len(labels)) for level, labels in AT_LEVEL.items()},
    )


def curves_csv(targets: NDArray[np.bool_], scores: Scores) -> str:
    """Return how many texts reach each threshold of `GRID`, and how many of those rightly, for every label.

    Args:
        targets: bool [n_texts, 28].
        scores: float32 [n_texts, 28] without NaN.
    """
    parts = []
    for level in AT_LEVEL:
        counts = count_by_threshold(roll_up_targets(targets, level), roll_up(scores, level), GRID.astype(np.float32))
        parts.append(
            pd.DataFrame(
                {
                    "level": level,
                    "label": np.repeat(names(level), len(GRID)),
                    "threshold": np.tile(GRID, len(names(level))),
                    "support": counts.support.ravel().astype(np.int64),
                    "decided": counts.decided.ravel().astype(np.int64),
                    "right": counts.right.ravel().astype(np.int64),
                }
            )
        )
    return pd.concat(parts).to_csv(index=False)


def read_curves(text: str) -> pd.DataFrame:
    """Read what `curves_csv` wrote, and add precision, recall and F1 at each threshold, 0..1.

    Where nothing is decided, precision is unknown: NaN.

    Raises:
        TrackingError: it is not such a text.
    """
    frame = _table(text, CURVE_COLUMNS, CURVES_FILE)
    frame["precision"] = frame["right"] / frame["decided"].where(frame["decided"] > 0)
    frame["recall"] = frame["right"] / frame["support"].clip(lower=1)
    frame["f1"] = 2 * frame["right"] / (frame["decided"] + frame["support"]).clip(lower=1)
    return frame


def reliability_csv(targets: NDArray[np.bool_], scores: Scores) -> str:
    """Return, for every label and each tenth of probability, the mean probability and how often the label held.

    Args:
        targets: bool [n_texts, 28].
        scores: float32 [n_texts, 28] without NaN.
    """
    rows = []
    for level in AT_LEVEL:
        held, probabilities = roll_up_targets(targets, level), roll_up(scores, level)
        for number, label in enumerate(names(level)):
            which = np.minimum((probabilities[:, number] * BINS).astype(np.int64), BINS - 1)
            sizes, sums, hits = (
                np.bincount(which, weights=weights, minlength=BINS)
                for weights in (None, probabilities[:, number], held[:, number])
            )
            rows += [
                (level, label, low / BINS, (low + 1) / BINS, int(n), round(total / n, 4), round(right / n, 4))
                for low, (n, total, right) in enumerate(zip(sizes, sums, hits, strict=True))
                if n
            ]
    return pd.DataFrame(rows, columns=list(RELIABILITY_COLUMNS)).to_csv(index=False)


def read_reliability(text: str) -> pd.DataFrame:
    """Read what `reliability_csv` wrote.

    Raises:
        TrackingError: it is not such a text.
    """
    return _table(text, RELIABILITY_COLUMNS, RELIABILITY_FILE)


def read_labels(text: str) -> pd.DataFrame:
    """Read a run's figures by label, columns `LABEL_COLUMNS`.

    Runs of before calibration was measured by label have NaN there.

    Raises:
        TrackingError: it is not such a text.
    """
    frame = _table(text, LABEL_COLUMNS[:-1], LABELS_FILE)
    if "calibration_error" not in frame:
        frame["calibration_error"] = np.nan
    return frame


def _table(text: str, columns: tuple[str, ...], name: str) -> pd.DataFrame:
    try:
        frame = pd.read_csv(io.StringIO(text))
    except ValueError as error:  # pandas' errors of parsing are ValueErrors
        raise _damaged(name, str(error)) from error
    missing = [column for column in columns if column not in frame]
    if missing or frame.empty:
        raise _damaged(name, f"without {', '.join(missing)}" if missing else "without rows")
    texts = {"level", "label", "split"}
    for column in columns:
        if column not in texts and not (
            pd.api.types.is_numeric_dtype(frame[column]) or pd.api.types.is_bool_dtype(frame[column])
        ):
            raise _damaged(name, f"column {column} holds no numbers")
    if "label" in columns:
        pairs = set(zip(frame["level"], frame["label"], strict=True))
        if unknown := pairs - _PAIRS:
            raise _damaged(name, f"unknown label {sorted(map(str, unknown))[0]}")
        if missing_pairs := _PAIRS - pairs:
            raise _damaged(name, f"without label {sorted(missing_pairs)[0][1]}")
    return frame


def _damaged(name: str, how: str) -> TrackingError:
    return TrackingError(
        f"The run's {name} cannot be read ({how}). Measure the model again: `python -m models evaluate MODEL --log`."
    )


def _masks(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    masks: NDArray[np.int64] = (flags.astype(np.int64) << np.arange(flags.shape[1])).sum(axis=1)
    return masks


def _flags(masks: "pd.Series[int]", width: int) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = (masks.to_numpy(dtype=np.int64)[:, None] >> np.arange(width) & 1).astype(bool)
    return flags
