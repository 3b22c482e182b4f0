from datetime import UTC, datetime

import numpy as np
import pytest

from core.experiments.leaderboard import board_frame, pareto
from core.experiments.run import FINGERPRINT_TAG, KIND_TAG, trainings
from core.experiments.tracking import Registry, Version
from tests.unit.experiments.runs import f1, run


def test_one_row_a_training_the_best_first_and_what_is_unknown_last():
    runs = [
        run("low", **f1(0.3), cost_median_ms=5.0),
        run("bare", minute=9),
        run("high", **f1(0.5)),
        run("cost of low", tags={KIND_TAG: "cost", FINGERPRINT_TAG: "low", "machine": "N"}, cost_median_ms=7.0),
    ]
    version = Version(
        number=4, model="m", version="1", fingerprint="low", run_id="", registered_at=datetime.now(UTC), facts={}
    )
    frame = board_frame(runs, Registry(versions=[version], champion=4), "emotion")
    assert frame["name"].tolist() == ["high", "low", "bare"]
    assert frame["champion"].tolist() == [False, True, False]
    low = frame.set_index("name").loc["low"]
    assert (low["mb"], low["macro_f1_low"], low["n"]) == (2.0, pytest.approx(0.29), 10)
    assert (low["median_ms"], low["machine"]) == (7.0, "N"), "the newest measurement of the same files"
    assert np.isnan(frame.set_index("name").loc["bare", "macro_f1"])
    assert frame.set_index("name").loc["high", "machine"] == "", "nothing was measured"
    assert np.isnan(board_frame(runs, Registry(), "ekman")["macro_f1"]).all()
    assert [one.name for one in trainings(runs)] == ["low", "bare", "high"]


def test_figures_that_cannot_be_are_unknown():
    odd = run("odd", test_emotion_macro_f1=1.7976931348623157e308, test_n=-5.0, bytes=-3.0, cost_median_ms=0.0)
    row = board_frame([odd, run("good", **f1(0.5))], Registry(), "emotion").set_index("name").loc["odd"]
    assert row[["macro_f1", "n", "mb", "median_ms"]].isna().all()


def test_no_runs_make_an_empty_table():
    frame = board_frame([], Registry(), "emotion")
    assert frame.empty
    assert {"name", "family", "macro_f1", "mb", "median_ms"} <= set(frame.columns)


def test_the_front_holds_what_no_other_one_beats():
    size = np.array([1.0, 2.0, 2.0, 3.0, np.nan, 1.0])
    quality = np.array([0.5, 0.6, 0.55, 0.6, 0.9, 0.5])
    # The last is equal to the first: neither beats the other. The fourth is larger and no better than the second.
    assert pareto(size, quality).tolist() == [True, True, False, False, False, True]
    assert pareto(np.array([]), np.array([])).tolist() == []
