"""The scorer as a whole: what it refuses, what it must not depend on, what it finds and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from shiftlens import InputUnusable, SpacesDiffer, Text, TooFewImages
from shiftlens.plugin import AttributeScores, Context, Dimension, Latents, Space, Words
from shiftlens.plugins.stylediff.config import StyleDiffConfig
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.plugins.stylediff.wasserstein import wasserstein
from shiftlens.testing import LatentScorerConformance

SOME = Text(en="x", ja="x")
WORDS = Words(label=SOME, more=SOME, less=SOME)
QUICK = StyleDiffConfig(permutations=99, bootstrap=50, self_splits=0)


def latents(
    values: np.ndarray,
    name: str = "set",
    *,
    groups: tuple[str, ...] | None = None,
    key: str = "k",
    named: bool = False,
    **dimension: object,
) -> Latents:
    dims = tuple(Dimension(id=f"d{i}", words=WORDS if named else None, **dimension) for i in range(values.shape[1]))
    ids = tuple(f"{name}{i}" for i in range(len(values)))
    space = Space(encoder="test", key=key, dimensions=dims)
    return Latents(space=space, images=name, ids=ids, groups=groups or ids, values=values.astype(np.float32))


def score(a: np.ndarray, b: np.ndarray, config: StyleDiffConfig = QUICK, *, seed: int = 0, **more: object) -> AttributeScores:
    return StyleDiff(config, context=Context(seed=seed)).score(latents(a, "dev", **more), latents(b, "site", **more))


def normal(seed: int, images: int, dims: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(images, dims))


class TestStyleDiff(LatentScorerConformance):
    @pytest.fixture
    def scorer(self) -> StyleDiff:
        return StyleDiff(QUICK)


def test_a_set_does_not_differ_from_itself_nor_from_its_reordering() -> None:
    a = normal(0, 60, 12)
    for other in (a, a[np.random.default_rng(1).permutation(60)]):
        scores = score(a, other)
        assert (scores.effects.size == 0).all()
        assert (scores.significance.p_family == 1).all()
        assert (scores.causes.follows == -1).all()


def test_swapping_the_sets_keeps_effects_and_turns_directions() -> None:
    a, b = normal(0, 60, 12), normal(1, 45, 12) + 0.5
    there, back = score(a, b), score(b, a)
    np.testing.assert_allclose(there.effects.size, back.effects.size, rtol=1e-6)
    np.testing.assert_allclose(there.effects.direction, -back.effects.direction, atol=1e-6)
    np.testing.assert_allclose(there.effects.shift, -back.effects.shift, rtol=1e-6)
    np.testing.assert_array_equal(there.effects.rank, back.effects.rank)


def test_scale_and_offset_of_a_dimension_do_not_matter() -> None:
    a, b = normal(0, 60, 6).astype(np.float32), normal(1, 45, 6).astype(np.float32) + 0.5
    plain, moved = score(a, b, named=True), score(a * 64.0 + 32.0, b * 64.0 + 32.0, named=True)
    np.testing.assert_allclose(plain.effects.size, moved.effects.size, rtol=1e-6)
    np.testing.assert_allclose(plain.effects.shift * 64, moved.effects.shift, rtol=1e-5)
    np.testing.assert_allclose(plain.effects.target_quantiles * 64 + 32, moved.effects.target_quantiles, rtol=1e-5)


def test_effect_shift_and_quantiles_are_those_of_the_raw_values() -> None:
    a, b = normal(0, 60, 6).astype(np.float32) * 5 + 100, normal(1, 45, 6).astype(np.float32) * 6 + 103
    scores = score(a, b)
    mean = (a.mean(0, dtype=float) + b.mean(0, dtype=float)) / 2
    sigma = np.sqrt((((a - mean) ** 2).mean(0) + ((b - mean) ** 2).mean(0)) / 2)
    np.testing.assert_allclose(scores.effects.sigma, sigma, rtol=1e-6)
    np.testing.assert_allclose(scores.effects.size * sigma, wasserstein(a.T.copy(), b.T.copy()), rtol=1e-5)
    np.testing.assert_allclose(scores.effects.shift, b.mean(0, dtype=float) - a.mean(0, dtype=float), rtol=1e-6)
    np.testing.assert_allclose(scores.effects.reference_quantiles, np.quantile(a, scores.effects.levels, axis=0).T, rtol=1e-6)
    np.testing.assert_allclose(scores.effects.target_quantiles, np.quantile(b, scores.effects.levels, axis=0).T, rtol=1e-6)
    low, high = np.quantile(a, [0.01, 0.99], axis=0)
    np.testing.assert_allclose(scores.effects.tail, ((b < low) | (b > high)).mean(axis=0))
    assert ((scores.effects.shift_low <= scores.effects.shift) & (scores.effects.shift <= scores.effects.shift_high)).all()
    assert ((scores.effects.rank_low <= scores.effects.rank) & (scores.effects.rank <= scores.effects.rank_high)).all()
    assert sorted(scores.effects.rank) == [1, 2, 3, 4, 5, 6]


def test_results_do_not_depend_on_threads_and_only_draws_on_the_seed() -> None:
    a, b = normal(0, 50, 200), normal(1, 40, 200) + 0.3
    b[::3, ::7] = np.nan
    one, many, other = (
        StyleDiff(QUICK, context=Context(workers=w, seed=s)).score(latents(a), latents(b)) for w, s in ((1, 0), (3, 0), (1, 1))
    )
    assert one.digest() == many.digest()
    np.testing.assert_array_equal(one.effects.size, other.effects.size)
    assert (one.effects.noise != other.effects.noise).any()


def test_scores_survive_being_taken_apart() -> None:
    scores = score(normal(0, 40, 5), normal(1, 40, 5) + 1)
    assert AttributeScores.join(*scores.parts()).digest() == scores.digest()


def test_two_spaces_are_refused_by_name() -> None:
    scorer = StyleDiff(QUICK)
    with pytest.raises(SpacesDiffer, match=r"'dev' is in 'test' \(k\), 'site' in 'test' \(other\)"):
        scorer.score(latents(normal(0, 20, 3), "dev"), latents(normal(1, 20, 3), "site", key="other"))
    with pytest.raises(SpacesDiffer, match="3 and 4, first at 'd3'"):
        scorer.score(latents(normal(0, 20, 3), "dev"), latents(normal(1, 20, 4), "site"))


def test_too_few_images_or_groups_are_refused_with_their_number() -> None:
    with pytest.raises(TooFewImages, match="'site' has 5 usable images in 5 groups") as few:
        score(normal(0, 20, 3), normal(1, 5, 3))
    assert "add images" in few.value.hint
    with pytest.raises(TooFewImages, match="20 usable images in 2 groups"):
        StyleDiff(QUICK).score(latents(normal(0, 20, 3), groups=("a", "b") * 10), latents(normal(1, 20, 3)))
    holes = normal(1, 20, 3)
    holes[:14] = np.nan
    with pytest.raises(TooFewImages, match="6 usable"):
        score(normal(0, 20, 3), holes)


def test_a_space_in_which_nothing_varies_is_refused() -> None:
    with pytest.raises(InputUnusable, match="none of 3 dimensions"):
        score(np.ones((20, 3)), np.ones((20, 3)))


def test_settings_that_cannot_reach_alpha_are_refused() -> None:
    with pytest.raises(ValidationError, match="4000 are needed"):
        StyleDiffConfig(alpha=0.001)


def test_missing_values_are_left_out_of_their_dimension_alone() -> None:
    a, b = normal(0, 60, 4), normal(1, 50, 4) + 0.5
    holed = a.copy()
    holed[10:30, 1] = np.nan
    holed[:31, 2] = np.nan
    whole, scores = score(a, b), score(holed, b)
    np.testing.assert_array_equal(scores.effects.measured, [True, True, False, True])
    np.testing.assert_allclose(scores.effects.size[[0, 3]], whole.effects.size[[0, 3]])
    kept = np.delete(a[:, 1], np.s_[10:30])
    raw = wasserstein(kept[None].astype(np.float32), b[None, :, 1].astype(np.float32))[0]
    assert scores.effects.size[1] * scores.effects.sigma[1] == pytest.approx(raw, rel=1e-5)
    assert scores.effects.shift[1] == pytest.approx(b[:, 1].mean() - kept.mean(), rel=1e-5)
    assert np.isnan(scores.effects.size[2])
    assert (scores.significance.p_family[2], scores.effects.rank[2], scores.causes.cluster[2], scores.causes.follows[2]) == (
        1,
        0,
        -1,
        -1,
    )


def test_dead_dimensions_are_not_ranked_but_units_are_not_compared() -> None:
    a, b = normal(0, 40, 5), normal(1, 40, 5)
    for side in (a, b):
        side[:, 1] = 7
        side[:, 2] = side[:, 2] * 1e-5 + 1
    assert score(a, b).effects.measured.tolist() == [True, False, False, True, True]
    assert score(a, b, named=True).effects.measured.tolist() == [True, False, True, True, True]


def test_angles_are_compared_around_the_circle() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.normal(mean, 2, (60, 1)) % 180 for mean in (179, 182))
    scores = score(a, b, period=180.0)
    assert scores.effects.shift[0] == pytest.approx(3, abs=1)
    assert scores.effects.sigma[0] < 4


def test_a_new_subpopulation_is_tagged_and_a_shift_within_reach_is_not() -> None:
    a, b = normal(0, 400, 4), normal(1, 400, 4)
    b[:16, 0] += 9
    a[:16, 1] += 9
    b[:, 2] += 0.6
    scores = score(a, b, StyleDiffConfig(permutations=199, bootstrap=50, self_splits=0))
    assert scores.effects.tag == ("novel", "missing", "common", "common")


def test_correlated_dimensions_share_a_cluster_and_a_common_shift_makes_none() -> None:
    a, b = normal(0, 200, 5), normal(1, 200, 5) + np.array([3, 3, 3, 0, 0])
    for side in (a, b):
        side[:, 1] = side[:, 0] + 0.2 * side[:, 1]
    cluster = score(a, b).causes.cluster
    assert cluster[0] == cluster[1]
    assert len(set(cluster)) == 4


def test_planted_shifts_are_the_first_ranks() -> None:
    """The dossier's case, 0.2 sigma in 10 of 9088 dimensions at 2000 images, with 1500 dimensions to stay quick."""
    a, b = (np.random.default_rng(s).standard_normal((2000, 1500), dtype=np.float32) for s in (0, 1))
    planted = np.random.default_rng(2).choice(1500, 10, replace=False)
    b[:, planted] += 0.2
    found = np.argsort(-wasserstein(a.T.copy(), b.T.copy()))[:10]
    assert set(found) == set(planted)


