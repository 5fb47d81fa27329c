"""Files of other programs become backbones: bit for bit, with the same images, and what cannot be is refused by name."""

from __future__ import annotations

import math
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from shiftlens import BackboneUnusable
from shiftlens.plugins.stylegan2.generator import Generator
from shiftlens.plugins.stylegan2.imports.export import to_nvidia, to_rosinality

SAMPLES = runpy.run_path(str(Path(__file__).with_name("import_samples.py")))
nvidia_generator, nvidia_pickle, Part = SAMPLES["nvidia_generator"], SAMPLES["nvidia_pickle"], SAMPLES["Part"]
rosinality_generator, rosinality_file = SAMPLES["rosinality_generator"], SAMPLES["rosinality_file"]
imported, generator_of, assert_equal = (SAMPLES[name] for name in ("imported", "generator_of", "assert_equal"))
W, FILTER = SAMPLES["W"], SAMPLES["FILTER"]
BASES = {"f": 64 * W, "half": 32 * W}


def theirs(network: Any) -> dict[str, Tensor]:
    return dict(network.named_parameters()) | dict(network.named_buffers())


@pytest.mark.parametrize("size", [32, 64, 128, 256])
@pytest.mark.parametrize("width", BASES)
@pytest.mark.parametrize("mapping", [2, 8])
def test_nvidia_to_ours_to_rosinality_to_ours_is_bit_exact(tmp_path: Path, size: int, width: str, mapping: int) -> None:
    network = nvidia_generator(size, mapping=mapping, base=BASES[width])
    ours = generator_of(imported(nvidia_pickle(tmp_path / "n.pkl", network)))
    assert_equal(to_nvidia(ours), theirs(network))

    torch.save(to_rosinality(ours), tmp_path / "r.pt")
    written = torch.load(tmp_path / "r.pt", weights_only=True)["g_ema"]
    wanted = rosinality_generator(size, mapping=mapping, base=BASES[width])
    assert {name: t.shape for name, t in written.items()} == {name: t.shape for name, t in wanted.items()}
    assert_equal(generator_of(imported(tmp_path / "r.pt")), ours)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_rosinality_to_ours_and_back_is_bit_exact(tmp_path: Path, size: int, legacy: bool) -> None:
    generator = rosinality_generator(size, mapping=8)
    mean = torch.randn(W)
    found = imported(rosinality_file(tmp_path / "r.pt", legacy=legacy, g_ema=generator, latent_avg=mean))
    assert found.input_size == size
    assert not any("kernel" in name for name in generator_of(found))
    back = to_rosinality(generator_of(found))
    assert_equal(back["g_ema"], generator)
    assert torch.equal(back["latent_avg"], mean)


def test_a_generator_of_published_width_has_the_published_number_of_weights(tmp_path: Path) -> None:
    network = nvidia_generator(256, mapping=8, w_dim=512, base=16384, most=512, fill=0.25)
    found = generator_of(imported(nvidia_pickle(tmp_path / "n.pkl", network)))
    weights = sum(t.numel() for name, t in found.items() if not name.startswith(("noises.", "latent_avg")))
    assert weights == 24_767_458
    Generator.from_tensors(found)


# the images


