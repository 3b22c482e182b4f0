import io

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from core.emotions import AT_LEVEL, INDEX, LABELS, names, roll_up, roll_up_targets
from core.errors import TrackingError
from core.experiments.evidence import (
    GRID,
    curves_csv,
    decisions_csv,
    read_curves,
    read_decisions,
    read_labels,
    read_reliability,
    reliability_csv,
)
from core.inference.classifier import Thresholds


@pytest.fixture(scope="module")
def split():
    rng = np.random.default_rng(0)
    targets = rng.random((400, len(LABELS))) < 0.1
    return targets, np.clip(rng.normal(0.3 + 0.3 * targets, 0.2), 0, 1).astype(np.float32)


def test_decisions_come_back_at_every_level(split):
    targets, scores = split
    thresholds = Thresholds.flat(0.45)
    read = read_decisions(decisions_csv(targets, scores, thresholds))
    for level in AT_LEVEL:
        np.testing.assert_array_equal(read.targets[level], roll_up_targets(targets, level))
        np.testing.assert_array_equal(read.decided[level], roll_up(scores, level) >= np.float32(0.45))
    assert read.same_texts(read_decisions(decisions_csv(targets, 1 - scores, thresholds)))
    assert not read.same_texts(read_decisions(decisions_csv(targets[::-1], scores, thresholds)))


def test_decisions_are_small(split):
    targets, scores = split
    assert len(decisions_csv(targets, scores, Thresholds.flat())) < 40 * len(targets)


def test_curves_hold_what_scikit_learn_counts(split):
    targets, scores = split
    curves = read_curves(curves_csv(targets, scores))
    assert len(curves) == (28 + 7 + 4) * len(GRID)
    joy = curves[(curves.level == "emotion") & (curves.label == "joy")].set_index("threshold")
    held, given = targets[:, INDEX["joy"]], scores[:, INDEX["joy"]]
    for threshold in (0.007, 0.2, 0.5):
        decided = given >= np.float32(threshold)
        assert joy.loc[threshold, "precision"] == pytest.approx(metrics.precision_score(held, decided))
        assert joy.loc[threshold, "recall"] == pytest.approx(metrics.recall_score(held, decided))
        assert joy.loc[threshold, "f1"] == pytest.approx(metrics.f1_score(held, decided))


def test_precision_is_unknown_where_nothing_is_decided():
    curves = read_curves(curves_csv(np.ones((2, 28), dtype=bool), np.full((2, 28), 0.3, dtype=np.float32)))
    high = curves[curves.threshold > 0.31]
    assert high.precision.isna().all()
    assert (high.f1 == 0).all()
    assert (curves[curves.threshold <= 0.3].precision == 1).all()


def test_reliability_by_hand():
    # Joy: four texts at 0.25, one of which is joyful; two at 1.0, both joyful.
    scores = np.zeros((6, 28), dtype=np.float32)
    targets = np.zeros((6, 28), dtype=bool)
    scores[:, INDEX["joy"]] = [0.25, 0.25, 0.25, 0.25, 1.0, 1.0]
    targets[[0, 4, 5], INDEX["joy"]] = True
    frame = read_reliability(reliability_csv(targets, scores))
    joy = frame[(frame.level == "emotion") & (frame.label == "joy")]
    assert joy[["low", "high", "n", "probability", "frequency"]].to_numpy().tolist() == [
        [0.2, 0.3, 4, 0.25, 0.25],
        [0.9, 1.0, 2, 1.0, 1.0],
    ]


def labels_table(**changes):
    rows = [
        {"split": "test", "n": 5427, "level": level, "label": label, "support": 6, "rare": True, "decided": 9}
        | dict.fromkeys(("threshold", "precision", "recall", "f1", "average_precision", "roc_auc"), 0.25)
        for level in AT_LEVEL
        for label in names(level)
    ]
    return pd.DataFrame(rows).assign(**changes)


def test_a_table_of_before_calibration_by_label_is_read():
    frame = read_labels(labels_table().to_csv(index=False))
    assert len(frame) == 39
    assert frame["calibration_error"].isna().all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.replace("joy", "rage"), "unknown label"),
        (lambda frame: frame[frame["label"] != "grief"], "without label grief"),
        (lambda frame: frame[frame["level"] != "ekman"], "without label"),
    ],
    ids=["other", "missing", "level"],
)
def test_a_table_of_other_labels_is_named(change, said):
    with pytest.raises(TrackingError, match=rf"labels_test\.csv cannot be read \({said}"):
        read_labels(change(labels_table()).to_csv(index=False))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.drop(columns="ekman"), "without ekman"),
        (lambda frame: frame.iloc[:0], "without rows"),
        (lambda frame: frame.assign(sentiment=2**4), "sentiment holds no masks of 4 labels"),
        (lambda frame: frame.assign(emotion="a lot"), "emotion holds no numbers"),
        (lambda frame: frame.assign(raters=-1), "raters holds no masks"),
    ],
    ids=["column", "empty", "wide", "words", "negative"],
)
def test_damaged_decisions_are_named(split, change, said):
    frame = pd.read_csv(io.StringIO(decisions_csv(*split, Thresholds.flat())))
    with pytest.raises(TrackingError, match=rf"decisions_test\.csv cannot be read .*{said}"):
        read_decisions(change(frame).to_csv(index=False))


def test_a_text_that_is_no_table_is_named():
    with pytest.raises(TrackingError, match=r"curves_test\.csv cannot be read"):
        read_curves('a,b\n"never closed')
