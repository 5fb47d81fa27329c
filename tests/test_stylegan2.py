"""The StyleGAN2 family: published counts, plain references of its maths, S, injection, bad weights."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from shiftlens import BackboneSpec, BackboneUnusable, ShiftlensError, UsageError
from shiftlens.plugins.stylegan2.family import Stylegan2Family
from shiftlens.plugins.stylegan2.generator import Generator
from shiftlens.plugins.stylegan2.layers import style_layers
from shiftlens.plugins.stylegan2.losses import path_lengths
from shiftlens.plugins.stylegan2.modulated import ModulatedConv, doubled

SMALL = {"size": 32, "w_dim": 24, "mapping": 3, "channel_base": 256, "channel_max": 24}
F_TOTALS = {32: (11, 5632, 3584), 64: (14, 7168, 4608), 128: (17, 8192, 5376), 256: (20, 8704, 5760), 512: (23, 8960, 5952),
            1024: (26, 9088, 6048)}  # fmt: skip
HALF_TOTALS = {32: (11, 5632, 3584), 64: (14, 6656, 4352), 128: (17, 7168, 4736), 256: (20, 7424, 4928), 512: (23, 7552, 5024),
               1024: (26, 7616, 5072)}  # fmt: skip
"""By resolution: layers, channels of S, those of convolutions alone (StyleSpace's table)."""


@pytest.fixture(scope="module")
def straightforward() -> ModuleType:
    """The benchmark's generator: one group of a convolution for each image, after the papers' formulas."""
    place = Path(__file__).parent.parent / "benchmarks" / "style_generator.py"
    spec = importlib.util.spec_from_file_location("style_generator", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lively(seed: int = 0, **values: int) -> Generator:
    """Make a generator none of whose tensors is zero or one throughout."""
    torch.manual_seed(seed)
    network = Generator(**(SMALL | values)).eval().requires_grad_(False)
    for name, tensor in network.state_dict().items():
        if name.endswith(("bias", "noise.weight", "latent_avg")):
            tensor.add_(0.3 * torch.randn_like(tensor))
    return network


@pytest.fixture(scope="module")
def network() -> Generator:
    return lively()


@pytest.fixture(scope="module")
def w(network: Generator) -> Tensor:
    return torch.randn(3, network.n_w, network.w_dim, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("base", "totals"), [(32768, F_TOTALS), (16384, HALF_TOTALS)])
def test_s_has_the_published_widths(base: int, totals: dict[int, tuple[int, int, int]]) -> None:
    for size, (count, total, conv) in totals.items():
        layers = style_layers(size, base, 512)
        assert len(layers) == count == 3 * int(math.log2(size)) - 4
        assert sum(layer.width for layer in layers) == total
        assert sum(layer.width for layer in layers if layer.kind == "conv") == conv


def test_layers_run_and_take_their_codes_in_the_published_order() -> None:
    layers = style_layers(1024, 32768, 512)
    assert [number for number, layer in enumerate(layers) if layer.kind == "rgb"] == list(range(1, 26, 3))
    for power in range(3, 11):
        up, conv, rgb = layers[3 * power - 7 : 3 * power - 4]
        side = 2**power
        assert (up.name, conv.name, rgb.name) == (f"b{side}.conv0", f"b{side}.conv1", f"b{side}.torgb")
        assert (up.w, conv.w, rgb.w) == (2 * power - 5, 2 * power - 4, 2 * power - 3)
        widths = min(512, 32768 * 2 // side), min(512, 32768 // side), min(512, 32768 // side)
        assert (up.width, conv.width, rgb.width) == widths
    assert [(layer.name, layer.w, layer.width) for layer in layers[:2]] == [("b4.conv1", 0, 512), ("b4.torgb", 1, 512)]
    assert max(layer.w for layer in layers) == 17


@pytest.mark.parametrize(
    ("size", "base", "count"),
    [
        (1024, 32768, 30_370_060),
        (512, 32768, 30_276_583),
        (256, 32768, 30_034_338),
        (1024, 16384, 24_900_764),
        (256, 16384, 24_767_458),
    ],
)
def test_there_are_as_many_parameters_as_published(size: int, base: int, count: int) -> None:
    """The published counts leave out noise images and filter kernels, 2,796,432 numbers at 1024 px; we store no kernels."""
    with torch.device("meta"):
        network = Generator(size, channel_base=base)
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    assert sum(parameter.numel() for parameter in network.style.parameters()) == 2_101_248
    kernels = 2 * int(math.log2(size)) - 4
    if size == 1024:
        assert sum(noise.numel() for noise in network.noises.buffers()) + 16 * kernels == 2_796_432
    assert len(network.state_dict()) - 1 + kernels == {256: 135, 512: 153, 1024: 171}[size]


@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("demodulate", [False, True])
def test_a_modulated_convolution_is_that_of_one_group_an_image(straightforward: ModuleType, up: bool, demodulate: bool) -> None:
    torch.manual_seed(2)
    conv = ModulatedConv(6, 5, 3, 8, up=up, demodulate=demodulate)
    x, style = torch.randn(4, 6, 7, 7), torch.randn(4, 6)
    wanted = straightforward.convolved(x, conv.weight[0], style, up=up, demodulate=demodulate)
    assert wanted.shape == (4, 5, 14, 14) if up else (4, 5, 7, 7)
    assert (conv(x, style) - wanted).abs().max() < 1e-5


@pytest.mark.parametrize("up", [False, True])
def test_a_modulated_convolution_is_the_sum_that_the_paper_writes(up: bool) -> None:
    """With loops over places: zeros between pixels and a true convolution where it doubles, then (1, 3, 3, 1) both ways."""
    torch.manual_seed(3)
    conv = ModulatedConv(3, 2, 3, 8, up=up)
    x, style = torch.randn(1, 3, 5, 5), torch.randn(1, 3)
    weight = conv.weight[0].detach().double().numpy() / math.sqrt(3 * 9) * style[0].double().numpy()[:, None, None]
    weight /= np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
    taps, pixels = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16, x[0].double().numpy()
    if up:
        wide = np.zeros((3, 9, 9))
        wide[:, ::2, ::2] = pixels
        full = correlated(np.pad(wide, ((0, 0), (2, 2), (2, 2))), weight[:, :, ::-1, ::-1])
        wanted = np.concatenate([correlated(np.pad(row, 1)[None], taps[None, None]) for row in full])
    else:
        wanted = correlated(np.pad(pixels, ((0, 0), (1, 1), (1, 1))), weight)
    assert np.abs(conv(x, style)[0].detach().numpy() - wanted).max() < 1e-5


def correlated(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    rows, columns = (x.shape[i + 1] - weight.shape[i + 2] + 1 for i in (0, 1))
    side = weight.shape[-1]
    return np.array([
        [[(x[:, r : r + side, c : c + side] * kernel).sum() for c in range(columns)] for r in range(rows)] for kernel in weight
    ])  # fmt: skip


def test_a_picture_is_doubled_about_its_middle(straightforward: ModuleType) -> None:
    picture = torch.randn(2, 3, 6, 6)
    assert (doubled(picture) - straightforward.doubled(picture)).abs().max() < 1e-5
    assert doubled(torch.ones(1, 3, 6, 6))[:, :, 1:-1, 1:-1] == pytest.approx(torch.ones(1, 3, 10, 10), abs=1e-6)
    assert (doubled(picture.flip(3)).flip(3) - doubled(picture)).abs().max() < 1e-5


def test_images_are_those_of_the_straightforward_generator(straightforward: ModuleType, network: Generator, w: Tensor) -> None:
    wanted = straightforward.grouped(dict(network.state_dict()), w)
    assert (network.synthesis(w=w).images - wanted).abs().max() < 1e-5 * wanted.abs().max()


def test_s_is_the_affine_image_of_each_layers_code(network: Generator, w: Tensor) -> None:
    parts = network.styles(w).split([layer.width for layer in network.layers], dim=1)
    blocks = {"b4.conv1": "conv1", "b4.torgb": "to_rgb1", "b8.conv0": "convs.0", "b16.torgb": "to_rgbs.1"}
    tensors = network.state_dict()
    for layer, part in zip(network.layers, parts, strict=True):
        if layer.name in blocks:
            at = f"{blocks[layer.name]}.conv.modulation"
            plain = w[:, layer.w] @ tensors[f"{at}.weight"].T / math.sqrt(24) + tensors[f"{at}.bias"]
            assert (part - plain).abs().max() < 1e-5


@pytest.mark.parametrize("size", [16, 64])
def test_images_of_s_are_those_of_its_codes(size: int) -> None:
    network = lively(size=size)
    w = torch.randn(2, network.n_w, network.w_dim)
    assert (network.synthesis(styles=network.styles(w)).images - network.synthesis(w=w).images).abs().max() < 1e-5
    one = torch.randn(2, network.w_dim)
    assert torch.equal(network.synthesis(w=one).images, network.synthesis(w=one[:, None].expand(-1, network.n_w, -1)).images)


@pytest.mark.parametrize("changed", ["b4.conv1", "b16.conv0", "b32.conv1"])
def test_one_channel_leaves_earlier_features_alone_and_moves_the_image_continuously(
    network: Generator, w: Tensor, changed: str
) -> None:
    names = [layer.name for layer in network.layers if layer.kind == "conv"]
    widths = [layer.width for layer in network.layers]
    at = [layer.name for layer in network.layers].index(changed)
    styles = network.styles(w)
    before = network.synthesis(styles=styles, capture=names)

    def moved(by: float) -> float:
        other = styles.clone()
        other[:, sum(widths[:at]) + 1] += by
        after = network.synthesis(styles=other, capture=names)
        for name in names:
            same = torch.equal(after.features[name], before.features[name])
            assert same == (names.index(name) < names.index(changed)), name
        return float((after.images - before.images).abs().max())

    steps = [moved(by) for by in (1e-3, 1e-2, 1e-1)]
    assert steps[0] < 1e-2 * before.images.abs().max()
    assert 5 < steps[1] / steps[0] < 20
    assert 5 < steps[2] / steps[1] < 20


def test_a_layers_own_feature_put_back_changes_no_bit(network: Generator, w: Tensor) -> None:
    names = [layer.name for layer in network.layers if layer.kind == "conv"]
    plain = network.synthesis(w=w, capture=names)
    for name in names:
        assert torch.equal(network.synthesis(w=w, inject={name: plain.features[name]}).images, plain.images), name


def test_a_feature_that_is_put_in_replaces_what_was_before_it(network: Generator, w: Tensor) -> None:
    last = "b32.conv1"
    other = network.synthesis(w=w.flip(0), capture=[last]).features[last]
    made = network.synthesis(w=w, inject={last: other}, capture=[last])
    assert torch.equal(made.features[last], other)
    assert not torch.equal(made.images, network.synthesis(w=w).images)


def test_synthesis_stops_where_it_is_told(network: Generator, w: Tensor) -> None:
    found = network.synthesis(w=w, capture=["b8.conv1", "b16.conv0"], until="b16.conv0")
    assert found.images.shape == (0, 3, 32, 32)
    assert set(found.features) == {"b8.conv1", "b16.conv0"}
    assert found.features["b16.conv0"].shape == (3, 16, 16, 16)


def test_noise_is_fixed_fresh_or_none(network: Generator, w: Tensor) -> None:
    fixed, none = network.synthesis(w=w).images, network.synthesis(w=w, noise="none").images
    assert torch.equal(network.synthesis(w=w).images, fixed)
    torch.manual_seed(0)
    assert not torch.equal(network.synthesis(w=w, noise="random").images, network.synthesis(w=w, noise="random").images)
    silent = lively()
    for name, parameter in silent.named_parameters():
        if name.endswith("noise.weight"):
            parameter.zero_()
    assert torch.equal(silent.synthesis(w=w).images, none)


def test_truncation_pulls_towards_the_mean_code(network: Generator) -> None:
    z = torch.randn(4, network.z_dim)
    w = network.mapping(z)
    assert torch.equal(network.mapping(z, 1.0), w)
    assert (network.mapping(z, 0.5) - (w + network.w_mean) / 2).abs().max() < 1e-6
    assert (network.mapping(z, 0.0) - network.w_mean).abs().max() < 1e-6


def test_the_mapping_is_that_of_the_paper(network: Generator) -> None:
    tensors, z = network.state_dict(), torch.randn(5, network.z_dim)
    x = z / z.square().mean(1, keepdim=True).add(1e-8).sqrt()
    for layer in (1, 2, 3):
        x = x @ tensors[f"style.{layer}.weight"].T * 0.01 / math.sqrt(24) + 0.01 * tensors[f"style.{layer}.bias"]
        x = torch.where(x > 0, x, 0.2 * x) * math.sqrt(2)
    assert (network.mapping(z) - x).abs().max() < 1e-5
    assert (network.mapping(7 * z) - network.mapping(z)).abs().max() < 1e-4


def test_an_image_does_not_depend_on_its_companions(network: Generator) -> None:
    w = torch.randn(8, network.n_w, network.w_dim)
    alone = torch.cat([network.synthesis(w=one).images for one in w.split(1)])
    assert (network.synthesis(w=w).images - alone).abs().max() < 1e-4


def test_synthesis_differentiates_twice(straightforward: ModuleType, network: Generator, w: Tensor) -> None:
    """Path-length regularisation needs the gradient of a gradient; held against that of the straightforward generator."""
    weight = network.convs[0].conv.weight.clone().requires_grad_(True)
    tensors = dict(network.state_dict()) | {"convs.0.conv.weight": weight}
    ways = (
        lambda codes: torch.func.functional_call(Through(network), {"inner.convs.0.conv.weight": weight}, codes),
        lambda codes: straightforward.grouped(tensors, codes),
    )
    gradients = []
    for way in ways:
        torch.manual_seed(5)
        codes = w.clone().requires_grad_(True)
        gradients += torch.autograd.grad(path_lengths(way(codes).contiguous(), codes).sum(), weight)
    assert (gradients[0] - gradients[1]).abs().max() < 1e-4 * gradients[1].abs().max()


class Through(torch.nn.Module):
    """Synthesis as a network's own call."""

    def __init__(self, inner: Generator) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, codes: Tensor) -> Tensor:
        return self.inner.synthesis(w=codes).images


@pytest.mark.parametrize(
    "values",
    [{}, {"size": 16}, {"size": 64, "channel_base": 1000}, {"mapping": 8, "z_dim": 12}, {"size": 128, "channel_base": 100_000}],
)
def test_everything_is_read_off_the_tensors(values: dict[str, int]) -> None:
    network = lively(**values)
    again = Generator.from_tensors(network.state_dict())
    assert again.layers == network.layers
    z = torch.randn(2, network.z_dim)
    images = network.synthesis(w=network.mapping(z, 0.7)).images
    assert torch.equal(again.synthesis(w=again.mapping(z, 0.7)).images, images)


def test_constant_kernels_of_other_programs_are_passed_over(network: Generator, w: Tensor) -> None:
    tensors = dict(network.state_dict()) | {"convs.0.conv.blur.kernel": torch.ones(4, 4)}
    assert torch.equal(Generator.from_tensors(tensors).synthesis(w=w).images, network.synthesis(w=w).images)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("convs.3.activate.bias"), "convs.3.activate.bias is missing"),
        (lambda t: t.pop("noises.noise_2"), "noises.noise_2 is missing"),
        (lambda t: t.pop("latent_avg"), "latent_avg is missing"),
        (lambda t: t.update({"embed.weight": torch.zeros(24, 10)}), "embed.weight is not known"),
        (lambda t: t.update({"to_rgbs.1.bias": torch.zeros(1, 4, 1, 1)}), r"to_rgbs.1.bias is \(1, 4, 1, 1\), expected \(1, 3"),
        (lambda t: t.pop("conv1.conv.weight"), "not the weights of a StyleGAN2 generator"),
        (lambda t: t.clear(), "not the weights of a StyleGAN2 generator"),
    ],
)
def test_weights_that_do_not_fit_are_named(
    network: Generator, change: Callable[[dict[str, Tensor]], object], said: str
) -> None:
    tensors = dict(network.state_dict())
    change(tensors)
    with pytest.raises(BackboneUnusable, match=said):
        Generator.from_tensors(tensors)


