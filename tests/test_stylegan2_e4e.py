"""The e4e encoder: names and counts of the published checkpoints, a plain reference, bad weights."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from shiftlens import BackboneUnusable, UsageError
from shiftlens.plugins.stylegan2.e4e import E4eEncoder

N_W = 8
"""The fewest codes that read all three maps."""


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    """Tensors of a checkpoint, none of them zero or one throughout."""
    torch.manual_seed(0)
    found = E4eEncoder(N_W).state_dict()
    for name, tensor in found.items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif "running_mean" in name or name.endswith(".bias"):
            tensor.normal_(0, 0.1)
    return dict(found)


@pytest.fixture(scope="module")
def mean() -> Tensor:
    return torch.linspace(-1, 1, 512)


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(1)) * 2 - 1


def plain(t: dict[str, Tensor], images: Tensor, mean: Tensor) -> Tensor:
    """Find the codes of images by the formulas of the paper, from the tensors alone."""

    def norm(x: Tensor, name: str) -> Tensor:
        shift, var = t[f"{name}.running_mean"], t[f"{name}.running_var"]
        scale = t[f"{name}.weight"] / torch.sqrt(var + 1e-5)
        return (x - shift[:, None, None]) * scale[:, None, None] + t[f"{name}.bias"][:, None, None]

    def prelu(x: Tensor, name: str) -> Tensor:
        return torch.where(x > 0, x, x * t[f"{name}.weight"][:, None, None])

    def unit(x: Tensor, i: int) -> Tensor:
        at, stride = f"body.{i}", 2 if i in (0, 3, 7, 21) else 1
        short = x[:, :, ::stride, ::stride]
        if f"{at}.shortcut_layer.0.weight" in t:
            short = norm(F.conv2d(x, t[f"{at}.shortcut_layer.0.weight"], stride=stride), f"{at}.shortcut_layer.1")
        y = F.conv2d(norm(x, f"{at}.res_layer.0"), t[f"{at}.res_layer.1.weight"], padding=1)
        y = F.conv2d(prelu(y, f"{at}.res_layer.2"), t[f"{at}.res_layer.3.weight"], padding=1, stride=stride)
        y = norm(y, f"{at}.res_layer.4")
        squeezed = y.flatten(2).mean(2)
        excited = torch.relu(squeezed @ t[f"{at}.res_layer.5.fc1.weight"][..., 0, 0].T) @ (
            t[f"{at}.res_layer.5.fc2.weight"][..., 0, 0].T
        )
        return short + y / (1 + torch.exp(-excited))[:, :, None, None]

    def up(x: Tensor) -> Tensor:
        """Bilinear, corners on corners: a matrix along each axis."""
        side = x.shape[-1]
        places = torch.linspace(0, side - 1, 2 * side)
        weights = (1 - (places[:, None] - torch.arange(side)).abs()).clamp_min(0)
        return weights @ x @ weights.T

    def head(x: Tensor, i: int) -> Tensor:
        for step in range(int(math.log2(x.shape[-1]))):
            at = f"styles.{i}.convs.{2 * step}"
            x = F.conv2d(x, t[f"{at}.weight"], t[f"{at}.bias"], stride=2, padding=1)
            x = torch.where(x > 0, x, 0.01 * x)
        return x.flatten(1) @ t[f"styles.{i}.linear.weight"].T / math.sqrt(512) + t[f"styles.{i}.linear.bias"]

    x = prelu(norm(F.conv2d(images, t["input_layer.0.weight"], padding=1), "input_layer.1"), "input_layer.2")
    maps = []
    for i in range(24):
        x = unit(x, i)
        maps.append(x)
    c1, c2, c3 = maps[6], maps[20], maps[23]
    p2 = up(c3) + F.conv2d(c2, t["latlayer1.weight"], t["latlayer1.bias"])
    p1 = up(p2) + F.conv2d(c1, t["latlayer2.weight"], t["latlayer2.bias"])
    found = [head(c3 if i < 3 else p2 if i < 7 else p1, i) for i in range(N_W)]
    return torch.stack([found[0]] + [found[0] + delta for delta in found[1:]], dim=1) + mean


@torch.inference_mode()
def test_codes_are_those_of_a_plain_reference(tensors: dict[str, Tensor], mean: Tensor, images: Tensor) -> None:
    wanted = plain(tensors, images[:1], mean)
    found = E4eEncoder.from_tensors(tensors, mean).encode(images[:1])
    assert found.shape == (1, N_W, 512)
    assert (found - wanted).abs().max() < 1e-5 * (wanted - mean).abs().max() + 1e-6


@torch.inference_mode()
def test_a_code_depends_on_its_image_alone_and_not_on_how_the_mean_is_written(
    tensors: dict[str, Tensor], mean: Tensor, images: Tensor
) -> None:
    encoder = E4eEncoder.from_tensors(tensors, mean)
    both = encoder.encode(images)
    encoder.latent_avg = E4eEncoder.from_tensors(tensors, mean.expand(N_W, 512)).latent_avg
    assert (encoder.encode(images[1:]) - both[1:]).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("size", "count", "named"), [(1024, 267_136_704, 621), (512, 238_293_696, 593), (256, 209_450_688, 565)]
)
def test_there_are_as_many_numbers_as_in_the_published_encoders(size: int, count: int, named: int) -> None:
    with torch.device("meta"):
        encoder = E4eEncoder(2 * int(math.log2(size)) - 2)
    assert sum(parameter.numel() for parameter in encoder.parameters()) == count
    assert len(encoder.state_dict()) == named


def test_tensors_have_the_names_of_the_published_checkpoints() -> None:
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in E4eEncoder(18).state_dict().items()}
    expected = {
        "input_layer.0.weight": (64, 3, 3, 3), "input_layer.1.num_batches_tracked": (), "input_layer.2.weight": (64,),
        "body.0.res_layer.0.weight": (64,), "body.0.res_layer.5.fc1.weight": (4, 64, 1, 1),
        "body.3.shortcut_layer.0.weight": (128, 64, 1, 1), "body.3.shortcut_layer.1.running_var": (128,),
        "body.23.res_layer.3.weight": (512, 512, 3, 3), "body.23.res_layer.5.fc2.weight": (512, 32, 1, 1),
        "styles.0.convs.6.weight": (512, 512, 3, 3), "styles.6.convs.8.bias": (512,), "styles.17.convs.10.bias": (512,),
        "styles.17.linear.weight": (512, 512), "latlayer1.weight": (512, 256, 1, 1), "latlayer2.weight": (512, 128, 1, 1),
    }  # fmt: skip
    assert {name: shapes.get(name) for name in expected} == expected
    assert "body.0.shortcut_layer.0.weight" not in shapes
    assert "latent_avg" not in shapes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("body.5.res_layer.1.weight"), "body.5.res_layer.1.weight is missing"),
        (lambda t: t.update({"decoder.strange": torch.zeros(1)}), "decoder.strange is not known"),
        (lambda t: t.update({"latlayer1.bias": torch.zeros(7)}), r"latlayer1.bias is \(7,\), expected \(512,\)"),
        (lambda t: t.clear(), "is missing"),
    ],
)
def test_weights_that_do_not_fit_are_named(tensors: dict[str, Tensor], mean: Tensor, change: object, said: str) -> None:
    given = dict(tensors)
    change(given)  # type: ignore[operator]
    with pytest.raises(BackboneUnusable, match=said):
        E4eEncoder.from_tensors(given, mean)


def test_a_mean_code_of_another_generator_is_refused(tensors: dict[str, Tensor]) -> None:
    with pytest.raises(BackboneUnusable, match=r"latent_avg is \(18, 512\)"):
        E4eEncoder.from_tensors(tensors, torch.zeros(18, 512))


def test_images_of_another_size_are_refused() -> None:
    with torch.device("meta"):
        encoder = E4eEncoder(N_W)
    with pytest.raises(UsageError, match=r"\(1, 3, 64, 64\)"):
        encoder.encode(torch.zeros(1, 3, 64, 64))
