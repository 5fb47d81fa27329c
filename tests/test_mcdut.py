"""Networks of ``mcdut``: names, shapes and numbers of the published ones, and the attention's true nature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftlens import BackboneUnusable, UsageError
from shiftlens.plugins.mcdut.dca import CoordinateAttention, ReleasedAttention, pooled
from shiftlens.plugins.mcdut.discriminator import Discriminator
from shiftlens.plugins.mcdut.heads import Consistency, PatchHeads
from shiftlens.plugins.mcdut.network import LAYERS, Generator
from shiftlens.plugins.mcdut.norm import InstanceNorm


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def described(kind: type[nn.Module], *given: Any, **named: Any) -> Any:
    """A network without its numbers."""
    with torch.device("meta"):
        return kind(*given, **named)


def drawn(network: nn.Module, seed: int = 0, std: float = 0.1) -> Any:
    """A network whose outputs are lively."""
    torch.manual_seed(seed)
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0, std)
    return network.eval().requires_grad_(False)


def test_sizes_are_those_of_the_published_networks() -> None:
    generator = described(Generator)
    heads = described(PatchHeads, generator.widths(LAYERS))
    judge = described(Discriminator)
    assert [parameters(n) for n in (generator, heads, judge)] == [11_378_179, 560_384, 2_764_737]
    assert [len(n.state_dict()) for n in (generator, heads, judge)] == [52, 20, 13]
    attentive = described(Generator, attention="released")
    assert parameters(attentive) == 11_378_691
    assert parameters(described(PatchHeads, attentive.widths(LAYERS))) == 511_232
    assert [parameters(described(Consistency, layers)) for layers in (5, 4)] == [11_264, 10_688]


def test_tensors_have_their_published_names() -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in described(Generator).state_dict().items()}
    published = {
        "model.1.weight": (64, 3, 7, 7), "model.4.weight": (128, 64, 3, 3), "model.7.filt": (128, 1, 3, 3),
        "model.8.weight": (256, 128, 3, 3), "model.11.filt": (256, 1, 3, 3), "model.12.conv_block.1.weight": (256, 256, 3, 3),
        "model.20.conv_block.5.bias": (256,), "model.21.filt": (256, 1, 4, 4), "model.22.weight": (128, 256, 3, 3),
        "model.25.filt": (128, 1, 4, 4), "model.26.weight": (64, 128, 3, 3), "model.30.weight": (3, 64, 7, 7),
    }  # fmt: skip
    assert published.items() <= shapes.items()
    judge = described(Discriminator).state_dict()
    assert {n.partition(".")[2].partition(".")[0] for n in judge} == {"0", "2", "3", "6", "7", "10", "11", "14"}
    attentive = described(Generator, attention="released").state_dict()
    assert {"model.4.fc.0.weight", "model.5.weight", "model.9.weight", "model.13.conv_block.1.weight"} <= attentive.keys()
    assert tuple(attentive["model.4.fc.0.weight"].shape) == (4, 64)
    assert "model.31.weight" in attentive
    assert "model.12.conv_block.6.weight" in described(Generator, dropout=True).state_dict()
    assert {"model.10.conv_block.1.weight", "model.19.weight", "model.22.weight", "model.26.weight"} <= described(
        Generator, antialias=False
    ).state_dict().keys()


def test_maps_have_their_published_shapes() -> None:
    generator, images = described(Generator), torch.zeros(1, 3, 256, 256, device="meta")
    made, taps = generator.tapped(images, LAYERS)
    assert made.shape == images.shape
    wanted = [(3, 262, 262), (128, 256, 256), (256, 128, 128), (256, 64, 64), (256, 64, 64)]
    assert [tuple(tap.shape[1:]) for tap in taps] == wanted
    assert described(Discriminator)(images).shape == (1, 1, 30, 30)


def test_images_come_out_in_range() -> None:
    made = drawn(Generator(8, 2))(torch.rand(2, 3, 40, 32) * 2 - 1)
    assert made.shape == (2, 3, 40, 32)
    assert made.abs().max() <= 1


def published(tensors: Mapping[str, Tensor], x: Tensor, blocks: int) -> tuple[Tensor, list[Tensor]]:
    """CUT's generator, written out from its description."""
    taps = []

    def conv(x: Tensor, name: str, padding: int = 0) -> Tensor:
        return F.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], padding=padding)

    def down(x: Tensor, name: str) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), tensors[f"{name}.filt"], stride=2, groups=x.shape[1])

    def up(x: Tensor, name: str) -> Tensor:
        wide = F.pad(x, (1, 1, 1, 1), mode="replicate")
        made = F.conv_transpose2d(wide, tensors[f"{name}.filt"], stride=2, padding=2, groups=x.shape[1])
        return made[:, :, 1:, 1:][:, :, :-1, :-1]

    def norm(x: Tensor) -> Tensor:
        return (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), correction=0, keepdim=True) + 1e-5).sqrt()

    x = F.pad(x, (3, 3, 3, 3), mode="reflect")
    taps.append(x)
    x = conv(norm(conv(x, "model.1")).relu(), "model.4", 1)
    taps.append(x)
    x = conv(down(norm(x).relu(), "model.7"), "model.8", 1)
    taps.append(x)
    x = down(norm(x).relu(), "model.11")
    for place in range(12, 12 + blocks):
        inner = norm(conv(F.pad(x, (1, 1, 1, 1), mode="reflect"), f"model.{place}.conv_block.1")).relu()
        x = x + norm(conv(F.pad(inner, (1, 1, 1, 1), mode="reflect"), f"model.{place}.conv_block.5"))
        taps.append(x)
    at = 12 + blocks
    x = norm(conv(up(x, f"model.{at}"), f"model.{at + 1}", 1)).relu()
    x = norm(conv(up(x, f"model.{at + 4}"), f"model.{at + 5}", 1)).relu()
    return conv(F.pad(x, (3, 3, 3, 3), mode="reflect"), f"model.{at + 9}").tanh(), taps


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_outputs_are_those_of_the_published_generator(
    layout: torch.memory_format, dtype: torch.dtype, tolerance: float
) -> None:
    generator = drawn(Generator(8, 3), std=0.03).to(dtype=dtype, memory_format=layout)
    x = torch.rand(2, 3, 36, 44, dtype=dtype) * 2 - 1
    wanted, wanted_taps = published(generator.state_dict(), x, 3)
    made, taps = generator.tapped(x.contiguous(memory_format=layout), (0, 4, 8, 12, 13, 14))
    torch.testing.assert_close(made, wanted, atol=tolerance, rtol=0)
    for one, other in zip([*taps, *generator.features(x, (4, 12))], [*wanted_taps, taps[1], taps[3]], strict=True):
        torch.testing.assert_close(one, other, atol=10 * tolerance, rtol=10 * tolerance)  # maps are not bounded as images are


