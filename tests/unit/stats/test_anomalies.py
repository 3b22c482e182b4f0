import numpy as np
import pandas as pd
import pytest

from core.stats.anomalies import BASELINE_DAYS, HISTORY_DAYS, LEAST, SPIKE, distinctive, robust_scores


def test_a_day_is_compared_with_the_median_of_the_four_weeks_before() -> None:
    counts = np.full((40, 1), 100.0)
    counts[::2] = 110
    counts[35] = 200
    usual, scores = robust_scores(counts)
    # Median 105, MAD 5: 1.4826 * 5 = 7.4 is less than the noise of counting, sqrt(105) = 10.2.
    assert usual[35, 0] == 105
    assert scores[35, 0] == pytest.approx((200 - 105) / np.sqrt(105))


def test_a_wide_spread_makes_the_same_day_usual() -> None:
    counts = np.full((40, 1), 50.0)
    counts[::2] = 150
    counts[35] = 200
    _, scores = robust_scores(counts)
    assert scores[35, 0] == pytest.approx(100 / (1.4826 * 50))


def test_one_spike_does_not_hide_the_next() -> None:
    counts = np.full((60, 1), 20.0)
    counts[40] = counts[45] = 80
    _, scores = robust_scores(counts)
    assert scores[45, 0] > SPIKE
    assert scores[45, 0] == scores[40, 0]


def test_without_history_nothing_is_usual() -> None:
    usual, scores = robust_scores(np.full((HISTORY_DAYS + 1, 2), 7.0))
    assert np.isnan(scores[:HISTORY_DAYS]).all()
    assert np.isnan(usual[:HISTORY_DAYS]).all()
    assert (scores[HISTORY_DAYS] == 0).all()
    assert robust_scores(np.zeros((0, 3)))[1].shape == (0, 3)


@pytest.mark.parametrize("rate", [1, 20, 500])
def test_steady_traffic_seldom_has_spikes(rate: int) -> None:
    counts = np.random.default_rng(1).poisson(rate, (BASELINE_DAYS + 1000, 10)).astype(float)
    _, scores = robust_scores(counts)
    false_alarms = (scores[BASELINE_DAYS:] >= SPIKE) & (counts[BASELINE_DAYS:] >= LEAST)
    assert false_alarms.mean() < 1e-3


def words(counts: dict[str, int], of: int) -> pd.DataFrame:
    return pd.DataFrame({"word": list(counts), "texts": list(counts.values()), "of": of})


def test_the_words_that_tell_a_day_from_others() -> None:
    here = words({"the": 60, "strike": 40, "bus": 30, "once": 2}, 100)
    there = words({"the": 580, "bus": 280, "strike": 2}, 1000)
    found = distinctive(here, there)
    assert found["word"].tolist() == ["strike"]
    assert found.loc[0, "share"] == 0.4
    assert found.loc[0, "usual"] == 0.002


def test_a_word_never_seen_before_counts_and_a_rare_one_does_not() -> None:
    found = distinctive(words({"blackout": 20, "typo": 2}, 100), words({"the": 900}, 1000))
    assert found["word"].tolist() == ["blackout"]
    assert found.loc[0, "usual"] == 0


def test_nothing_here_or_nothing_there() -> None:
    empty = words({}, 0)
    assert distinctive(empty, words({"the": 3}, 9)).empty
    assert set(distinctive(words({"the": 50}, 60), empty)["word"]) <= {"the"}