def test_what_is_called_detectable_is_found_with_power_08() -> None:
    images, dims = 100, 20
    scores = score(normal(0, images, dims), normal(1, images, dims), StyleDiffConfig(bootstrap=50, self_splits=0))
    for part, bound in ((0.85, False), (1.15, True)):
        shift = np.float32(part * scores.significance.detectable)
        pooled = np.sqrt(1 + shift**2 / 4)
        a, b = (np.random.default_rng(s).standard_normal((4000, images), dtype=np.float32) for s in (2, 3))
        found = (wasserstein(a, b + shift * pooled) / pooled > scores.significance.critical).mean()
        assert (found > 0.8) == bound


def test_only_so_many_splits_of_one_correlated_set_look_different() -> None:
    mix = np.random.default_rng(0).normal(size=(4, 25))
    single, family, together = [], 0, 0
    for seed in range(100):
        rng = np.random.default_rng(seed + 1)
        z = rng.standard_t(4, size=(60, 4)) @ mix + rng.normal(size=(60, 25))
        scores = score(z[:30], z[30:], seed=seed)
        family += scores.significance.p_family.min() <= 0.05
        together += scores.joint.p <= 0.05
        single.append((scores.significance.p_single <= 0.05).mean())
    assert 1 <= family <= 10
    assert 1 <= together <= 10
    assert 0.02 <= np.mean(single) <= 0.08


