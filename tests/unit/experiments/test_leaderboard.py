from datetime import UTC, datetime

import numpy as np
import pytest

from core.emotions import AT_LEVEL
from core.experiments.evidence import Decisions
from core.experiments.leaderboard import (
    board_frame,
    differing,
    duel,
    leading_rival,
    pareto,
    smallest_rival,
    trainings,
)
from core.experiments.run import FINGERPRINT_TAG, KIND_TAG, MODEL_TAG, RunFacts
from core.experiments.tracking import Registry, Version


def run(name, *, minute=0, tags=None, params=None, **metrics):
    return RunFacts(
        id=name,
        origin=name,
        name=name,
        started_at=datetime(2026, 5, 1, 12, minute, tzinfo=UTC),
        params=params or {},
        tags={"family": "F", "machine": "M", FINGERPRINT_TAG: name} | (tags or {}),
        metrics=metrics,
        artefacts="",
    )


def f1(value):
    return {"test_emotion_macro_f1": value, "test_emotion_macro_f1_low": value - 0.01, "test_n": 10, "bytes": 2e6}


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


def test_rivals_are_the_smallest_of_another_family_and_whoever_leads():
    ours = run("ours", tags={"family": "A"}, **f1(0.5))
    small = run("small", tags={"family": "B"}, **(f1(0.4) | {"bytes": 1e5}))
    large = run("large", tags={"family": "C"}, **(f1(0.6) | {"bytes": 1e8}))
    assert smallest_rival([small, ours, large], "ours") == (ours, small)
    assert leading_rival([small, ours, large], "ours", "emotion") == (ours, large)
    assert leading_rival([small, ours], "ours", "emotion") is None, "it leads itself"
    assert smallest_rival([ours], "ours") is None
    assert smallest_rival([ours, small], "unknown") is None


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


def decisions(targets, wrong, seed):
    """Decisions that are right but for a share `wrong` of all."""
    rng = np.random.default_rng(seed)
    flips = rng.random(targets.shape) < wrong
    decided = targets ^ flips
    sizes = {level: len(labels) for level, labels in AT_LEVEL.items()}
    return Decisions(
        {level: targets[:, :size] for level, size in sizes.items()},
        {level: decided[:, :size] for level, size in sizes.items()},
    )


@pytest.fixture(scope="module")
def targets():
    return np.random.default_rng(0).random((600, 28)) < 0.2


def test_a_difference_beyond_chance_is_said_so(targets):
    found = duel("good", "bad", decisions(targets, 0.02, 1), decisions(targets, 0.2, 2))
    assert found.n == 600
    said = found.sentence("emotion")
    assert said.startswith("good is better than bad by ")
    assert "beyond chance" in said
    turned = duel("bad", "good", decisions(targets, 0.2, 2), decisions(targets, 0.02, 1))
    assert turned.sentence("emotion") == said
    low, high = (float(word.rstrip(".")) for word in said.split("goes from ")[1].split(" to "))
    assert 0 < low < high
    frame = found.at("ekman").frame()
    assert len(frame) == 7
    assert frame["difference"].is_monotonic_decreasing
    assert set(found.frame()["level"]) == set(AT_LEVEL)


def test_a_difference_within_chance_is_no_victory(targets):
    found = duel("one", "other", decisions(targets, 0.1, 1), decisions(targets, 0.1, 2))
    assert found.sentence("emotion").startswith("No winner: ")
    assert "may be chance" in found.sentence("emotion", "micro")
    same = duel("one", "other", decisions(targets, 0.1, 1), decisions(targets, 0.1, 1))
    assert "no difference at all" in same.sentence("emotion")


def test_other_texts_are_not_compared(targets):
    assert duel("a", "b", decisions(targets, 0.1, 1), decisions(targets[::-1], 0.1, 1)) is None


def test_what_differs():
    first = run("a", params={"seed": "0", "epochs": "5", "C": "3"}, tags={"base": "x", MODEL_TAG: "m"})
    second = run("b", params={"seed": "1", "epochs": "5"}, tags={"base": "y", MODEL_TAG: "n"})
    assert differing(first, second).to_numpy().tolist() == [["C", "3", "–"], ["base", "x", "y"], ["seed", "0", "1"]]
