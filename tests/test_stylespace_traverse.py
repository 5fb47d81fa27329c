"""Traversals: planted channels are found and seen, nothing is invented, and every picture can be made again."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from shiftlens import InputUnusable, SpacesDiffer
from shiftlens.plugin import ALONG, Context, ImageSet, Traversals
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.plugins.stylespace.axis import Axis
from shiftlens.plugins.stylespace.config import StyleConfig, TraverseConfig
from shiftlens.plugins.stylespace.coordinates import coordinates_in
from shiftlens.plugins.stylespace.decode import Decoder, bytes_of
from shiftlens.plugins.stylespace.profile import independent, leading
from shiftlens.plugins.stylespace.traverse import StyleTraverser
from shiftlens.testing import Pictures, TraverserConformance

SAMPLE = runpy.run_path(str(Path(__file__).with_name("style_sample.py")))
PLANTED = "b8.conv0/3"


@pytest.fixture(scope="module")
def model():
    return SAMPLE["model"]()


def pair(model, count: int = 80, **moved: float) -> tuple[ImageSet, ImageSet]:
    """Two sets of random codes; ``moved`` shifts channels of the second by standard deviations."""
    first, second = (SAMPLE["styles_of"](model, count, seed) for seed in (11, 12))
    for channel, size in moved.items():
        place = SAMPLE["place_of"](model, channel)
        second[:, place] += size * first[:, place].std()
    return SAMPLE["made"](model, first, "development"), SAMPLE["made"](model, second, "site")


@pytest.fixture(scope="module")
def planted(model):
    return SAMPLE["finished"](model, *pair(model, **{PLANTED: 2.0}))


def parts_of(outcome) -> tuple:
    sides = outcome.values["development_style"], outcome.values["site_style"]
    return (*outcome.inputs.values(), *sides, outcome.values["style"])


class TestStyleTraverser(TraverserConformance):
    @pytest.fixture
    def traverser(self, model) -> StyleTraverser:
        return StyleTraverser(TraverseConfig(), backbone=model)

    @pytest.fixture
    def compared(self, planted) -> tuple:
        return parts_of(planted)


def test_a_planted_channel_leads_and_is_seen(planted) -> None:
    made = planted.values["style_traversals"]
    first = made.attributes[0]
    assert made.space.dimensions[first.dimension].id == PLANTED
    assert first.visible > 0.05
    assert made.strips[0][:, 0].astype(int).mean() != made.strips[0][:, -1].astype(int).mean()
    layer = max(made.layers, key=lambda layer: layer.largest)
    assert layer.layer == "b8.conv0"


@pytest.mark.parametrize("coordinates", ["w", "ganspace", "sefa"])
def test_other_coordinates_show_their_own_planted_direction(coordinates: str) -> None:
    """A shift along one direction of W, synthesised and encoded exactly, ranks first in these coordinates."""
    plain = SAMPLE["generator"]()
    model = SAMPLE["Model"](plain, SAMPLE["Knowing"](32, plain.w_mean.expand(plain.n_w, -1)))
    config = StyleConfig(coordinates=coordinates, components=8)
    direction = coordinates_in(SAMPLE["encoded"](model, sample(model), config).space, plain)
    sides = []
    for seed, shift, name in ((1, 0.0, "development"), (2, 1.0, "site")):
        z = torch.randn(70, 16, generator=torch.Generator().manual_seed(seed))
        codes = plain.mapping(z)[:, None].repeat(1, plain.n_w, 1)
        spread = direction.values(codes)[:, 2].std()
        codes += 3 * shift * spread * direction.bases[0][2]
        sides.append(SAMPLE["known"](model, codes, name))
    outcome = SAMPLE["finished"](model, *sides, config=config, traverse=TraverseConfig(visible_least=0))
    made = outcome.values["style_traversals"]
    assert made.space.dimensions[made.attributes[0].dimension].id == f"{coordinates}/2"


def sample(model) -> ImageSet:
    return SAMPLE["shelf"]({"0.png": np.zeros((32, 32, 3), np.uint8)}, "sample")


def test_two_sets_of_the_same_codes_claim_nothing(model) -> None:
    made = SAMPLE["finished"](model, *pair(model)).values["style_traversals"]
    assert made.attributes == ()
    assert made.unseen == ()
    assert made.further == ()


def test_splits_of_one_set_rarely_raise_an_alarm(model) -> None:
    """40 random halves of one set of correlated codes at 5 %: 2 alarms are expected, more than 6 come in 1 of 400 trials."""
    whole = SAMPLE["encoded"](model, SAMPLE["made"](model, SAMPLE["styles_of"](model, 100, 21), "dev"))
    alarms = 0
    for seed in range(40):
        order = np.random.default_rng(seed).permutation(100)
        sides = [
            whole.model_copy(
                update={
                    "ids": tuple(whole.ids[i] for i in rows),
                    "groups": tuple(whole.groups[i] for i in rows),
                    "values": whole.values[rows],
                    "error": whole.error[rows],
                }
            )
            for rows in (order[:50], order[50:])
        ]
        scores = StyleDiff(SAMPLE["QUICK"], context=Context(seed=seed)).score(*sides)
        alarms += bool(leading(scores))
    assert alarms <= 6


def test_a_turned_site_closes_the_gate_before_any_claim(model) -> None:
    development, site = pair(model)
    turned = {name: np.ascontiguousarray(np.rot90(pixels)) for name, pixels in site.source.pictures.items()}
    outcome = SAMPLE["finished"](model, development, SAMPLE["shelf"](turned, "site"))
    scores = outcome.values["style"]
    assert scores.gate.closed
    assert scores.gate.share_reference < 0.02 < 0.9 < scores.gate.share_target
    assert "100 %" in scores.gate.reason.en
    assert scores.significance.p_family.min() == scores.joint.p == 1
    assert outcome.values["style_traversals"].attributes == ()


def test_a_traversal_at_an_images_own_value_is_its_reconstruction(model, planted) -> None:
    latents = planted.values["development_style"]
    coordinates = coordinates_in(latents.space, model.generator)
    codes = torch.stack(list(model.encoder.known.values())[:8])
    axis = Axis.single(5, latents.values, planted.values["site_style"].values)
    still = Decoder(model, coordinates).moved(codes, axis, np.zeros(8))
    with torch.inference_mode():
        made = (model.generator.synthesis(w=codes).images.clamp(-1, 1) + 1) / 2
    assert torch.equal(still, made)


def test_a_strip_can_be_made_again_from_what_is_exported(model, planted) -> None:
    """From names, numbers and the backbone alone."""
    made = planted.values["style_traversals"]
    latents = planted.values["development_style"]
    row = next(i for i, start in enumerate(made.attributes[0].rows) if start.side == "reference")
    pixels = planted.inputs["development"].source.pictures[made.attributes[0].rows[row].id]
    code = model.encoder.known[pixels.tobytes()][None]
    facts = made.attributes[0]
    places = {i: SAMPLE["place_of"](model, made.space.dimensions[i].id) for i in facts.members}
    styles = model.generator.styles(code).repeat(5, 1)
    by = torch.tensor(made.values[0]) - styles[:, places[facts.dimension]].double()
    for member, step in zip(facts.members, facts.steps, strict=True):
        styles[:, places[member]] += (step * by).float()
    again = (model.generator.synthesis(styles=styles).images.clamp(-1, 1) + 1) / 2
    difference = bytes_of(again).astype(int) - made.strips[0][row]
    assert np.abs(difference).max() <= 1  # one grey level: batches of another size round differently
    assert latents.space == made.space


def test_all_else_stays_as_one_channel_is_traversed(model, planted) -> None:
    made = planted.values["style_traversals"]
    middle = made.strips[0][:, 2].astype(int)
    assert (np.abs(made.strips[0][:, 4].astype(int) - middle).max(axis=(1, 2, 3)) > 10).all()
    assert made.heat[0].max() > 0.05
    assert made.moves[0].shape[1] == 2
    assert (made.ends[0] > made.starts[0]).all()


def test_a_channel_that_does_not_show_is_listed_as_such_however_large(model) -> None:
    sides = pair(model, **{PLANTED: 3.0})
    made = SAMPLE["finished"](model, *sides, traverse=TraverseConfig(visible_least=1.0)).values["style_traversals"]
    assert [a for a in made.attributes if a.dimension != ALONG] == []
    assert made.space.dimensions[made.unseen[0].dimension].id == PLANTED
    assert made.unseen[0].visible < 1


def test_the_direction_of_the_whole_space_is_shown_where_no_channel_is_clean(model) -> None:
    """Many channels by a little: none is clean, all together are."""
    small = {f"b16.conv{i}/{n}": 0.5 for i in (0, 1) for n in range(12)}
    made = SAMPLE["finished"](model, *pair(model, 150, **small)).values["style_traversals"]
    last = made.attributes[-1]
    assert last.dimension == ALONG
    assert last.auc > 0.7
    assert (np.diff(made.values[-1]) > 0).all()
    assert last.visible > 0.01


def test_a_clean_channel_needs_no_direction_of_the_whole(planted) -> None:
    assert all(a.dimension != ALONG for a in planted.values["style_traversals"].attributes)


def test_a_cluster_is_one_attribute_and_lists_its_members(model) -> None:
    first, second = (SAMPLE["styles_of"](model, 80, seed) for seed in (11, 12))
    one, other = (SAMPLE["place_of"](model, name) for name in (PLANTED, "b32.conv0/4"))
    second[:, one] += 2 * first[:, one].std()
    for side in (first, second):
        side[:, other] = 3 * side[:, one] + 1
    sides = [SAMPLE["made"](model, side, name) for side, name in ((first, "development"), (second, "site"))]
    made = SAMPLE["finished"](model, *sides).values["style_traversals"]
    names = {made.space.dimensions[i].id for i in made.attributes[0].members}
    assert {PLANTED, "b32.conv0/4"} <= names


def test_the_members_of_a_cluster_follow_by_their_slope_inside_the_sets() -> None:
    rng = np.random.default_rng(4)
    sides = []
    for shift in (0.0, 5.0):  # a shift between the sets must not pass for a slope
        lead = rng.normal(size=300)
        sides.append(
            np.stack([lead, 0.5 * lead + 0.1 * rng.normal(size=300) + shift, rng.normal(size=300)], 1).astype(np.float32)
        )
    axis = Axis.together(0, (0, 1), *sides)
    within = np.concatenate([side - side.mean(0) for side in sides])
    plain = np.polyfit(within[:, 0], within[:, 1], 1)[0]
    np.testing.assert_allclose(axis.step, [1, plain, 0], rtol=1e-4)
    assert plain == pytest.approx(0.5, abs=0.02)


def test_the_direction_of_the_whole_leads_from_mean_to_mean(planted) -> None:
    scores = planted.values["style"]
    sides = [planted.values[f"{name}_style"].values for name in ("development", "site")]
    axis = Axis.along(scores, *sides)
    way = (sides[1].mean(0) - sides[0].mean(0)) * np.clip(1 - (scores.effects.noise / scores.effects.size) ** 2, 0, 1)
    assert np.corrcoef(axis.step, way)[0, 1] == pytest.approx(1)
    assert axis.step @ axis.reading == pytest.approx(1)


def test_the_number_of_independent_dimensions_is_that_of_the_eigenvalues(planted) -> None:
    scores, sides = planted.values["style"], [planted.values[f"{n}_style"].values for n in ("development", "site")]
    within = np.concatenate([side - side.mean(0) for side in sides])
    values = np.linalg.eigvalsh(np.corrcoef(within.T))
    assert independent(scores, sides) == pytest.approx(values.sum() ** 2 / (values**2).sum(), rel=1e-3)


def test_pictures_are_kept_no_larger_than_asked(planted, model) -> None:
    made = StyleTraverser(TraverseConfig(picture=16), backbone=model).traverse(*parts_of(planted))
    assert made.strips.shape[-3:] == (16, 16, 3)
    assert made.heat.shape[-2:] == (16, 16)


def test_another_backbone_is_refused(model, planted) -> None:
    with pytest.raises(SpacesDiffer, match="backbone None, this one is other"):
        StyleTraverser(backbone=model, context=Context(backbone_digest="other")).traverse(*parts_of(planted))


def test_scores_of_other_latents_are_refused(model, planted) -> None:
    *rest, reference, target, scores = parts_of(planted)
    strange = reference.model_copy(update={"space": reference.space.model_copy(update={"key": "other"})})
    with pytest.raises(SpacesDiffer, match="not of these latents"):
        StyleTraverser(backbone=model).traverse(*rest, strange, target, scores)


def test_images_that_are_gone_are_left_out_and_none_left_is_an_error(model, planted) -> None:
    development, site, *rest = parts_of(planted)
    some = dict(list(site.source.pictures.items())[:3])
    few = ImageSet(
        "site", site.refs, Pictures({name: site.source.picture(ref) for ref in site.refs if (name := ref.id) in some})
    )
    made = StyleTraverser(backbone=model).traverse(development, few, *rest)
    assert {row.id for row in made.attributes[0].rows if row.side == "target"} <= set(some)
    with pytest.raises(InputUnusable, match="can be read any more"):
        StyleTraverser(backbone=model).traverse(development, ImageSet("site", site.refs, Pictures({})), *rest)


def test_a_traversal_is_whole_after_storage(planted) -> None:
    made = planted.values["style_traversals"]
    data, arrays = made.parts()
    assert Traversals.join(data, arrays).attributes == made.attributes
