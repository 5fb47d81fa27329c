"""stylediff's numbers against independent references: scipy, plain loops, textbook values, closed forms."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from shiftlens.plugins.stylediff.bootstrap import effect_interval
from shiftlens.plugins.stylediff.permutation import Null, critical, discovery
from shiftlens.plugins.stylediff.power import images_for_half
from shiftlens.plugins.stylediff.transport import mean_shift, transport
from shiftlens.plugins.stylediff.units import Units
from shiftlens.plugins.stylediff.wasserstein import transport_sorted, wasserstein

DIET = (
    0.001, 0.008, 0.039, 0.041, 0.042, 0.060, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269,
    0.275, 0.340, 0.341, 0.384, 0.569, 0.594, 0.696, 0.762, 0.940, 0.942, 0.975, 0.986,
)  # fmt: skip
"""25 dietary variables against mammographic density (García-Arenzana et al. 2014), the worked example of
McDonald's Handbook of Biological Statistics."""


def normal(seed: int, rows: int, images: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, images), dtype=np.float32)


def separate(images: int) -> tuple[str, ...]:
    return tuple(str(i) for i in range(images))


@pytest.mark.parametrize(("n", "m"), [(50, 50), (50, 37), (1, 9), (64, 1000)])
@pytest.mark.parametrize("ties", [False, True])
def test_w1_equals_scipy(n: int, m: int, ties: bool) -> None:
    a, b = normal(1, 40, n), normal(2, 40, m) * 1.3 + 0.2
    if ties:
        a, b = np.round(a), np.round(b)
    expected = [wasserstein_distance(x, y) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(wasserstein(a, b), expected, rtol=1e-6, atol=1e-12)


def test_up_and_down_sum_to_w1_and_differ_by_the_shift_of_means() -> None:
    a, b = np.sort(normal(3, 20, 60)), np.sort(normal(4, 20, 45) + 0.3)
    up, down = transport_sorted(a, b)
    np.testing.assert_allclose(up + down, wasserstein(a, b), rtol=1e-6)
    np.testing.assert_allclose(up - down, b.mean(axis=1, dtype=float) - a.mean(axis=1, dtype=float), atol=1e-6)
    assert (np.abs(up - down) <= (up + down) * (1 + 1e-9)).all()


@pytest.mark.parametrize("holes", [False, True])
def test_weighted_w1_equals_scipy_with_weights(holes: bool) -> None:
    z = np.round(normal(5, 12, 70), 1)
    if holes:
        z[::2, ::5] = np.nan
    units = Units.of(tuple(f"g{i // 3}" for i in range(30)) + tuple(f"h{i // 4}" for i in range(40)), 30)
    draws = units.resampled(6, np.random.default_rng(0))
    got = transport(z, draws)
    for row in range(12):
        there = np.isfinite(z[row])
        for k in range(6):
            first, second = draws.reference[:, k] * there, draws.target[:, k] * there
            values = np.nan_to_num(z[row])
            a, b = first > 0, second > 0
            expected = wasserstein_distance(values[a], values[b], first[a], second[b])
            assert got[row, k] == pytest.approx(expected, rel=2e-6)
            means = np.average(values[b], weights=second[b]) - np.average(values[a], weights=first[a])
            assert mean_shift(z, draws)[row, k] == pytest.approx(means, abs=2e-6)


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        (lambda x: x + 0.4, 0.4),
        (lambda x: x * 1.3, 0.3 * np.sqrt(2 / np.pi)),
        (lambda x: np.where(np.arange(x.shape[1]) % 50 == 0, x + 5, x), 0.1),
    ],
    ids=["a shift", "a wider spread", "2 % moved by 5"],
)
def test_w1_has_its_reference_values(b: object, expected: float) -> None:
    x = normal(6, 1, 40_000)
    assert wasserstein(x, b(x).astype(np.float32))[0] == pytest.approx(expected, rel=0.02)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("n", "m", "mean", "high"),
    [(100, 100, 0.183, 0.315), (1000, 1000, 0.0567, 0.0964), (1000, 4000, 0.0460, 0.0794), (5000, 5000, 0.0259, 0.0448)],
)
def test_noise_of_w1_is_that_of_the_dossier(n: int, m: int, mean: float, high: float) -> None:
    w = wasserstein(normal(7, 1200, n), normal(8, 1200, m))
    assert w.mean() == pytest.approx(mean, rel=0.05)
    assert w.mean() == pytest.approx(1.288 * np.sqrt(1 / n + 1 / m), rel=0.05)
    assert np.quantile(w, 0.95) == pytest.approx(high, rel=0.08)


