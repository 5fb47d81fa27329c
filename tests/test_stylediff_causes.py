"""One cause with consequences has one leader; two causes have two, whatever hides them; and the joint test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from shiftlens.plugin import AttributeScores, Context, Dimension, Latents, Space
from shiftlens.plugins.stylediff.config import StyleDiffConfig
from shiftlens.plugins.stylediff.joint import Ridge, folds
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.plugins.stylediff.units import Units

CONFIG = StyleDiffConfig(permutations=199, bootstrap=50, self_splits=0)
Make = Callable[[np.random.Generator, int, int], list[np.ndarray]]


def score(make: Make, images: int, seed: int, config: StyleDiffConfig = CONFIG, floor: float = 0.0) -> AttributeScores:
    rng = np.random.default_rng(seed)
    sides = []
    for side, name in enumerate(("dev", "site")):
        values = np.stack([*make(rng, images, side), *rng.normal(size=(3, images))], axis=1).astype(np.float32)
        dims = tuple(Dimension(id=f"d{i}", floor=floor) for i in range(values.shape[1]))
        space = Space(encoder="test", key="k", dimensions=dims)
        ids = tuple(f"{name}{i}" for i in range(images))
        sides.append(Latents(space=space, images=name, ids=ids, groups=ids, values=values))
    return StyleDiff(config, context=Context(seed=seed)).score(*sides)


def leaders(scores: AttributeScores, planted: int) -> list[int]:
    """Leave out the three dimensions without a shift: one in twenty runs may name one of them."""
    return [i for i in range(planted) if scores.significance.p_family[i] <= 0.05 and scores.causes.follows[i] < 0]


def bent(rng: np.random.Generator, images: int, side: int, shift: float = 2.0, noise: float = 0.4) -> list[np.ndarray]:
    x = rng.normal(size=images) + shift * side
    consequences = [1.5 * x, -x, 3 * np.tanh(x / 2), np.exp(x / 2), x + 0.3 * x**2]
    return [x, *(y + noise * rng.normal(size=images) for y in consequences)]


def far(rng: np.random.Generator, images: int, side: int) -> list[np.ndarray]:
    return bent(rng, images, side, shift=4.0, noise=0.6)


def noisy(rng: np.random.Generator, images: int, side: int) -> list[np.ndarray]:
    return bent(rng, images, side, noise=0.9)


def saturating(rng: np.random.Generator, images: int, side: int) -> list[np.ndarray]:
    x = rng.normal(size=images) + 3 * side
    clipped = np.maximum(x - 2, 0)
    return [
        x,
        1 - np.exp(-np.maximum(x + 2, 0) / 1.5) + 0.05 * rng.normal(size=images),
        np.minimum(x, 2) + 0.2 * rng.normal(size=images),
        clipped + 0.05 * rng.normal(size=images),
    ]


@pytest.mark.parametrize("make", [bent, far, noisy, saturating])
@pytest.mark.parametrize("images", [100, 400])
def test_consequences_follow_their_one_cause(make: Make, images: int) -> None:
    for seed in range(4):
        scores = score(make, images, seed)
        planted = len(scores.effects.size) - 3
        (leader,) = leaders(scores, planted)
        assert (scores.significance.p_family[:planted] <= 0.05).all()
        assert {int(f) for f in scores.causes.follows[:planted]} == {leader, -1}


def two(rng: np.random.Generator, images: int, side: int, second: float = 2.8) -> list[np.ndarray]:
    x, y = rng.normal(size=images) + 3 * side, rng.normal(size=images) + second * side
    return [x, y, x + 0.3 * rng.normal(size=images), y + 0.3 * rng.normal(size=images)]


def mixed(rng: np.random.Generator, images: int, side: int) -> list[np.ndarray]:
    planted = two(rng, images, side)
    return [*planted, planted[0] + planted[1] + 0.2 * rng.normal(size=images)]


def small(rng: np.random.Generator, images: int, side: int) -> list[np.ndarray]:
    return two(rng, images, side, second=0.6)


@pytest.mark.parametrize("make", [two, mixed, small])
def test_two_causes_have_two_leaders(make: Make) -> None:
    for seed in range(6):
        scores = score(make, 200, seed)
        found = leaders(scores, len(scores.effects.size) - 3)
        assert len(found) == 2
        first, second = (next(i for i in pair if i in found) for pair in ((0, 2), (1, 3)))
        assert {int(scores.causes.follows[i]) for i in (0, 2)} == {first, -1}
        assert {int(scores.causes.follows[i]) for i in (1, 3)} == {second, -1}


def test_a_mixture_of_two_causes_never_hides_them() -> None:
    for seed in range(6):
        scores = score(mixed, 200, seed)
        assert scores.effects.rank[4] == 1
        assert scores.causes.follows[4] >= 0


def test_moderately_correlated_content_does_not_fold_two_causes() -> None:
    def make(rng: np.random.Generator, images: int, side: int) -> list[np.ndarray]:
        content = rng.normal(size=images)
        return [np.sqrt(0.3) * content + np.sqrt(0.7) * rng.normal(size=images) + 3 * side for _ in range(2)]

    for seed in range(6):
        assert leaders(score(make, 300, seed), 2) == [0, 1]


def test_a_difference_too_small_to_matter_leads_only_where_all_are() -> None:
    def make(rng: np.random.Generator, images: int, side: int) -> list[np.ndarray]:
        return [rng.normal(size=images) + 2 * side, rng.normal(size=images) + 0.6 * side]

    assert leaders(score(make, 200, 0, floor=0.3), 2) == [0, 1]
    folded = score(make, 200, 0, floor=1.0)
    assert leaders(folded, 2) == [0]
    assert folded.causes.remaining_p[1] <= 0.05  # what is left is said as it is
    assert leaders(score(make, 200, 0, floor=9.0), 2) == [0, 1]


def test_equal_attributes_have_one_leader_the_first() -> None:
    scores = score(lambda rng, n, side: [rng.normal(size=n) + 2 * side] * 3, 100, 0)
    assert scores.causes.follows[:3].tolist() == [-1, 0, 0]
    assert scores.causes.remaining[1] == pytest.approx(0, abs=0.01)


def test_in_a_large_space_the_rule_runs_over_the_strongest_of_each_cluster() -> None:
    def make(rng: np.random.Generator, images: int, side: int) -> list[np.ndarray]:
        x, y = rng.normal(size=images) + 2 * side, rng.normal(size=images) + 1.5 * side
        noise = 0.5 * rng.normal(size=(90, images))
        return [*(x + e for e in noise[:50]), *(y + e for e in noise[50:])]

    scores = score(make, 200, 0, CONFIG.model_copy(update={"candidates": 4}))
    assert len(scores.effects.size) > CONFIG.candidates
    found = leaders(scores, 90)
    assert len(found) == 2
    assert set(scores.causes.follows[:50]) == {found[0], -1}
    assert set(scores.causes.follows[50:90]) == {found[1], -1}


def test_held_out_values_are_those_of_refitted_ridges() -> None:
    rng = np.random.default_rng(0)
    z, label = rng.normal(size=(7, 40)).astype(np.float32), rng.choice([-1.0, 1.0], 40)
    fold = np.arange(40) % 4
    ridge = Ridge(z, fold)
    x = z.T - z.mean(axis=1, dtype=float)
    penalty = (x**2).sum() / 40
    for f in range(4):
        inside, outside = fold == f, fold != f
        mean, level = x[outside].mean(axis=0), label[outside].mean()
        centred = x[outside] - mean
        weights = np.linalg.solve(centred.T @ centred + penalty * np.eye(7), centred.T @ (label[outside] - level))
        np.testing.assert_allclose(ridge.held_out(label[:, None])[inside, 0], level + (x[inside] - mean) @ weights, atol=1e-5)


def test_folds_keep_groups_and_pairs_together() -> None:
    groups = tuple(f"g{i // 2}" for i in range(40)) + tuple(f"g{i // 2 + 10}" for i in range(40))
    fold = folds(Units.of(groups, 40), 5, np.random.default_rng(0))
    assert len(set(fold)) == 5
    assert all(len({int(f) for f, g in zip(fold, groups, strict=True) if g == name}) == 1 for name in groups)


def test_the_joint_test_sees_what_no_single_dimension_shows() -> None:
    rng = np.random.default_rng(0)
    shift = rng.choice([-0.15, 0.15], 60)
    scores = score(lambda rng, n, side: list(rng.normal(size=(60, n)) + side * shift[:, None]), 120, 3)
    assert scores.significance.p_family.min() > 0.05
    assert scores.joint.p <= 0.01
    assert scores.joint.separation > 0.6
    assert np.linalg.norm(scores.joint.weights) == pytest.approx(1)
    assert scores.joint.weights[:60] @ shift / np.linalg.norm(shift) > 0.6
    assert scores.joint.target_projection.mean() > scores.joint.reference_projection.mean()


def test_held_out_separation_is_centred_where_nothing_differs() -> None:
    auc = [score(lambda rng, n, side: list(rng.normal(size=(5, n))), 30, seed).joint.separation for seed in range(60)]
    assert np.mean(auc) == pytest.approx(0.5, abs=0.025)


def test_more_images_than_the_kernel_holds_are_projected_all_the_same() -> None:
    config = CONFIG.model_copy(update={"joint_images": 100})
    scores = score(lambda rng, n, side: [rng.normal(size=n) + 2 * side], 150, 0, config)
    assert scores.joint.reference_projection.shape == scores.joint.target_projection.shape == (150,)
    assert scores.joint.separation > 0.85
    assert np.mean(scores.joint.target_projection[:, None] > scores.joint.reference_projection) == pytest.approx(
        scores.joint.separation, abs=0.04
    )
