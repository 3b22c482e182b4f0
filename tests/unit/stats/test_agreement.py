"""Wilson's interval and Cohen's kappa against tables of textbooks, against scikit-learn, and against a delta method."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from core.stats.agreement import agreement, kappa_of, wilson

COUNTS = st.lists(st.integers(0, 40), min_size=4, max_size=4)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_the_interval_of_a_share_is_that_of_the_table(hits: int, n: int, low: float, high: float) -> None:
    assert np.round(wilson(hits, n), 4).tolist() == [low, high]


def test_the_share_of_nothing_has_no_interval() -> None:
    low, high = wilson(np.array([0, 3]), np.array([0, 3]))
    assert np.isnan([low[0], high[0]]).all()
    assert 0.4 < low[1] < high[1] == 1


@given(n=st.integers(1, 2_000), part=st.floats(0, 1))
def test_an_interval_holds_its_share_and_mirrors_its_counterpart(n: int, part: float) -> None:
    hits = round(n * part)
    low, high = map(float, wilson(hits, n))
    assert 0 <= low <= hits / n <= high <= 1
    low_of_rest, high_of_rest = map(float, wilson(n - hits, n))
    assert (1 - high_of_rest, 1 - low_of_rest) == pytest.approx((low, high))


def test_kappa_of_the_textbook() -> None:
    # Fleiss, Levin & Paik, "Statistical Methods for Rates and Proportions", 2003, table 18.1: 100 diagnoses.
    value, error = kappa_of(np.array([[75.0, 1, 4], [5, 4, 1], [0, 0, 10]]))
    assert round(float(value), 2) == 0.68
    assert error == pytest.approx(0.087, abs=0.001), "the book goes on with a kappa of two digits"
    # Cohen's first example of two classes: 20 and 15 agreed of 50.
    assert kappa_of(np.array([[20.0, 5], [10, 15]]))[0] == pytest.approx(0.4)


@given(cells=COUNTS)
def test_kappa_is_that_of_scikit_learn(cells: list[int]) -> None:
    first, second = reviewers(cells)
    found = agreement(first[:, None], second[:, None])
    alone = len({*first.tolist(), *second.tolist()}) < 2
    assert (found.labels.both[0], found.labels.first[0], found.labels.second[0]) == (
        cells[0],
        cells[0] + cells[1],
        cells[0] + cells[2],
    )
    if alone:
        assert np.isnan([found.labels.value[0], found.labels.low[0], found.overall.value, found.overall.low]).all()
    else:
        assert found.labels.value[0] == pytest.approx(cohen_kappa_score(first, second))
        assert found.overall.value == pytest.approx(found.labels.value[0])
        assert -1 <= found.labels.low[0] <= found.labels.value[0] <= found.labels.high[0] <= 1


@given(cells=COUNTS.filter(lambda cells: min(cells) > 0))
def test_the_error_is_that_of_the_delta_method(cells: list[int]) -> None:
    table = np.array(cells, np.float64).reshape(2, 2)
    _, error = kappa_of(table)
    assert error == pytest.approx(by_delta_method(table), rel=1e-4, abs=1e-7)


def by_delta_method(table: NDArray[np.float64]) -> float:
    """The error of any smooth function of shares: its slopes, found by small steps, and the shares' covariance."""
    shares, step = table.ravel() / table.sum(), 1e-6

    def kappa(at: NDArray[np.float64]) -> float:
        square = at.reshape(2, 2)
        chance = float(square.sum(axis=1) @ square.sum(axis=0))
        return float((np.trace(square) - chance) / (1 - chance))

    slopes = np.array([(kappa(shares + bump) - kappa(shares - bump)) / (2 * step) for bump in step * np.eye(4)])
    covariance = (np.diag(shares) - np.outer(shares, shares)) / table.sum()
    return float(np.sqrt(max(slopes @ covariance @ slopes, 0)))


def reviewers(cells: list[int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    both, one, other, neither = cells
    first = np.repeat([True, True, False, False], [both, one, other, neither])
    return first, np.repeat([True, False, True, False], [both, one, other, neither])


def test_what_hangs_together_widens_the_interval() -> None:
    # A handwritten table: of four labels, two texts in three are agreed in all of them, the others in none.
    first = np.tile(np.array([[True, True, False, False]]), (60, 1))
    second = first.copy()
    second[::3] = ~second[::3]
    found = agreement(first, second)
    assert (found.n, found.same) == (60, 40)
    assert found.overall.value == pytest.approx(1 / 3)
    _, error = kappa_of(np.array([[80.0, 40], [40, 80]]))
    # As if each of the 240 cases stood alone, the interval would be half as wide.
    assert found.overall.high - found.overall.low == pytest.approx(2 * 2 * 1.96 * error, rel=0.1)
    assert found.labels.both.tolist() == [40, 40, 0, 0]
    assert np.isnan(found.labels.value).tolist() == [False] * 4


def test_an_interval_is_the_same_each_time() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.random((2, 50, 28)) < 0.2
    one, other = agreement(first, second), agreement(first, second)
    assert one.overall == other.overall
    assert one.overall.low < 0 < one.overall.high


def test_no_texts_and_no_difference_are_undefined() -> None:
    for empty in (np.zeros((0, 28), np.bool_), np.zeros((5, 28), np.bool_)):
        found = agreement(empty, empty)
        assert np.isnan([found.overall.value, found.overall.low, found.overall.high]).all()
        assert np.isnan(found.labels.value).all()
        assert (found.n, found.same) == (len(empty), len(empty))
    with pytest.raises(ValueError, match=r"\(5, 28\) and \(5, 4\)"):
        agreement(np.zeros((5, 28), np.bool_), np.zeros((5, 4), np.bool_))