def drawn_by_nvidia(network: Any, z: Tensor) -> Tensor:
    """NVIDIA's arithmetic in its plainest form: upsampling by zeros and a filter, true convolution, one image."""

    def dense(x: Tensor, part: Any, rate: float = 1.0) -> Tensor:
        return x @ (part.weight * rate / math.sqrt(part.weight.shape[1])).T + part.bias * rate

    def filtered(x: Tensor, before: int, after: int) -> Tensor:
        spread = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
        spread[:, :, ::2, ::2] = x
        channels = x.shape[1]
        kernel = (FILTER * 4).expand(channels, 1, 4, 4)
        return F.conv2d(F.pad(spread, (before, after, before, after)), kernel, groups=channels)

    def rectified(x: Tensor, bias: Tensor) -> Tensor:
        return F.leaky_relu(x + bias.view(1, -1, *[1] * (x.ndim - 2)), 0.2) * math.sqrt(2)

    def layer(x: Tensor, part: Any, w: Tensor, *, up: bool) -> Tensor:
        weight = part.weight * dense(w, part.affine).view(1, -1, 1, 1)
        weight = weight * (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).rsqrt()
        x = F.conv2d(filtered(x, 3, 2), weight.flip(2, 3)) if up else F.conv2d(x, weight, padding=1)
        return rectified(x + part.noise_const * part.noise_strength, part.bias)

    w = z * (z.square().mean() + 1e-8).rsqrt()
    for name, part in network.mapping.named_children():
        assert name.startswith("fc")
        w = F.leaky_relu(dense(w, part, 0.01), 0.2) * math.sqrt(2)
    picture: Tensor | None = None
    x = network.synthesis.b4.const[None]
    for block in network.synthesis.children():
        x = layer(x, block.conv0, w, up=True) if hasattr(block, "conv0") else x
        x = layer(x, block.conv1, w, up=False)
        style = dense(w, block.torgb.affine) / math.sqrt(x.shape[1])
        rgb = F.conv2d(x, block.torgb.weight * style.view(1, -1, 1, 1)) + block.torgb.bias.view(1, -1, 1, 1)
        picture = rgb if picture is None else filtered(picture, 2, 1) + rgb
    assert picture is not None
    return picture


