import numpy as np
import pytest
from sklearn import metrics

from core.stats.metrics import (
    Interval,
    count,
    count_by_threshold,
    f1,
    f1_differences,
    f1_intervals,
    precision,
    recall,
    resample,
)

# Two labels. First: 2 examples, 3 decided, 2 right. Second: 2 examples, 1 decided, 1 right.
TARGETS = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], dtype=bool)
DECIDED = np.array([[1, 0], [1, 1], [1, 0], [0, 0]], dtype=bool)


def random_split(n=300, seed=0, n_labels=28):
    rng = np.random.default_rng(seed)
    targets = rng.random((n, n_labels)) < 0.1
    scores = np.clip(rng.normal(0.3 + 0.3 * targets, 0.2), 0, 1).astype(np.float32)
    return targets, scores


def test_counts_by_hand():
    counts = count(TARGETS, DECIDED)
    assert counts.right.tolist() == [2, 1]
    assert counts.decided.tolist() == [3, 1]
    assert counts.support.tolist() == [2, 2]
    assert precision(counts) == pytest.approx([2 / 3, 1])
    assert recall(counts) == pytest.approx([1, 1 / 2])
    assert f1(counts) == pytest.approx([4 / 5, 2 / 3])


def test_resampling_draws_every_row_as_often_as_the_rest_and_repeats_with_its_seed():
    weights = resample(50, np.random.default_rng(7), resamples=2000)
    assert weights.shape == (2000, 50)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(50), abs=0.12)
    assert (weights == resample(50, np.random.default_rng(7), resamples=2000)).all()


def test_a_resample_counts_as_scikit_learn_counts_the_drawn_rows():
    targets, scores = random_split(n=80)
    decided = scores >= 0.4
    weights = resample(80, np.random.default_rng(2), resamples=3)
    rows = np.repeat(np.arange(80), weights[1].astype(int))
    drawn = f1(count(targets, decided, weights))[1]
    assert drawn == pytest.approx(
        metrics.f1_score(targets[rows], decided[rows], average=None, zero_division=0), abs=1e-6
    )


def test_intervals_hold_the_value_and_narrow_with_more_texts():
    def width(n):
        targets, scores = random_split(n=n)
        macro, micro = f1_intervals(targets, scores >= 0.4, resample(n, np.random.default_rng(3)))
        assert macro.low < macro.value < macro.high
        assert micro.low < micro.value < micro.high
        return micro.high - micro.low

    assert width(3200) == pytest.approx(width(200) / 4, rel=0.25)


def test_paired_differences():
    targets, scores = random_split(n=500)
    weights = resample(500, np.random.default_rng(4))
    good, bad = scores >= 0.45, scores >= 0.2
    same = f1_differences(targets, good, good, weights)
    assert same.macro == same.micro == same.labels[5] == Interval(0, 0, 0)
    assert not same.macro.beyond_chance
    found = f1_differences(targets, good, bad, weights)
    assert 0 < found.macro.low < found.macro.value < found.macro.high
    assert found.macro.beyond_chance
    assert found.micro.low > 0
    alone, _ = f1_intervals(targets, good, weights)
    assert found.macro.value == pytest.approx(alone.value - f1_intervals(targets, bad, weights)[0].value)
    assert found.macro.value == pytest.approx(np.mean([label.value for label in found.labels]))
    by_label = f1(count(targets, good)) - f1(count(targets, bad))
    assert [label.value for label in found.labels] == pytest.approx(by_label)
    # A pair of models is more alike than two independent ones: its interval is narrower than theirs together.
    widths = [np.ptp([one.low, one.high]) for one in (found.macro, alone, f1_intervals(targets, bad, weights)[0])]
    assert widths[0] < np.hypot(widths[1], widths[2])
    assert Interval(-0.2, -0.3, -0.1).beyond_chance


def test_counts_at_many_thresholds_are_those_at_each():
    targets, scores = random_split(n_labels=4)
    scores[0, 0] = 0.5
    thresholds = np.array([0.0, 0.2, 0.5, 0.9, 1.0], dtype=np.float32)
    found = count_by_threshold(targets, scores, thresholds)
    for place, threshold in enumerate(thresholds):
        one = count(targets, scores >= threshold)
        for name in ("right", "decided", "support"):
            assert getattr(found, name)[:, place].tolist() == getattr(one, name).tolist()
