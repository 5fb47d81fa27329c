"""Distances between sets of features: golden values, independent references, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from shiftlens import TooFewImages, UsageError
from shiftlens.framework.kit.distances import frechet_distance, frechet_of_moments, kernel_distance

RNG = np.random.default_rng


def test_the_frechet_distance_of_known_moments_is_ten() -> None:
    assert frechet_of_moments(np.zeros(8), np.eye(8), np.full(8, 0.5), 4 * np.eye(8)) == pytest.approx(10, abs=1e-12)


def test_a_set_has_no_distance_to_itself() -> None:
    x = RNG(0).normal(size=(60, 24))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)


def test_the_frechet_distance_agrees_with_a_matrix_root() -> None:
    x, y = RNG(1).normal(size=(80, 12)), RNG(2).normal(0.3, 1.7, size=(65, 12))
    a, b = np.cov(x.T), np.cov(y.T)
    plain = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(a + b - 2 * linalg.sqrtm(a @ b).real)
    assert frechet_distance(x, y) == pytest.approx(plain, rel=1e-10)


def test_the_frechet_distance_agrees_with_singular_values_where_images_are_fewer_than_features() -> None:
    """The trace of the root is the nuclear norm of the product of the centred sets, whatever their rank."""
    x, y = RNG(3).normal(size=(20, 64)), RNG(4).normal(0.2, 1.5, size=(25, 64))
    nuclear = np.linalg.svd((x - x.mean(0)) @ (y - y.mean(0)).T, compute_uv=False).sum() / np.sqrt(19 * 24)
    plain = ((x.mean(0) - y.mean(0)) ** 2).sum() + x.var(0, ddof=1).sum() + y.var(0, ddof=1).sum() - 2 * nuclear
    assert frechet_distance(x, y) == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize(("count", "bias"), [(120, 18.3), (500, 4.5), (2000, 1.05)])
def test_small_sets_of_one_distribution_show_the_known_bias(count: int, bias: float) -> None:
    found = [frechet_distance(RNG(2 * s).normal(size=(count, 64)), RNG(2 * s + 1).normal(size=(count, 64))) for s in range(3)]
    assert np.mean(found) == pytest.approx(bias, rel=0.06)


def test_the_kernel_distance_agrees_with_a_plain_loop() -> None:
    x, y = RNG(5).normal(size=(9, 5)), RNG(6).normal(0.5, 1, size=(9, 5))

    def k(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / 5 + 1) ** 3)

    pairs = [(i, j) for i in range(9) for j in range(9)]
    within = sum(k(x[i], x[j]) + k(y[i], y[j]) for i, j in pairs if i != j) / (9 * 8)
    plain = within - 2 * sum(k(x[i], y[j]) for i, j in pairs) / 81
    found = kernel_distance(x, y, subsets=3)
    assert found.mean == pytest.approx(plain, rel=1e-9)
    assert found.deviation == pytest.approx(0, abs=1e-9)


def test_equal_distributions_have_a_kernel_distance_on_both_sides_of_zero() -> None:
    found = [
        kernel_distance(RNG([7, s]).normal(size=(60, 16)), RNG([8, s]).normal(size=(60, 16)), subsets=1).mean
        for s in range(200)
    ]
    assert 0.3 < np.mean(np.array(found) < 0) < 0.7
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(200)


@pytest.mark.parametrize("distance", [frechet_distance, lambda x, y: kernel_distance(x, y, size=1000).mean])
def test_distances_are_symmetric(distance: object) -> None:
    x, y = RNG(9).normal(size=(70, 10)), RNG(10).normal(0.4, 2, size=(70, 10))
    assert distance(x, y) == pytest.approx(distance(y, x), rel=1e-9)  # type: ignore[operator]


def test_subsets_are_drawn_by_the_seed() -> None:
    x, y = RNG(11).normal(size=(300, 6)), RNG(12).normal(0.1, 1, size=(200, 6))
    assert kernel_distance(x, y, size=50, seed=3) == kernel_distance(x, y, size=50, seed=3)
    assert kernel_distance(x, y, size=50, seed=3) != kernel_distance(x, y, size=50, seed=4)


@pytest.mark.parametrize(
    ("x", "y", "error", "said"),
    [
        (np.zeros((5, 3)), np.zeros((5, 4)), UsageError, r"\(5, 3\) and \(5, 4\)"),
        (np.zeros((1, 3)), np.zeros((5, 3)), TooFewImages, "1 and 5 images"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), UsageError, "not finite"),
    ],
)
def test_features_that_have_no_distance_are_refused(x: np.ndarray, y: np.ndarray, error: type[Exception], said: str) -> None:
    for distance in (frechet_distance, kernel_distance):
        with pytest.raises(error, match=said):
            distance(x, y)