def test_false_discovery_rates_are_those_of_the_textbook() -> None:
    q = discovery(np.array(DIET), "bh")
    assert q[:2] == pytest.approx([0.025, 0.10])
    assert (q <= 0.05).sum() == 1
    plain = [min(p * 25 / rank for rank, p in enumerate(DIET, start=1) if rank > i) for i in range(25)]
    np.testing.assert_allclose(q, plain)
    np.testing.assert_allclose(discovery(np.array(DIET), "by"), np.minimum(1, q * sum(1 / i for i in range(1, 26))))


def test_p_values_count_draws_that_reach_what_was_seen() -> None:
    drawn = np.array([[0.1, 0.5, 0.2], [0.9, 0.1, 0.1], [0.3, 0.3, 0.3]], np.float32)
    null = Null(np.array([0.4, 0.2, 0.3], np.float32), drawn)
    np.testing.assert_allclose(null.single(), [2 / 4, 2 / 4, 4 / 4])
    # 0.4 against the largest of all three, 0.3 against that of the last two, 0.2 against the second; never falling
    np.testing.assert_allclose(null.family(), [3 / 4, 1, 1])


def test_an_effect_above_critical_is_significant_and_the_next_draw_is_not() -> None:
    largest = np.arange(1, 500, dtype=np.float32)
    edge = critical(largest, 0.05)
    p = [(1 + (largest >= effect).sum()) / 500 for effect in (edge + 0.5, edge - 0.5)]
    assert p[0] <= 0.05 < p[1]


def test_exchanges_keep_groups_whole_and_swap_pairs() -> None:
    groups = ("a", "a", "b", "c", "p", "p", "d", "d", "p", "e")
    units = Units.of(groups, 6)
    draws = units.exchanged(200, np.random.default_rng(0))
    target = draws.target.astype(bool)
    np.testing.assert_array_equal(target[:, 0], np.arange(10) >= 6)
    assert (draws.reference + draws.target == 1).all()
    assert (target[0] == target[1]).all()
    assert (target[6] == target[7]).all()
    assert (target[4] == target[5]).all()
    assert (target[4] != target[8]).all()
    assert (target[[0, 2, 3, 6, 9]].sum(axis=0) == 2).all()
    assert 60 < target[4].sum() < 140


def test_resampling_keeps_sides_and_pairs() -> None:
    units = Units.of(("a", "b", "p", "q", "p", "q", "c"), 4)
    draws = units.resampled(50, np.random.default_rng(0))
    assert not draws.target[:4].any()
    assert not draws.reference[4:].any()
    np.testing.assert_array_equal(draws.reference[2:4], draws.target[4:6])
    assert (draws.reference.sum(axis=0) == 4).all()


@pytest.mark.parametrize("images", [24, 200])
@pytest.mark.parametrize("shift", [0, 0.1, 0.3, 1.0])
def test_intervals_hold_the_true_effect(images: int, shift: float) -> None:
    z = normal(9, 300, 2 * images)
    z[:, images:] += shift
    pooled = np.sqrt(1 + shift**2 / 4)
    z /= np.float32(pooled)
    units = Units.of(separate(2 * images), images)
    null = transport(z, units.exchanged(200, np.random.default_rng(0)))
    seen = wasserstein(z[:, :images], z[:, images:])
    low, high = effect_interval(
        seen, transport(z, units.resampled(200, np.random.default_rng(1))), Null(null[:, 0], null[:, 1:]).single()
    )
    truth = shift / pooled
    assert ((low <= truth) & (truth <= high)).mean() >= 0.90
    assert ((low <= seen) & (seen <= high)).all()


def test_half_the_shift_takes_four_times_the_images() -> None:
    assert images_for_half(100, 100) == 400
    assert images_for_half(50, 150) == 300


def test_memory_does_not_grow_with_the_dimensions() -> None:
    peaks = []
    for rows in (200, 2000):
        a, b = normal(1, rows, 500), normal(2, rows, 500)
        tracemalloc.start()
        wasserstein(a, b)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 200_000


def test_ks_equals_scipy() -> None:
    from shiftlens.plugins.stylediff.shape import _kolmogorov

    a, b = np.round(normal(1, 10, 60), 1), np.round(normal(2, 10, 45), 1)
    have = [np.full(10, 60), np.full(10, 45)]
    expected = [ks_2samp(x, y).statistic for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(_kolmogorov(np.sort(a), np.sort(b), have), expected)