@pytest.mark.parametrize("paired", [False, True])
def test_frames_of_one_scene_do_not_count_as_many(paired: bool) -> None:
    alarms = 0
    scenes = tuple(f"s{i // 6}" for i in range(60))
    others = scenes if paired else tuple(f"t{i // 6}" for i in range(60))
    for seed in range(100):
        rng = np.random.default_rng(seed)
        a, b = (rng.normal(size=(10, 8)).repeat(6, axis=0) + 0.3 * rng.normal(size=(60, 8)) for _ in range(2))
        scorer = StyleDiff(QUICK, context=Context(seed=seed))
        alarms += (
            scorer.score(latents(a, "dev", groups=scenes), latents(b, "site", groups=others)).significance.p_family.min()
            <= 0.05
        )
    assert 1 <= alarms <= 10


def test_pairs_find_what_separate_scenes_cannot() -> None:
    content = normal(0, 40, 6) * 3
    a, b = content + 0.2 * normal(1, 40, 6), content + 0.2 * normal(2, 40, 6)
    b[:, 0] += 0.5
    scenes = tuple(f"s{i}" for i in range(40))
    paired = StyleDiff(QUICK).score(latents(a, "dev", groups=scenes), latents(b, "site", groups=scenes))
    assert paired.significance.p_family[0] <= 0.05 < paired.significance.p_family[1:].min()
    assert paired.counts["paired_groups"] == 40
    assert score(a, b).significance.p_family[0] > 0.05


def test_halves_of_the_reference_raise_few_alarms_and_few_groups_none() -> None:
    config = StyleDiffConfig(permutations=99, bootstrap=50, self_splits=100)
    scores = score(normal(0, 80, 10), normal(1, 40, 10) + 2, config)
    assert scores.self_test.splits == 100
    assert scores.self_test.alarms <= 10
    few = StyleDiff(config).score(
        latents(normal(0, 80, 4), groups=tuple(f"g{i % 15}" for i in range(80))), latents(normal(1, 80, 4))
    )
    assert (few.self_test.splits, few.self_test.alarms) == (0, 0)
