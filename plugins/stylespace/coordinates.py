"""Coordinates of codes: what the numbers of the style space are, and how an image's code moves along them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import torch
from pydantic import ValidationError
from torch import Tensor

from ... import SpacesDiffer, UsageError
from ...plugin import Dimension, Space, StyleGenerator, quoted
from . import ganspace, sefa
from .config import ID, StyleConfig

_RANGED = re.compile(r"(w|ganspace|sefa)(?:\.w(\d+)-(\d+))?/(\d+)")
_KINDS = {"conv": {"conv"}, "rgb": {"rgb"}, "all": {"conv", "rgb"}}


class Coordinates(Protocol):
    """Numbers of codes in W+, which an image can be moved along."""

    dimensions: tuple[Dimension, ...]

    def values(self, codes: Tensor) -> Tensor:
        """Give ``(images, dimensions)`` of codes ``(images, n_w, w_dim)``."""
        ...

    def styles(self, codes: Tensor, change: Tensor) -> Tensor:
        """Give S ``(images, sum of widths)`` of codes whose numbers are changed by ``(images, dimensions)``.

        A change of 0 gives the styles of the codes themselves, bit for bit.
        """
        ...


class Channels:
    """Channels of S: each changes one input of one layer, and nothing before that layer."""

    def __init__(self, generator: StyleGenerator, channels: str) -> None:
        self.generator = generator
        dimensions, taken, start = [], [], 0
        for layer in generator.layers:
            if layer.kind in _KINDS[channels]:
                dimensions += [Dimension(id=f"{layer.name}/{i}", layer=layer.name) for i in range(layer.width)]
                taken += list(range(start, start + layer.width))
            start += layer.width
        self.dimensions = tuple(dimensions)
        self.taken = torch.tensor(taken, device=generator.w_mean.device)

    def values(self, codes: Tensor) -> Tensor:
        """Give the channels; see :class:`Coordinates`."""
        return self.generator.styles(codes)[:, self.taken]

    def styles(self, codes: Tensor, change: Tensor) -> Tensor:
        """Give changed styles; see :class:`Coordinates`."""
        return self.generator.styles(codes).index_add(1, self.taken, change)


class Directions:
    """Directions in W, each moving the codes of one range together.

    Args:
        generator: whose codes they are.
        name: what the ids begin with.
        ranges: first and last code of each range.
        bases: orthonormal directions ``(count, w_dim)`` of each range.
        origin: ``(w_dim,)``, where the numbers are 0.
        ranged: whether the ids name the range.
    """

    def __init__(
        self, generator: StyleGenerator, name: str, ranges: Sequence[tuple[int, int]], bases: Sequence[Tensor], origin: Tensor,
        *, ranged: bool,
    ) -> None:  # fmt: skip
        self.generator, self.ranges = generator, tuple(ranges)
        like = generator.w_mean
        self.bases = [basis.to(like) for basis in bases]
        self.origin = origin.to(like)
        self.dimensions = tuple(
            Dimension(id=f"{name}.w{first}-{last}/{i}" if ranged else f"{name}/{i}", layer=f"w{first}-{last}")
            for (first, last), basis in zip(ranges, bases, strict=True)
            for i in range(len(basis))
        )

    def values(self, codes: Tensor) -> Tensor:
        """Give the position along each direction; see :class:`Coordinates`."""
        parts = zip(self.ranges, self.bases, strict=True)
        return torch.cat([(codes[:, a : b + 1].mean(dim=1) - self.origin) @ basis.T for (a, b), basis in parts], dim=1)

    def styles(self, codes: Tensor, change: Tensor) -> Tensor:
        """Give the styles of moved codes; see :class:`Coordinates`."""
        moved = codes.clone()
        steps = torch.split(change, [len(basis) for basis in self.bases], dim=1)
        for (a, b), basis, step in zip(self.ranges, self.bases, steps, strict=True):
            moved[:, a : b + 1] += (step @ basis)[:, None]
        return self.generator.styles(moved)


@torch.inference_mode()
def coordinates_of(config: StyleConfig, generator: StyleGenerator) -> Coordinates:
    """Give the coordinates that ``config`` asks for.

    Raises:
        UsageError: a range goes beyond the generator's codes.
    """
    if config.coordinates == "s":
        return Channels(generator, config.channels)
    for first, last in config.ranges:
        if last >= generator.n_w:
            raise UsageError(
                f"style: ranges: [{first}, {last}]", hint=f"this generator has {generator.n_w} codes, 0 to {generator.n_w - 1}"
            )
    ranges = config.ranges or ((0, generator.n_w - 1),)
    origin = torch.zeros(generator.w_dim)
    if config.coordinates == "ganspace":
        origin, basis = ganspace.components(generator, config.components)
        bases = [basis] * len(ranges)
    elif config.coordinates == "sefa":
        bases = [sefa.directions(generator, range(first, last + 1), config.components) for first, last in ranges]
    else:
        bases = [torch.eye(generator.w_dim)] * len(ranges)
    return Directions(generator, config.coordinates, ranges, bases, origin, ranged=bool(config.ranges))


def coordinates_in(space: Space, generator: StyleGenerator) -> Coordinates:
    """Give the coordinates that made ``space``, read off the ids of its dimensions.

    Raises:
        SpacesDiffer: it is no space of the encoder ``style`` on this generator.
    """
    if space.encoder != ID or not space.dimensions:
        raise SpacesDiffer(f"a space of {quoted(space.encoder)} has no styles", hint="wire latents of the encoder `style`")
    wanted = [d.id for d in space.dimensions]
    try:
        found = coordinates_of(_config_of(wanted, generator), generator)
    except (ValidationError, UsageError):
        found = None
    if found is None or [d.id for d in found.dimensions] != wanted:
        raise SpacesDiffer(
            f"the {len(wanted)} dimensions from {quoted(wanted[0])} on are not those of this generator",
            hint="give the encoder and the traverser the same backbone",
        )
    return found


def _config_of(ids: Sequence[str], generator: StyleGenerator) -> StyleConfig:
    parts = [_RANGED.fullmatch(name) for name in ids]
    first = parts[0]
    if first is None:
        kinds = {layer.kind for layer in generator.layers if f"{layer.name}/0" in set(ids)}
        return StyleConfig(channels="all" if len(kinds) == 2 else "rgb" if kinds == {"rgb"} else "conv")
    ranges = dict.fromkeys((int(p[2]), int(p[3])) for p in parts if p and p[2])
    count = 1 + max(int(p[4]) for p in parts if p)
    return StyleConfig.model_validate({"coordinates": first[1], "ranges": tuple(ranges), "components": min(count, 512)})
