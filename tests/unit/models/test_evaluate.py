import numpy as np
import pytest
from sklearn import metrics

from core.emotions import LABELS
from core.inference.classifier import Thresholds
from models.evaluate import evaluate, expected_calibration_error, figures

# Two labels. First: 2 examples, 3 decided, 2 right. Second: 2 examples, 1 decided, 1 right.
TARGETS = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], dtype=bool)
DECIDED = np.array([[1, 0], [1, 1], [1, 0], [0, 0]], dtype=bool)


def random_split(n=300, seed=0):
    rng = np.random.default_rng(seed)
    targets = rng.random((n, len(LABELS))) < 0.1
    scores = np.clip(rng.normal(0.3 + 0.3 * targets, 0.2), 0, 1).astype(np.float32)
    return targets, scores


def test_averages_by_hand():
    found = figures(TARGETS, DECIDED)
    assert found.macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found.micro_f1 == pytest.approx(2 * 3 / (4 + 4))
    assert found.weighted_f1 == pytest.approx((4 / 5 * 2 + 2 / 3 * 2) / 4)
    assert found.micro_precision == found.micro_recall == pytest.approx(3 / 4)
    assert found.subset_accuracy == pytest.approx(3 / 4)
    assert found.hamming_loss == pytest.approx(2 / 8)


def test_nothing_to_find_and_nothing_decided_counts_as_zero():
    nothing = np.zeros((3, 2), dtype=bool)
    found = figures(nothing, nothing)
    assert (found.macro_f1, found.micro_f1, found.weighted_f1, found.subset_accuracy) == (0, 0, 0, 1)


def test_agrees_with_scikit_learn():
    targets, scores = random_split()
    decided = scores >= 0.4
    found = figures(targets, decided)
    for average in ("macro", "micro", "weighted"):
        assert getattr(found, f"{average}_f1") == pytest.approx(metrics.f1_score(targets, decided, average=average))
    assert found.macro_precision == pytest.approx(metrics.precision_score(targets, decided, average="macro"))
    assert found.macro_recall == pytest.approx(metrics.recall_score(targets, decided, average="macro"))
    assert found.subset_accuracy == pytest.approx(metrics.accuracy_score(targets, decided))
    assert found.hamming_loss == pytest.approx(metrics.hamming_loss(targets, decided))


def test_levels_and_their_names():
    targets, scores = random_split()
    found = evaluate("test", targets, scores, Thresholds.flat(0.45), np.random.default_rng(1))
    assert [len(at.labels) for at in found.levels] == [28, 7, 4]
    emotion = found.at("emotion")
    assert emotion.ranking.average_precision == pytest.approx(
        metrics.average_precision_score(targets, scores, average="macro")
    )
    assert emotion.ranking.roc_auc == pytest.approx(metrics.roc_auc_score(targets, scores, average="macro"))
    assert emotion.tuned == figures(targets, scores >= np.float32(0.45))
    assert emotion.flat == figures(targets, scores >= 0.5)
    assert emotion.macro_f1.value == emotion.tuned.macro_f1
    assert sum(label.support for label in emotion.labels) == targets.sum()
    named = dict(found.metrics())
    assert len(named) == len(found.metrics())
    assert named["test_n"] == 300
    assert named["test_emotion_macro_f1"] == emotion.tuned.macro_f1
    assert named["test_emotion_macro_f1_flat"] == emotion.flat.macro_f1
    assert named["test_sentiment_micro_f1_low"] < named["test_sentiment_micro_f1"]


def test_a_group_is_found_where_any_member_is():
    targets, scores = np.zeros((2, 28), dtype=bool), np.zeros((2, 28), dtype=np.float32)
    targets[0, LABELS.index("annoyance")] = True
    scores[0, LABELS.index("anger")] = 0.9
    found = evaluate("dev", targets, scores, Thresholds.flat(), np.random.default_rng(0))
    by_level = {at.level: {label.name: label.f1 for label in at.labels} for at in found.levels}
    assert by_level["emotion"]["annoyance"] == 0
    assert by_level["ekman"]["anger"] == by_level["sentiment"]["negative"] == 1


def test_a_label_without_examples_has_no_ranking_and_is_left_out_of_the_mean():
    targets, scores = random_split()
    targets[:, 3] = False
    at = evaluate("test", targets, scores, Thresholds.flat(), np.random.default_rng(0)).at("emotion")
    assert np.isnan(at.labels[3].average_precision)
    assert at.labels[3].rare
    assert at.ranking.roc_auc == pytest.approx(
        np.mean([metrics.roc_auc_score(targets[:, i], scores[:, i]) for i in range(28) if i != 3])
    )


def test_calibration_error_by_hand():
    # Bin 0.2..0.3 of ten: 4 at 0.25, one of them true (gap 0). Bin 0.8..0.9: 4 at 0.85, two of them true (gap 0.35).
    scores = np.array([0.25] * 4 + [0.85] * 4, dtype=np.float32)
    targets = np.array([1, 0, 0, 0, 1, 1, 0, 0], dtype=bool)
    assert expected_calibration_error(targets, scores, bins=10) == pytest.approx(0.35 / 2, abs=1e-6)
    assert expected_calibration_error(np.ones(1, dtype=bool), np.ones(1, dtype=np.float32)) == 0
