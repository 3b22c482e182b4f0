import numpy as np
import pytest
from sklearn.metrics import f1_score

from core.inference.classifier import Thresholds
from models.thresholds import LOG_ODDS, f1_curves, held_out_f1, tune, tune_levels


def column(*values):
    return np.array(values)[:, None]


def odds(probability):
    return np.log(probability / (1 - probability))


def split(n=2000, rate=0.1, labels=28, seed=0):
    """Calibrated scores: a text has a label with the probability that its score says."""
    rng = np.random.default_rng(seed)
    scores = rng.beta(1, 1 / rate - 1, (n, labels)).astype(np.float32)
    return rng.random((n, labels)) < scores, scores


def test_curves_agree_with_scikit_learn():
    targets, scores = split(n=400, labels=3)
    curves = f1_curves(targets, scores)
    assert curves.shape == (3, len(LOG_ODDS))
    for place in (40, 100, 140, 170):
        expected = f1_score(targets, scores >= 1 / (1 + np.exp(-LOG_ODDS[place])), average=None, zero_division=0)
        assert curves[:, place] == pytest.approx(expected)


def test_a_threshold_lies_in_the_middle_between_apart_groups():
    targets = column(False, False, True, True)
    scores = column(0.1, 0.2, 0.7, 0.9).astype(np.float32)
    # Every threshold in 0.2..0.7 is perfect; the middle is taken in log-odds.
    assert tune(targets, scores)[0] == pytest.approx(1 / (1 + np.exp(-(odds(0.2) + odds(0.7)) / 2)), abs=0.01)


def test_a_spike_of_chance_does_not_carry_the_threshold_away():
    # F1 is 12/16 on the spike between 0.58 and 0.61, and 20/28 on the broad stretch between 0.1 and 0.3.
    scores = column(*[0.61] * 6, *[0.58] * 3, *[0.3] * 9, *[0.1] * 40).astype(np.float32)
    targets = column(*[True] * 6, *[False] * 3, *[True] * 4, *[False] * 5, *[False] * 40)
    assert 0.58 < tune(targets, scores, nearly=1)[0] < 0.61
    assert 0.1 < tune(targets, scores, nearly=0.95)[0] < 0.3


def test_labels_are_tuned_apart_and_one_without_examples_is_left_at_a_half():
    targets, scores = split(labels=3)
    targets[:, 1] = False
    found = tune(targets, scores)
    assert found.dtype == np.float32
    assert found[1] == 0.5
    assert found[[0, 2]] == pytest.approx(tune(targets[:, [0, 2]], scores[:, [0, 2]]))


def test_calibrated_scores_are_cut_at_half_the_best_f1():
    # Lipton, Elkan & Naryanaswamy, "Optimal Thresholding of Classifiers to Maximize F1 Measure", 2014, theorem 1.
    targets, scores = split(n=60_000, labels=2, rate=0.3)
    assert tune(targets, scores) == pytest.approx(f1_curves(targets, scores).max(axis=1) / 2, abs=0.03)


def test_all_levels_are_tuned():
    targets, scores = split()
    found = tune_levels(targets, scores)
    assert isinstance(found, Thresholds)
    assert {level: len(row) for level, row in found.values.items()} == {"emotion": 28, "ekman": 7, "sentiment": 4}
    assert found.values["emotion"] == pytest.approx(tune(targets, scores), abs=1e-6)
    assert found.values["ekman"][1] == pytest.approx(found.values["emotion"][11]), "disgust is a group of its own"


def test_held_out_f1_lies_below_what_tuning_promises_and_repeats_with_its_seed():
    targets, scores = split(n=600, rate=0.05)
    held_out = held_out_f1(targets, scores, np.random.default_rng(0), repeats=3)
    promised = f1_score(targets, scores >= tune(targets, scores, nearly=1), average="macro")
    assert 0 < held_out.macro < promised
    assert 0 < held_out.micro < 1
    assert held_out == held_out_f1(targets, scores, np.random.default_rng(0), repeats=3)


def test_the_middle_carries_over_better_than_the_peak_where_labels_are_rare():
    targets, scores = split(n=1500, rate=0.02)
    middle, peak = (held_out_f1(targets, scores, np.random.default_rng(1), nearly) for nearly in (0.95, 1.0))
    assert middle.macro > peak.macro
