"""The style space: codes, coordinates and what they promise."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from shiftlens import BackboneUnusable, SpacesDiffer, UsageError
from shiftlens.plugin import Context, ImageSet, Latents, reconstruction_error
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.plugins.stylegan2.small import SmallEncoder
from shiftlens.plugins.stylespace import ganspace, sefa
from shiftlens.plugins.stylespace.axis import Axis
from shiftlens.plugins.stylespace.config import StyleConfig
from shiftlens.plugins.stylespace.coordinates import coordinates_in, coordinates_of
from shiftlens.plugins.stylespace.encoder import StyleSpaceEncoder
from shiftlens.testing import EncoderConformance

SAMPLE = runpy.run_path(str(Path(__file__).with_name("style_sample.py")))
EVERY = [
    StyleConfig(),
    StyleConfig(channels="rgb"),
    StyleConfig(channels="all"),
    StyleConfig(coordinates="w"),
    StyleConfig(coordinates="w", ranges=((0, 2), (3, 7))),
    StyleConfig(coordinates="ganspace", components=5),
    StyleConfig(coordinates="sefa", components=4, ranges=((0, 3), (4, 7))),
]
IDS = ["conv", "rgb", "all", "w", "w-ranges", "ganspace", "sefa-ranges"]


@pytest.fixture(scope="module")
def generator():
    return SAMPLE["generator"]()


@pytest.fixture(scope="module")
def model():
    return SAMPLE["model"]()


@pytest.fixture(scope="module")
def codes(generator):
    w = generator.mapping(torch.randn(12, 8, 16, generator=torch.Generator().manual_seed(5)).flatten(0, 1))
    return w.reshape(12, 8, 16)


def latents(values: np.ndarray, like: Latents) -> Latents:
    ids = tuple(f"{i}" for i in range(len(values)))
    error = np.zeros(len(values), np.float32)
    return like.model_copy(update={"ids": ids, "groups": ids, "values": values.astype(np.float32), "error": error})


class TestStyleSpaceEncoder(EncoderConformance):
    @pytest.fixture
    def encoder(self, generator) -> StyleSpaceEncoder:
        torch.manual_seed(1)
        small = SmallEncoder(32, 16, channel_base=512, channel_max=12).eval().requires_grad_(False)
        return StyleSpaceEncoder(StyleConfig(), backbone=SAMPLE["Model"](generator, small))


@pytest.mark.parametrize("config", EVERY, ids=IDS)
def test_the_coordinates_of_a_space_are_read_off_its_names(model, config: StyleConfig, codes: torch.Tensor) -> None:
    found = SAMPLE["encoded"](model, sample(), config)
    again = coordinates_in(found.space, model.generator)
    assert again.dimensions == found.space.dimensions
    seen = model.encoder.encode(torch.zeros(4, 3, 32, 32))
    np.testing.assert_array_equal(again.values(seen), found.values)


@pytest.mark.parametrize("config", EVERY, ids=IDS)
def test_a_code_moves_by_what_is_asked_and_along_nothing_else(generator, config: StyleConfig, codes: torch.Tensor) -> None:
    """Every coordinate is linear in the styles, so the styles of a move are those of the code plus those of the step."""
    made = coordinates_of(config, generator)
    change = torch.randn(12, len(made.dimensions), generator=torch.Generator().manual_seed(2))
    zero = torch.zeros_like(change)
    assert torch.equal(made.styles(codes, zero), generator.styles(codes))
    half = made.styles(codes, change / 2) - generator.styles(codes)
    whole = made.styles(codes, change) - generator.styles(codes)
    torch.testing.assert_close(whole, 2 * half, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["w", "ganspace", "sefa"])
def test_a_moved_code_reads_back_as_moved(generator, name: str, codes: torch.Tensor) -> None:
    made = coordinates_of(StyleConfig(coordinates=name, ranges=((0, 3), (4, 7)), components=6), generator)
    change = torch.randn(12, len(made.dimensions), generator=torch.Generator().manual_seed(3))
    steps = change.split([len(basis) for basis in made.bases], dim=1)
    moved = codes.clone()
    for (first, last), basis, step in zip(made.ranges, made.bases, steps, strict=True):
        moved[:, first : last + 1] += (step @ basis)[:, None]
    torch.testing.assert_close(made.values(moved), made.values(codes) + change, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(made.styles(codes, change), generator.styles(moved))


def test_channels_are_named_by_layer_in_the_order_in_which_they_run(generator) -> None:
    made = coordinates_of(StyleConfig(channels="conv"), generator)
    layers = list(dict.fromkeys(d.layer for d in made.dimensions))
    assert layers == ["b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1", "b32.conv0", "b32.conv1"]
    assert made.dimensions[0].id == "b4.conv1/0"
    assert coordinates_of(StyleConfig(channels="rgb"), generator).dimensions[-1].id == "b32.torgb/11"


def test_channels_are_the_styles_of_their_layers(generator, codes: torch.Tensor) -> None:
    styles = generator.styles(codes)
    assert torch.equal(coordinates_of(StyleConfig(), generator).values(codes), styles)
    parts = styles.split([layer.width for layer in generator.layers], dim=1)
    for kind in ("conv", "rgb"):
        kept = [part for part, layer in zip(parts, generator.layers, strict=True) if layer.kind == kind]
        assert torch.equal(coordinates_of(StyleConfig(channels=kind), generator).values(codes), torch.cat(kept, dim=1))


def test_changing_a_channel_leaves_earlier_features_bit_identical(generator, codes: torch.Tensor) -> None:
    made = coordinates_of(StyleConfig(), generator)
    index = next(i for i, d in enumerate(made.dimensions) if d.id == "b16.conv0/3")
    change = torch.zeros(12, len(made.dimensions))
    change[:, index] = 2.0
    names = [layer.name for layer in generator.layers if layer.kind == "conv"]
    before, after = (
        generator.synthesis(styles=made.styles(codes, step), capture=names) for step in (torch.zeros_like(change), change)
    )
    same = [name for name in names if torch.equal(before.features[name], after.features[name])]
    assert same == names[: names.index("b16.conv0")]
    assert not torch.equal(before.images, after.images)


def test_a_picture_is_a_continuous_function_of_a_channel(generator, codes: torch.Tensor) -> None:
    made = coordinates_of(StyleConfig(), generator)
    unit = torch.zeros(12, len(made.dimensions))
    unit[:, 20] = 1.0
    steps = [
        (generator.synthesis(styles=made.styles(codes, size * unit)).images - generator.synthesis(w=codes).images).abs().max()
        for size in (1e-1, 1e-2, 1e-3)
    ]
    assert steps[0] > steps[1] > steps[2]
    assert steps[2] < 0.02 * steps[0] + 1e-4


def test_ganspace_is_the_singular_vectors_of_mapped_codes(generator) -> None:
    mean, basis = ganspace.components(generator, 6)
    z = torch.randn(ganspace.SAMPLES, 16, generator=torch.Generator().manual_seed(ganspace.SEED))
    w = generator.mapping(z).double().numpy()
    _, _, plain = np.linalg.svd(w - w.mean(0), full_matrices=False)
    np.testing.assert_allclose(mean, w.mean(0), atol=1e-6)
    np.testing.assert_allclose(np.abs(basis.numpy() @ plain[:6].T), np.eye(6), atol=1e-4)


def test_sefa_is_the_eigenvectors_of_the_normalised_style_weights(generator) -> None:
    basis = sefa.directions(generator, range(8), 5).numpy()
    stacked = np.concatenate([run.conv.modulation(torch.eye(16)).numpy() - run.conv.modulation(torch.zeros(16, 16)).numpy()
                              for run in generator._runs], axis=1)  # fmt: skip
    stacked = stacked / np.linalg.norm(stacked, axis=0, keepdims=True)
    values, vectors = np.linalg.eig(stacked @ stacked.T)
    plain = vectors[:, np.argsort(-values)[:5]].T
    np.testing.assert_allclose(np.abs(basis @ plain.T), np.eye(5), atol=1e-3)


def test_sefa_of_a_range_looks_at_its_layers_alone(generator) -> None:
    early = sefa.directions(generator, range(2), 3)
    assert not torch.allclose(early, sefa.directions(generator, range(8), 3))
    torch.testing.assert_close(early @ early.T, torch.eye(3, dtype=torch.float64))


def test_a_range_beyond_the_codes_is_refused(generator) -> None:
    with pytest.raises(UsageError, match=r"\[4, 9\]"):
        coordinates_of(StyleConfig(coordinates="w", ranges=((4, 9),)), generator)


def test_a_space_of_another_generator_is_refused(model) -> None:
    space = SAMPLE["encoded"](model, sample()).space
    with pytest.raises(SpacesDiffer, match="not those of this generator"):
        coordinates_in(space, SAMPLE["generator"](size=64))
    with pytest.raises(SpacesDiffer, match="'features'"):
        coordinates_in(space.model_copy(update={"encoder": "features"}), model.generator)


@pytest.mark.parametrize("name", ["w.w5-3/0", "w.w0-40/0", "ganspace.w9-9/3", "b4.conv9/0"])
def test_a_space_that_names_what_cannot_be_is_refused(model, name: str) -> None:
    space = SAMPLE["encoded"](model, sample()).space
    strange = space.model_copy(update={"dimensions": (space.dimensions[0].model_copy(update={"id": name}),)})
    with pytest.raises(SpacesDiffer, match="not those of this generator"):
        coordinates_in(strange, model.generator)


def test_a_generator_without_an_encoder_is_refused_with_the_way_out(generator) -> None:
    with pytest.raises(BackboneUnusable) as caught:
        StyleSpaceEncoder(StyleConfig(), backbone=SAMPLE["Model"](generator, None)).encode(sample())
    assert "shiftlens fit" in caught.value.hint


def test_codes_that_are_no_numbers_are_refused(generator) -> None:
    class Broken:
        size = 32

        def encode(self, images: torch.Tensor) -> torch.Tensor:
            return torch.full((len(images), 8, 16), torch.nan)

    with pytest.raises(BackboneUnusable, match="no finite numbers"):
        StyleSpaceEncoder(StyleConfig(), backbone=SAMPLE["Model"](generator, Broken())).encode(sample())


def test_an_exact_encoder_finds_the_styles_and_no_error(model) -> None:
    styles = SAMPLE["styles_of"](model, 10, 4)
    found = SAMPLE["encoded"](model, SAMPLE["made"](model, styles, "dev"), StyleConfig(channels="all"))
    np.testing.assert_array_equal(found.values, styles.numpy())
    assert found.error is not None
    assert found.error.max() < 2 / 255
    assert found.space.error_limit == model.error_limit


@pytest.mark.parametrize("workers", [1, 2])
def test_codes_do_not_depend_on_the_number_of_threads(generator, workers: int) -> None:
    torch.manual_seed(1)
    small = SmallEncoder(32, 16, channel_base=512, channel_max=12).eval().requires_grad_(False)
    made = StyleSpaceEncoder(backbone=SAMPLE["Model"](generator, small), context=Context(workers=workers)).encode(sample(20))
    again = StyleSpaceEncoder(backbone=SAMPLE["Model"](generator, small), context=Context(workers=1)).encode(sample(20))
    np.testing.assert_array_equal(made.values, again.values)
    np.testing.assert_array_equal(made.error, again.error)


def test_the_error_is_that_of_pictures_averaged_two_by_two() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2, 3, 3, 8, 8))
    blocks = [((x + 1) / 2).reshape(3, 3, 4, 2, 4, 2).mean((3, 5)) for x in (a, b)]
    plain = np.sqrt(((blocks[0] - blocks[1]) ** 2).mean((1, 2, 3)))
    found = reconstruction_error(torch.from_numpy(a), torch.from_numpy(b))
    np.testing.assert_allclose(found, plain, rtol=1e-12)


def test_pictures_of_two_sizes_are_held_at_the_smaller() -> None:
    small = torch.rand(2, 3, 8, 8) * 2 - 1
    large = small.repeat_interleave(4, -1).repeat_interleave(4, -2)
    assert reconstruction_error(large, small).max() < 1e-6


def sample(count: int = 4) -> ImageSet:
    rng = np.random.default_rng(7)
    return SAMPLE["shelf"]({f"{i}.png": rng.integers(0, 255, (32, 32, 3), dtype=np.uint8) for i in range(count)}, "sample")


@pytest.fixture(scope="module")
def two(model) -> tuple[Latents, Latents]:
    sides = [SAMPLE["made"](model, SAMPLE["styles_of"](model, n, seed), name) for n, seed, name in ((60, 1, "a"), (45, 2, "b"))]
    return tuple(SAMPLE["encoded"](model, side) for side in sides)


def test_a_set_of_styles_does_not_differ_from_itself_reordered(two) -> None:
    order = np.random.default_rng(0).permutation(60)
    scores = StyleDiff(SAMPLE["QUICK"]).score(two[0], latents(two[0].values[order], two[0]))
    assert (scores.effects.size == 0).all()


def test_swapping_the_sides_keeps_effects_and_turns_directions(two) -> None:
    there, back = (StyleDiff(SAMPLE["QUICK"]).score(*sides) for sides in (two, two[::-1]))
    np.testing.assert_allclose(there.effects.size, back.effects.size, rtol=1e-6)
    np.testing.assert_allclose(there.effects.direction, -back.effects.direction, atol=1e-6)


def test_effects_of_styles_are_those_of_scipy(two) -> None:
    scores = StyleDiff(SAMPLE["QUICK"]).score(*two)
    z = [(side.values.astype(float) - scores.effects.mean) / scores.effects.sigma for side in two]
    plain = [wasserstein_distance(z[0][:, i], z[1][:, i]) for i in range(len(scores.effects.size))]
    np.testing.assert_allclose(scores.effects.size, plain, rtol=1e-5, atol=1e-7)
    moved = (z[1].mean(0) - z[0].mean(0)).astype(float)
    assert (np.abs(moved) <= scores.effects.size + 1e-6).all()
    pure = np.abs(scores.effects.direction) > 1 - 1e-9
    np.testing.assert_allclose(np.abs(moved)[pure], scores.effects.size[pure], rtol=1e-4)


def test_the_scale_of_a_channel_does_not_matter(two) -> None:
    rng = np.random.default_rng(1)
    scale, offset = rng.uniform(0.01, 100, (2, two[0].values.shape[1]))
    moved = [latents(side.values * scale + offset, side) for side in two]
    plain, other = (StyleDiff(SAMPLE["QUICK"]).score(*sides) for sides in (two, moved))
    np.testing.assert_allclose(other.effects.size, plain.effects.size, rtol=1e-3)


def test_an_axis_carries_ranks_and_never_turns_their_order() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(50, 1)).astype(np.float32), rng.exponential(size=(80, 1)).astype(np.float32)
    axis = Axis.single(0, a, b)
    carried = axis.carried(np.sort(axis.reference))
    assert (np.diff(carried) >= 0).all()
    np.testing.assert_allclose(carried[[0, -1]], [b.min(), b.max()], rtol=1e-6)
    wins = (b[:, 0][None] > a[:, 0][:, None]).mean()
    assert axis.separation() == pytest.approx(wins)