@pytest.mark.parametrize("colours", [3, 1])
@pytest.mark.parametrize("mapping", [2, 8])
def test_an_imported_generator_draws_the_images_of_the_original(tmp_path: Path, mapping: int, colours: int) -> None:
    network = nvidia_generator(64, mapping=mapping, colours=colours)
    ours = Generator.from_tensors(generator_of(imported(nvidia_pickle(tmp_path / "n.pkl", network)))).eval()
    z = torch.randn(W, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        wanted = drawn_by_nvidia(network, z)
        found = ours.synthesis(w=ours.mapping(z[None])).images
    assert found.shape == (1, 3, 64, 64)
    torch.testing.assert_close(found, wanted.expand(1, 3, 64, 64), rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


# NVIDIA


def test_differences_of_the_original_are_noted(tmp_path: Path) -> None:
    network = nvidia_generator()
    network.synthesis.b32.use_fp16, network.synthesis.b32.conv0.conv_clamp = True, 256
    found = imported(nvidia_pickle(tmp_path / "n.pkl", network))
    assert "clamps features at 256" in found.options["note"]
    assert "16 bits" in found.options["note"]
    assert found.options["note"] in found.notes


def test_a_latent_of_another_length_than_a_code_is_kept(tmp_path: Path) -> None:
    found = generator_of(imported(nvidia_pickle(tmp_path / "n.pkl", nvidia_generator(z_dim=W // 2))))
    assert found["style.1.weight"].shape == (W, W // 2)


def conditional(network: Any) -> None:
    network.c_dim = 10
    network.mapping.embed = Part("FullyConnectedLayer", weight=torch.zeros(W, 10), bias=torch.zeros(W))


def stylegan3(network: Any) -> None:
    network.synthesis = Part("SynthesisNetwork")
    network.synthesis.L0_36_512 = Part("SynthesisLayer", weight=torch.zeros(2, 2, 3, 3))


def residual(network: Any) -> None:
    network.synthesis.b8.skip = Part("Conv2dLayer", weight=torch.zeros(W, W, 1, 1))


def other_filter(network: Any) -> None:
    network.synthesis.b8.conv0.resample_filter = torch.ones(4, 4) / 16


def without_a_tensor(network: Any) -> None:
    del network.synthesis.b8.conv1.bias


def misshaped(network: Any) -> None:
    network.synthesis.b8.conv1.bias = torch.nn.Parameter(torch.zeros(W + 1), requires_grad=False)


def damaged(network: Any) -> None:
    network.synthesis.b8.conv1.bias[0] = float("nan")


def integers(network: Any) -> None:
    network.synthesis.b8.conv1.bias = torch.nn.Parameter(torch.zeros(W, dtype=torch.int32), requires_grad=False)


def holds_itself(network: Any) -> None:
    network._modules["self"] = network


def deep(network: Any) -> None:
    for _ in range(20):
        network.inner = Part("Module")
        network = network.inner


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (conditional, "conditional"), (stylegan3, "StyleGAN3"), (residual, "residual"), (other_filter, "another filter"),
        (without_a_tensor, "b8.conv1.bias is missing"), (misshaped, "convs.1.activate.bias is"), (damaged, "NaN"),
        (integers, "int32"), (holds_itself, "deeper"), (deep, "deeper"),
        (lambda n: setattr(n, "c_dim", 3), "conditional"),
        (lambda n: delattr(n.synthesis, "b4"), "no StyleGAN2"),
        (lambda n: n.synthesis.b8.register_buffer("odd", torch.zeros(1)), "'synthesis.b8.odd' is not known"),
    ],
)  # fmt: skip
def test_nvidia_models_that_cannot_be_imported_are_refused_by_name(tmp_path: Path, change: Any, said: str) -> None:
    network = nvidia_generator()
    change(network)
    if change is holds_itself:
        with SAMPLES["nvidia_modules"]():
            path = tmp_path / "n.pkl"
            _pickled_cycle(path)
    else:
        path = nvidia_pickle(tmp_path / "n.pkl", network)
    with pytest.raises(BackboneUnusable, match=said) as error:
        imported(path)
    assert error.value.hint


def _pickled_cycle(path: Path) -> None:
    """A module whose own state lists it as its part, written by hand since Python cannot pickle one."""
    name = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n"
    path.write_bytes(
        b"\x80\x02}X\x05\x00\x00\x00G_ema" + name + b"}q\x01X\x05\x00\x00\x00state}q\x02s\x85Rq\x03"
        b"h\x02X\x08\x00\x00\x00_modules}q\x04s0h\x04X\x01\x00\x00\x00ah\x03s0s."
    )


def test_four_channels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BackboneUnusable, match="1 or 3 channels"):
        imported(nvidia_pickle(tmp_path / "n.pkl", nvidia_generator(colours=4)))


@pytest.mark.parametrize("wrapped", [tuple, lambda nets: {"G_ema": nets[0]}])
def test_tensorflow_pickles_are_refused_with_the_way_out(tmp_path: Path, wrapped: Any) -> None:
    import pickle
    import sys
    from types import ModuleType

    class Network:
        __module__, __qualname__ = "dnnlib.tflib.network", "Network"

        def __init__(self) -> None:
            self.build_module_src = "raise SystemExit"

    modules = {name: ModuleType(name) for name in ("dnnlib", "dnnlib.tflib", "dnnlib.tflib.network")}
    modules["dnnlib.tflib.network"].Network = Network  # type: ignore[attr-defined]
    sys.modules.update(modules)
    try:
        (tmp_path / "t.pkl").write_bytes(pickle.dumps(wrapped([Network(), Network(), Network()])))
    finally:
        for name in modules:
            del sys.modules[name]
    with pytest.raises(BackboneUnusable, match="TensorFlow") as error:
        imported(tmp_path / "t.pkl")
    assert "legacy.py" in error.value.hint


# rosinality


@pytest.mark.parametrize("shape", [(W,), (1, W), (8, W)])
def test_the_mean_code_is_taken_in_every_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    mean = torch.randn(W)
    found = imported(rosinality_file(tmp_path / "r.pt", latent_avg=mean.expand(shape).clone()))
    assert torch.equal(generator_of(found)["latent_avg"], mean)
    assert "latent_avg" not in found.options


@pytest.mark.parametrize("rows", [None, torch.arange(8 * W).float().view(8, W)])
def test_a_missing_mean_code_is_estimated_and_said_so(tmp_path: Path, rows: Tensor | None) -> None:
    generator = rosinality_generator()
    found = imported(rosinality_file(tmp_path / "r.pt", g_ema=generator, **({} if rows is None else {"latent_avg": rows})))
    assert found.options == {"latent_avg": "estimated from 10000 z, seed 0"}
    assert any("estimated from 10000 z" in note for note in found.notes)
    assert ("differ" in found.notes[0]) == (rows is not None)

    def mapped(z: Tensor) -> Tensor:
        w = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for i in (1, 2):
            weight, bias = generator[f"style.{i}.weight"], generator[f"style.{i}.bias"]
            w = F.leaky_relu(w @ weight.T * (0.01 / math.sqrt(W)) + bias * 0.01, 0.2) * math.sqrt(2)
        return w

    others = mapped(torch.randn(200_000, W, generator=torch.Generator().manual_seed(9)))
    error = (generator_of(found)["latent_avg"] - others.mean(0)) / (others.std(0) / 100)
    assert float(error.abs().max()) < 5  # standard errors of a mean of 10 000
    again = imported(rosinality_file(tmp_path / "again.pt", g_ema=generator))
    assert torch.equal(generator_of(again)["latent_avg"], generator_of(found)["latent_avg"])


@pytest.mark.parametrize("wrong", [torch.zeros(W + 1), torch.zeros(2, 3, W), torch.zeros(0), torch.zeros(W).long(), "text"])
def test_a_mean_code_of_another_shape_is_refused(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(BackboneUnusable, match="latent_avg"):
        imported(rosinality_file(tmp_path / "r.pt", latent_avg=wrong))


def test_a_bare_state_dict_of_a_generator_is_taken(tmp_path: Path) -> None:
    generator = rosinality_generator()
    torch.save(generator, tmp_path / "g.pt")
    found = generator_of(imported(tmp_path / "g.pt"))
    assert torch.equal(found["input.input"], generator["input.input"])


def test_what_is_left_out_is_noted_and_not_read(tmp_path: Path) -> None:
    found = imported(
        rosinality_file(tmp_path / "r.pt", latent_avg=torch.zeros(W), g_optim={"state": torch.tensor([float("nan")])})
    )
    assert found.notes == ("left out: ada_aug_p, args, d, g, g_optim",)


def test_half_precision_becomes_single_exactly(tmp_path: Path) -> None:
    half = {name: tensor.half() for name, tensor in rosinality_generator().items()}
    found = generator_of(imported(rosinality_file(tmp_path / "r.pt", g_ema=half)))
    assert all(torch.equal(found[name], tensor.float()) for name, tensor in half.items() if "kernel" not in name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"conv1.conv.weight": None}, "conv1.conv.weight"), ({"noises.noise_3": None}, "noises.noise_3 is missing"),
        ({"odd": torch.zeros(1)}, "'odd' is not known"), ({"convs.0.noise.weight": torch.zeros(2)}, "convs.0.noise.weight is"),
        ({"convs.0.conv.blur.kernel": FILTER}, "another filter"),
        ({"conv1.noise.weight": torch.tensor([float("inf")])}, "infinity"),
        ({"input.input": "text"}, "g_ema is not tensors"), ({"style.1.weight": torch.zeros(W, 0)}, "empty"),
        ({f"to_rgbs.{i}.conv.weight": torch.zeros(1) for i in range(40)}, "StyleGAN2|px"),
    ],
)  # fmt: skip
def test_rosinality_files_that_do_not_fit_are_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    generator = {**rosinality_generator(), **change}
    path = rosinality_file(tmp_path / "r.pt", g_ema={k: v for k, v in generator.items() if v is not None})
    with pytest.raises(BackboneUnusable, match=said):
        imported(path)
