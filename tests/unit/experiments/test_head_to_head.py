import numpy as np
import pytest

from core.emotions import AT_LEVEL
from core.experiments.evidence import Decisions
from core.experiments.head_to_head import compare_runs, differing, leading_rival, smallest_rival
from core.experiments.run import MODEL_TAG
from tests.unit.experiments.runs import f1, run


def test_rivals_are_the_smallest_of_another_family_and_whoever_leads():
    ours = run("ours", tags={"family": "A"}, **f1(0.5))
    small = run("small", tags={"family": "B"}, **(f1(0.4) | {"bytes": 1e5}))
    large = run("large", tags={"family": "C"}, **(f1(0.6) | {"bytes": 1e8}))
    assert smallest_rival([small, ours, large], "ours") == (ours, small)
    assert leading_rival([small, ours, large], "ours", "emotion") == (ours, large)
    assert leading_rival([small, ours], "ours", "emotion") is None, "it leads itself"
    assert smallest_rival([ours], "ours") is None
    assert smallest_rival([ours, small], "unknown") is None


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
    found = compare_runs("good", "bad", decisions(targets, 0.02, 1), decisions(targets, 0.2, 2))
    assert found.n == 600
    said = found.sentence("emotion")
    assert said.startswith("good is better than bad by ")
    assert "beyond chance" in said
    turned = compare_runs("bad", "good", decisions(targets, 0.2, 2), decisions(targets, 0.02, 1))
    assert turned.sentence("emotion") == said
    low, high = (float(word.rstrip(".")) for word in said.split("goes from ")[1].split(" to "))
    assert 0 < low < high
    frame = found.at("ekman").frame()
    assert len(frame) == 7
    assert frame["difference"].is_monotonic_decreasing
    assert set(found.frame()["level"]) == set(AT_LEVEL)


def test_a_difference_within_chance_is_no_victory(targets):
    found = compare_runs("one", "other", decisions(targets, 0.1, 1), decisions(targets, 0.1, 2))
    assert found.sentence("emotion").startswith("No winner: ")
    assert "may be chance" in found.sentence("emotion", "micro")
    same = compare_runs("one", "other", decisions(targets, 0.1, 1), decisions(targets, 0.1, 1))
    assert "no difference at all" in same.sentence("emotion")


def test_other_texts_are_not_compared(targets):
    assert compare_runs("a", "b", decisions(targets, 0.1, 1), decisions(targets[::-1], 0.1, 1)) is None


def test_what_differs():
    first = run("a", params={"seed": "0", "epochs": "5", "C": "3"}, tags={"base": "x", MODEL_TAG: "m"})
    second = run("b", params={"seed": "1", "epochs": "5"}, tags={"base": "y", MODEL_TAG: "n"})
    assert differing(first, second).to_numpy().tolist() == [["C", "3", "–"], ["base", "x", "y"], ["seed", "0", "1"]]
