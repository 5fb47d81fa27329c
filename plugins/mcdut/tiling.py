"""A large image through the generator in tiles, with the result of one pass.

Tiles alone would disagree, since instance norms look at the whole image. So the statistics of each norm are first gathered
over all tiles, in order: a norm's need those before it. Attention is treated alike. Residual blocks, on maps of a quarter of
the sides, run whole; so a tiled pass costs one and a half times a whole one, and takes a fraction of its memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .dca import CoordinateAttention, PooledMap, ReleasedAttention, weighted
from .network import Block, Generator
from .norm import EPSILON, InstanceNorm

TILE, HALO = 384, 16
"""Pixels of the image; tiles overlap by more than the 12 px that the encoder or the decoder sees around a place."""
_REDUCED = 4
Known = dict[int, tuple[Tensor, Tensor]]
"""By place in the parts: mean and scale of a norm, or the factors of rows and columns of an attention."""
_GLOBAL = (InstanceNorm, ReleasedAttention, CoordinateAttention)


@torch.inference_mode()
def tiled(generator: Generator, image: Tensor, tile: int = TILE) -> Tensor:
    """Translate one image, ``(1, 3, rows, columns)`` in -1..1, whose sides are multiples of 4.

    Args:
        generator: the network.
        image: the image.
        tile: side of tiles, a multiple of 4.
    """
    parts = list(generator.model)
    blocks = [place for place, part in enumerate(parts) if isinstance(part, Block)]
    before, within, after = parts[: blocks[0]], parts[blocks[0] : blocks[-1] + 1], parts[blocks[-1] + 1 :]
    low = _phase(before, image, tile, HALO)
    for part in within:
        low = part(low)
    return generator.finished(_phase(after[:-1], low, tile // _REDUCED, HALO // _REDUCED * 2), image)


class _Tile(NamedTuple):
    """One tile along one axis: where it begins and ends with its halo, and without it."""

    outer: tuple[int, int]
    inner: tuple[int, int]


def _phase(parts: Sequence[nn.Module], x: Tensor, tile: int, halo: int) -> Tensor:
    """Run parts that change sizes by powers of 2, after gathering what those among them need that look at all of the map."""
    known: Known = {}
    for place, part in enumerate(parts):
        if isinstance(part, _GLOBAL):
            known[place] = _gathered(part, parts[:place], known, x, tile, halo)
    whole: Tensor | None = None
    for rows, columns, made in _tiles(parts, known, x, tile, halo):
        if whole is None:
            share = _share(made, rows)
            whole = made.new_empty(1, made.shape[1], int(x.shape[2] * share), int(x.shape[3] * share))
        core, (top, left) = _core(made, rows, columns)
        whole[:, :, top : top + core.shape[2], left : left + core.shape[3]] = core
    assert whole is not None
    return whole


def _gathered(
    part: nn.Module, parts: Sequence[nn.Module], known: Known, x: Tensor, tile: int, halo: int
) -> tuple[Tensor, Tensor]:
    """Give what a part needs of the whole map, from its tiles."""
    if isinstance(part, InstanceNorm):
        return _moments(core for core, _, _ in _cores(parts, known, x, tile, halo))
    seen: dict[str, Tensor] = {}
    for core, (top, left), (rows, columns) in _cores(parts, known, x, tile, halo):
        if not seen:
            for name, length in (("row", rows), ("column", columns)):
                seen[f"{name}_mean"] = core.new_zeros(1, core.shape[1], length)
                seen[f"{name}_max"] = core.new_full((1, core.shape[1], length), -torch.inf)
        for name, axis, at, across in (("row", 3, top, columns), ("column", 2, left, rows)):
            span = slice(at, at + core.shape[5 - axis])
            seen[f"{name}_mean"][:, :, span] += core.sum(dim=axis) / across
            seen[f"{name}_max"][:, :, span] = torch.maximum(seen[f"{name}_max"][:, :, span], core.amax(dim=axis))
    assert isinstance(part, (ReleasedAttention, CoordinateAttention))
    return part.gate(PooledMap(seen["row_mean"], seen["row_max"], seen["column_mean"], seen["column_max"]))


def _moments(cores: Iterator[Tensor]) -> tuple[Tensor, Tensor]:
    """Give mean and scale of each channel, ``(1, channels, 1, 1)``."""
    sums: list[Tensor] = []
    count = 0
    for core in cores:
        wide = core.double()
        sums.append(torch.stack([wide.sum(dim=(2, 3)), wide.square().sum(dim=(2, 3))]))
        count += core.shape[2] * core.shape[3]
    mean, square = torch.stack(sums).sum(dim=0) / count
    scale = ((square - mean.square()).clamp_min(0) + EPSILON).rsqrt()
    return mean.float()[..., None, None], scale.float()[..., None, None]


def _cores(
    parts: Sequence[nn.Module], known: Known, x: Tensor, tile: int, halo: int
) -> Iterator[tuple[Tensor, tuple[int, int], tuple[int, int]]]:
    """Give each tile's map without its halo, where it begins in the whole map, and the sides of that."""
    for rows, columns, made in _tiles(parts, known, x, tile, halo):
        share = _share(made, rows)
        yield *_core(made, rows, columns), (int(x.shape[2] * share), int(x.shape[3] * share))