VARIANTS = [
    {}, {"attention": "released"}, {"attention": "coordinate"}, {"antialias": False}, {"dropout": True},
    {"attention": "released", "dropout": True, "antialias": False},
]  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_a_variant_is_told_from_its_tensors_and_comes_back_bit_by_bit(variant: dict[str, Any]) -> None:
    before = drawn(Generator(8, 2, **variant))
    after = Generator.from_tensors(before.state_dict()).eval()
    assert after.shape == before.shape
    assert all(torch.equal(a, b) for a, b in zip(before.state_dict().values(), after.state_dict().values(), strict=True))
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(before(x), after(x))


def test_statistics_that_old_files_carry_are_left_out() -> None:
    tensors = Generator(8, 1).state_dict()
    old = {**tensors, "model.2.running_mean": torch.zeros(8), "model.2.num_batches_tracked": torch.tensor(0)}
    assert Generator.from_tensors(old).state_dict().keys() == tensors.keys()


def test_tensors_that_do_not_fit_are_named() -> None:
    tensors = Generator(8, 1).state_dict()
    with pytest.raises(BackboneUnusable, match=r"model.8.bias is missing; 'extra' is not known"):
        Generator.from_tensors({k: v for k, v in tensors.items() if k != "model.8.bias"} | {"extra": torch.zeros(1)})
    with pytest.raises(BackboneUnusable, match=r"model.7.filt is another filter"):
        Generator.from_tensors({**tensors, "model.7.filt": tensors["model.7.filt"] * 2})
    with pytest.raises(BackboneUnusable, match="no generator of the ResNet kind"):
        Generator.from_tensors({"model.model.0.weight": torch.zeros(64, 3, 4, 4)})


def test_a_layer_that_is_overwritten_or_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="layer 2 is a norm"):
        Generator(8, 2).widths([0, 2])
    with pytest.raises(UsageError, match=r"layers \[0, 16\]: this generator's are 0 to 13"):
        Generator(8, 2).widths([0, 16])


def test_the_norm_is_torchs_with_its_gradient() -> None:
    torch.manual_seed(0)
    x, weights = torch.randn(2, 5, 9, 7, dtype=torch.float64) * 3 + 2, torch.randn(2, 5, 9, 7, dtype=torch.float64)
    one, other = (x.clone().to(memory_format=torch.channels_last).requires_grad_() for _ in range(2))
    made, wanted = InstanceNorm()(one), F.instance_norm(other)
    assert made.is_contiguous(memory_format=torch.channels_last)
    (made * weights).sum().backward()
    (wanted * weights).sum().backward()
    torch.testing.assert_close(made, wanted)
    torch.testing.assert_close(one.grad, other.grad)


def gates(network: Any, u: Tensor) -> list[Tensor]:
    return list(network.gate(pooled(u)))


def test_the_released_attention_knows_no_positions_and_the_coordinate_one_does() -> None:
    torch.manual_seed(0)
    u = torch.randn(1, 32, 12, 10)
    rows, columns = torch.randperm(12), torch.randperm(10)
    moved = u[:, :, rows][:, :, :, columns]
    released, coordinate = drawn(ReleasedAttention(32)), drawn(CoordinateAttention(32))
    for one, other in zip(gates(released, u), gates(released, moved), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=0)
    assert gates(released, u)[0].std(dim=2).max() < 1e-7
    for network, axis in ((0, rows), (1, columns)):
        here, there = gates(coordinate, u)[network], gates(coordinate, moved)[network]
        assert (here - there).abs().max() > 1e-2
        torch.testing.assert_close(here[:, :, axis], there, rtol=1e-4, atol=1e-5)
    made = released(u) / u
    assert made.std(dim=(2, 3)).max() < 1e-5


def test_the_released_gate_is_a_square_of_the_mean_and_a_product_of_mean_maxima() -> None:
    torch.manual_seed(0)
    u, network = torch.randn(1, 16, 6, 5), drawn(ReleasedAttention(16))
    outer = [torch.einsum("bch,bcw->bchw", a, b).mean((2, 3)) for a, b in ((u.mean(3), u.mean(2)), (u.amax(3), u.amax(2)))]
    wanted = torch.sigmoid(F.linear(F.linear(outer[0] + outer[1], network.fc[0].weight).relu(), network.fc[2].weight))
    torch.testing.assert_close(gates(network, u)[0][:, :, 0], wanted)
    torch.testing.assert_close(outer[0], u.mean((2, 3)).square())
