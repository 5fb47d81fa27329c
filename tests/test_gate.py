"""The gate before decoded spaces: codes that cannot speak for images claim nothing, whoever scores them."""

from __future__ import annotations

import numpy as np
import pytest

from shiftlens.framework.host.host import discover
from shiftlens.framework.running.outputs import checked
from shiftlens.plugin import AttributeScores, Latents, gate_of
from shiftlens.plugins.baselines.welch import Welch
from shiftlens.plugins.stylediff.config import StyleDiffConfig
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.specs.errors import PromiseBroken
from shiftlens.testing import sample_latents

QUICK = StyleDiffConfig(permutations=199, bootstrap=50, self_splits=0)


def latents(errors: np.ndarray, *, shift: float = 0.0, seed: int = 0, name: str = "a", limit: float | None = 0.1) -> Latents:
    plain = sample_latents(len(errors), 5, shift=shift, seed=seed, name=name)
    space = plain.space.model_copy(update={"error_limit": limit})
    return plain.model_copy(update={"space": space, "error": errors.astype(np.float32)})


def errors(seed: int, count: int = 80, low: float = 0.0, high: float = 0.09) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, count)


def test_latents_without_errors_have_no_gate() -> None:
    scores = StyleDiff(QUICK).score(sample_latents(name="a"), sample_latents(seed=1, name="b"))
    assert scores.gate is None


@pytest.mark.parametrize("scorer", [StyleDiff(QUICK), Welch()], ids=["stylediff", "welch"])
def test_behind_a_closed_gate_no_scorer_claims_anything(scorer) -> None:
    known, strange = latents(errors(0)), latents(errors(1) + 0.2, shift=3, seed=1, name="b")
    scores = scorer.score(known, strange)
    assert scores.gate.closed
    for p in (
        scores.significance.p_family,
        scores.significance.p_single,
        scores.significance.q_bh,
        scores.significance.q_by,
        np.array(scores.joint.p),
    ):
        assert np.asarray(p).min() == 1
    assert set(scores.effects.tag) == {"common"}


@pytest.mark.parametrize("scorer", [StyleDiff(QUICK), Welch()], ids=["stylediff", "welch"])
def test_an_open_gate_changes_nothing(scorer) -> None:
    a, b = latents(errors(0)), latents(errors(1), shift=2, seed=1, name="b")
    with_errors = scorer.score(a, b)
    without = scorer.score(*(side.model_copy(update={"error": None}) for side in (a, b)))
    assert not with_errors.gate.closed
    np.testing.assert_array_equal(with_errors.significance.p_family, without.significance.p_family)
    np.testing.assert_array_equal(with_errors.effects.rank, without.effects.rank)


@pytest.mark.parametrize(("above", "closed"), [(0, False), (8, False), (9, True), (80, True)])
def test_it_closes_where_more_than_a_tenth_of_a_side_is_unknown(above: int, closed: bool) -> None:
    mixed = np.concatenate([np.full(above, 0.3), np.full(80 - above, 0.05)])
    for sides in ((latents(mixed), latents(errors(1))), (latents(errors(1)), latents(mixed))):
        found = gate_of(*sides)
        assert found.closed is closed
        assert max(found.share_reference, found.share_target) == above / 80


def test_the_sentence_names_the_sides_that_are_unknown_and_their_shares() -> None:
    strange = latents(np.full(80, 0.3))
    site = gate_of(latents(errors(0)), strange).reason
    assert "100 % of the site images are reconstructed worse than 99 % of what it was made for" in site.en
    assert "現場データの 100 %" in site.ja
    both = gate_of(strange, strange).reason
    assert "100 % of the development images and 100 % of the site images" in both.en


def test_errors_of_one_kind_are_no_warning_and_of_two_kinds_are() -> None:
    alike = StyleDiff(QUICK).score(latents(errors(0)), latents(errors(1), seed=1, name="b")).gate
    apart = StyleDiff(QUICK).score(latents(errors(0)), latents(errors(1, low=0.03), seed=1, name="b")).gate
    assert alike.p > 0.05
    assert alike.reason is None
    assert apart.p < 0.05
    assert apart.closed is False
    assert "unequally well" in apart.reason.en


def test_the_test_of_the_errors_exchanges_whole_groups() -> None:
    """Ten frames of each of eight scenes: scenes differ, the sides do not."""
    false = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sides = []
        for name in ("a", "b"):
            scene = rng.uniform(0.02, 0.08, 8).repeat(10) + rng.normal(0, 0.001, 80)
            groups = tuple(f"{name}{i // 10}" for i in range(80))
            sides.append(latents(scene, seed=seed, name=name).model_copy(update={"groups": groups}))
        false += StyleDiff(QUICK).score(*sides).gate.p < 0.05
    assert false <= 4


def test_without_a_limit_nothing_is_closed_and_that_is_said() -> None:
    found = gate_of(latents(errors(0), limit=None), latents(np.full(80, 9.0), limit=None))
    assert found.closed is False
    assert found.share_target is None
    assert "nothing says whether it knows these" in found.reason.en


def test_errors_stay_with_their_images_as_shards_are_joined() -> None:
    whole = latents(errors(0))
    parts = [
        whole.model_copy(
            update={"ids": whole.ids[s], "groups": whole.groups[s], "values": whole.values[s], "error": whole.error[s]}
        )
        for s in (slice(0, 30), slice(30, 80))
    ]
    np.testing.assert_array_equal(Latents.concatenate(parts).error, whole.error)
    bare = [part.model_copy(update={"error": None}) for part in parts]
    assert Latents.concatenate(bare).error is None


def test_an_encoder_that_gives_other_errors_than_one_an_image_is_named() -> None:
    offer = next(o for o in discover().offers if o.role == "encoder")
    for wrong in (np.zeros(3), np.full(80, np.nan)):
        with pytest.raises(PromiseBroken, match=r"Latents\.error"):
            checked(offer, latents(errors(0)).model_copy(update={"error": wrong}), {"images": _Named()})


class _Named:
    refs = ()


def test_scores_keep_their_gate_through_storage() -> None:
    scores = StyleDiff(QUICK).score(latents(errors(0)), latents(errors(1) + 0.2, name="b"))
    assert AttributeScores.join(*scores.parts()).gate == scores.gate