def _tiles(parts: Sequence[nn.Module], known: Known, x: Tensor, tile: int, halo: int) -> Iterator[tuple[_Tile, _Tile, Tensor]]:
    for rows in _along(x.shape[2], tile, halo):
        for columns in _along(x.shape[3], tile, halo):
            made = x[:, :, slice(*rows.outer), slice(*columns.outer)].contiguous(memory_format=torch.channels_last)
            for place, part in enumerate(parts):
                made = _fixed(part, made, known[place], (rows, columns)) if place in known else part(made)
            yield rows, columns, made


def _fixed(part: nn.Module, made: Tensor, known: tuple[Tensor, Tensor], at: tuple[_Tile, _Tile]) -> Tensor:
    """Run a part that looks at the whole map, on a tile, with what it knows of the whole."""
    if isinstance(part, InstanceNorm):
        mean, scale = known
        return (made - mean) * scale
    share = _share(made, at[0])
    rows, columns = (
        gate[:, :, int(one.outer[0] * share) : int(one.outer[1] * share)] for gate, one in zip(known, at, strict=True)
    )
    return weighted(made, (rows, columns))


def _core(made: Tensor, rows: _Tile, columns: _Tile) -> tuple[Tensor, tuple[int, int]]:
    """Give a tile's map without its halo, and where it begins in the whole map."""
    share = _share(made, rows)
    spans = [
        slice(int((one.inner[0] - one.outer[0]) * share), int((one.inner[1] - one.outer[0]) * share)) for one in (rows, columns)
    ]
    return made[:, :, spans[0], spans[1]], (int(rows.inner[0] * share), int(columns.inner[0] * share))


def _share(made: Tensor, rows: _Tile) -> float:
    """Give the size of a map relative to what was put in: a power of 2."""
    return made.shape[2] / (rows.outer[1] - rows.outer[0])


def _along(length: int, tile: int, halo: int) -> list[_Tile]:
    """Cut an axis; no tile's halo goes beyond its ends, where the network pads as it always does."""
    return [
        _Tile((max(0, start - halo), min(length, start + tile + halo)), (start, min(length, start + tile)))
        for start in range(0, length, tile)
    ]


def padded(images: Tensor, multiple: int) -> Tensor:
    """Reflect images ``(images, 3, rows, columns)`` at their lower and right ends, up to multiples of ``multiple``."""
    below, right = (-images.shape[i] % multiple for i in (2, 3))
    return F.pad(images, (0, right, 0, below), mode="reflect") if below or right else images
