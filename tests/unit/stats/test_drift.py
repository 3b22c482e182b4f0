import numpy as np
import pytest

from core.stats.drift import BINS, LARGE, LEAST, MODERATE, band, psi


def sample(seed: int, n: int = 20_000, shift: float = 0.0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(shift, 1, n)
    return (1 / (1 + np.exp(-noise))).astype(np.float32)


def test_the_index_is_what_its_formula_says() -> None:
    reference = np.repeat(np.arange(10, dtype=np.float32) / 10, 100)
    current = np.concatenate([reference[:500], np.full(500, 0.05, np.float32)])
    # Ten bins of 100; of the current ones five hold 100, the second one 600 and the last five none.
    p = np.full(10, 100.5) / 1005
    edges = np.unique(np.quantile(reference, np.arange(1, BINS) / BINS))
    counts = np.histogram(current, [-1, *np.nextafter(edges, -1), 2])[0]
    q = (counts + 0.5) / 1005
    assert psi(reference, current) == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=1e-6)


def test_no_drift_is_near_what_chance_gives() -> None:
    values = [psi(sample(seed), sample(seed + 100)) for seed in range(20)]
    assert np.mean(values) == pytest.approx((BINS - 1) * 2 / 20_000, rel=0.5)
    assert band(max(values)) == "stable"


def test_it_grows_with_the_shift() -> None:
    values = [psi(sample(1), sample(2, shift=shift)) for shift in (0.0, 0.2, 0.4, 0.8)]
    assert values == sorted(values)
    assert [band(value) for value in values] == ["stable", "stable", "moderate", "large"]


def test_it_is_the_same_the_other_way_round_with_the_same_bins() -> None:
    one, other = np.float32([0.1] * 300 + [0.9] * 700), np.float32([0.1] * 700 + [0.9] * 300)
    assert psi(one, other) == pytest.approx(psi(other, one))


def test_small_samples_say_nothing() -> None:
    assert np.isnan(psi(sample(1, LEAST - 1), sample(2)))
    assert np.isnan(psi(sample(1), sample(2, 0)))
    assert band(float("nan")) == ""


def test_a_constant_score_does_not_drift_from_itself() -> None:
    constant = np.full(1_000, 0.5, np.float32)
    assert psi(constant, constant) == 0
    assert psi(constant, np.full(1_000, 0.7, np.float32)) >= 0


def test_bands_begin_at_their_bounds() -> None:
    assert [band(one) for one in (0.0999, MODERATE, 0.2499, LARGE)] == ["stable", "moderate", "moderate", "large"]