def test_a_conditional_model_is_told_so(network: Generator) -> None:
    tensors = dict(network.state_dict()) | {"embed.weight": torch.zeros(24, 10)}
    with pytest.raises(BackboneUnusable) as error:
        Generator.from_tensors(tensors)
    assert "conditional" in error.value.hint


def test_weights_that_are_not_numbers_are_refused(network: Generator, tmp_path: Path) -> None:
    tensors = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    tensors["convs.1.conv.weight"][0, 0, 0, 0, 0] = math.nan
    save_file(tensors, tmp_path / "generator.safetensors")
    spec = BackboneSpec(name="mine", family="stylegan2", source={"path": "."})  # type: ignore[arg-type]
    with pytest.raises(BackboneUnusable, match=r"convs\.1\.conv\.weight"):
        Stylegan2Family().load(spec, {"generator.safetensors": tmp_path / "generator.safetensors"})


@pytest.mark.parametrize("size", [0, 8, 48, 100, 2048])
def test_sizes_that_do_not_exist_are_refused(size: int) -> None:
    with pytest.raises(ShiftlensError, match=f"{size} px"):
        Generator(size)


def test_what_synthesis_cannot_use_is_named(network: Generator, w: Tensor) -> None:
    styles = network.styles(w)
    for call, said in (
        (lambda: network.synthesis(), "one of the two"),
        (lambda: network.synthesis(w=w, styles=styles), "one of the two"),
        (lambda: network.synthesis(w=w[:, :, :5]), r"\(3, 8, 5\)"),
        (lambda: network.synthesis(w=w[:, :3]), r"\(3, 3, 24\)"),
        (lambda: network.synthesis(styles=styles[:, 1:]), "styles of shape"),
        (lambda: network.synthesis(w=w, capture=["b64.conv0"]), "b64.conv0"),
        (lambda: network.synthesis(w=w, capture=["b8.torgb"]), "b8.torgb"),
        (lambda: network.synthesis(w=w, inject={"b8.conv0": torch.zeros(1, 2, 3, 4)}), "b8.conv0"),
    ):
        with pytest.raises(UsageError, match=said):
            call()
