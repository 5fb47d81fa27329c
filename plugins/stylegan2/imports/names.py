"""The names of one generator's tensors in NVIDIA's files and in ours, which are rosinality's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..layers import resolutions


class Pair(NamedTuple):
    """Two names of a tensor; ours has ``before`` and ``after`` more axes of length 1 at its ends."""

    nvidia: str
    ours: str
    before: int = 0
    after: int = 0


_STYLE = (Pair("affine.weight", "conv.modulation.weight"), Pair("affine.bias", "conv.modulation.bias"))
_CONV = (Pair("weight", "conv.weight", 1), Pair("noise_strength", "noise.weight", 1), Pair("bias", "activate.bias"), *_STYLE)
_RGB = (Pair("weight", "conv.weight", 1), Pair("bias", "bias", 1, 2), *_STYLE)
_NOISE, _FILTER = "noise_const", "resample_filter"


def pairs(size: int, mapping: int) -> Iterator[Pair]:
    """Give every tensor of a generator but the mean code and the constant kernels.

    Args:
        size: side of its images.
        mapping: layers of its mapping network.

    >>> sum(1 for _ in pairs(1024, 8))
    155
    """
    for i in range(mapping):
        for part in ("weight", "bias"):
            yield Pair(f"mapping.fc{i}.{part}", f"style.{i + 1}.{part}")
    yield Pair("synthesis.b4.const", "input.input", 1)
    yield from _layer("b4.conv1", "conv1", 0)
    yield from _within(_RGB, "b4.torgb", "to_rgb1")
    for j, resolution in enumerate(resolutions(size)[1:]):
        for i in (0, 1):
            yield from _layer(f"b{resolution}.conv{i}", f"convs.{2 * j + i}", 2 * j + 1 + i)
        yield from _within(_RGB, f"b{resolution}.torgb", f"to_rgbs.{j}")


def kernels(size: int) -> tuple[list[str], list[str]]:
    """Give the names of the constant kernels, in NVIDIA's files and in rosinality's."""
    blocks = resolutions(size)
    nvidia = [
        f"synthesis.b{r}.{part}{_FILTER}" for r in blocks for part in ("", "conv0.", "conv1.") if r > 4 or part != "conv0."
    ]
    ours = [
        name for j in range(len(blocks) - 1) for name in (f"convs.{2 * j}.conv.blur.kernel", f"to_rgbs.{j}.upsample.kernel")
    ]
    return nvidia, ours


def _layer(nvidia: str, ours: str, noise: int) -> Iterator[Pair]:
    yield from _within(_CONV, nvidia, ours)
    yield Pair(f"synthesis.{nvidia}.{_NOISE}", f"noises.noise_{noise}", 2)


def _within(parts: tuple[Pair, ...], nvidia: str, ours: str) -> Iterator[Pair]:
    for pair in parts:
        yield pair._replace(nvidia=f"synthesis.{nvidia}.{pair.nvidia}", ours=f"{ours}.{pair.ours}")
