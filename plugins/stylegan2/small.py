"""A small encoder for small generators: images to codes in W+, a few million multiplications a picture."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ... import BackboneUnusable
from .generator import loaded
from .layers import channels, codes, resolutions

SLOPE = 0.2


class Residual(nn.Module):
    """Halves the resolution: two 3 × 3 convolutions with a mean of 2 × 2 between, beside such a mean, added."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, inputs, 3, padding=1)
        self.second = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.beside = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.gain = nn.Parameter(torch.full((1,), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        """Give ``(images, outputs, rows / 2, columns / 2)``."""
        y = self.first(F.leaky_relu(x, SLOPE))
        y = self.second(F.avg_pool2d(F.leaky_relu(y, SLOPE), 2))
        beside: Tensor = self.beside(F.avg_pool2d(x, 2))
        added: Tensor = self.gain * y
        return beside + added


class SmallEncoder(nn.Module):
    """A residual network down to 4 × 4: one code from there; what layers add to it, from finer maps for finer layers.

    As in e4e (Tov et al. 2021, arXiv 2102.02766) the codes are ``latent_avg + w0 + delta_i``, with ``delta_0`` zero.

    Args:
        size: side of the images, as of the generator.
        w_dim: length of a code.
        channel_base: channels × resolution.
        channel_max: most channels.
    """

    latent_avg: Tensor

    def __init__(self, size: int, w_dim: int, *, channel_base: int, channel_max: int) -> None:
        super().__init__()
        self.size, self.w_dim, self.n_w = size, w_dim, codes(size)
        sides = resolutions(size)[::-1]
        widths = [channels(side, channel_base, channel_max) for side in sides]
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.down = nn.ModuleList(Residual(a, b) for a, b in pairwise(widths))
        self.first = nn.Linear(widths[-1] * 16, w_dim)
        self.deltas = nn.ModuleList(
            _small(nn.Linear(16 * channels(_tap(i), channel_base, channel_max), w_dim)) for i in range(1, self.n_w)
        )
        self.register_buffer("latent_avg", torch.zeros(w_dim))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """Make the encoder that ``tensors`` are the weights of; its shape is read off theirs.

        Raises:
            BackboneUnusable: a tensor is missing, unexpected, or of a shape that does not fit.
        """
        try:
            depth = sum(1 for name in tensors if name.startswith("down.") and name.endswith(".beside.weight"))
            widths = [tensors["stem.weight"].shape[0]]
            widths += [tensors[f"down.{i}.beside.weight"].shape[0] for i in range(depth)]
            w_dim = tensors["first.weight"].shape[0]
        except (KeyError, IndexError) as error:
            raise BackboneUnusable(f"these are not the weights of a small encoder: {error}", hint="check the file") from None
        size, most = 4 << depth, max(widths)
        base = [width * (size >> i) for i, width in enumerate(widths) if width < most]
        return loaded(cls(size, w_dim, channel_base=max(base, default=most * size), channel_max=most), tensors)

    def encode(self, images: Tensor) -> Tensor:
        """Give ``(images, n_w, w_dim)``; see :class:`shiftlens.plugin.StyleEncoder`."""
        first, deltas = self(images)
        codes: Tensor = self.latent_avg + first[:, None] + deltas
        return codes

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Give the first code ``(images, w_dim)``, less the mean, and what the others add ``(images, n_w, w_dim)``."""
        x = self.stem(images.contiguous(memory_format=torch.channels_last))
        maps = {}
        for down in self.down:
            x = down(x)
            maps[x.shape[-1]] = x
        first = self.first(F.leaky_relu(maps[4], SLOPE).flatten(1))
        pooled = {side: F.adaptive_avg_pool2d(F.leaky_relu(x, SLOPE), 4).flatten(1) for side, x in maps.items() if side <= 16}
        deltas = [delta(pooled[_tap(i + 1)]) for i, delta in enumerate(self.deltas)]
        return first, torch.stack([torch.zeros_like(first), *deltas], dim=1)


def _small(delta: nn.Linear) -> nn.Linear:
    """Begin near 0, so that codes begin as one."""
    nn.init.normal_(delta.weight, std=0.1 * delta.in_features**-0.5)
    nn.init.zeros_(delta.bias)
    return delta


def _tap(code: int) -> int:
    """Give the side of the map from which a code is read: coarse codes from 4 × 4, middle ones 8 × 8, fine ones 16 × 16."""
    return 4 if code < 3 else 8 if code < 6 else 16
