"""The e4e encoder (Tov et al. 2021) on an IR-SE-50 trunk: one code for the whole image and a delta for each layer.

Names and shapes are those of the published checkpoints, so that users' files load as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from ... import BackboneUnusable, UsageError
from .generator import loaded

WIDTH = 512
"""Numbers of a code."""
_UNITS = ((64, 64, 3), (64, 128, 4), (128, 256, 14), (256, 512, 3))
_TAPS = {6: "fine", 20: "middle", 23: "coarse"}
_COARSE, _MIDDLE = 3, 7
"""Codes below the first read the 16 px map, below the second the 32 px map, the others that of 64 px."""


class E4eEncoder(nn.Module):
    """Finds ``n_w`` codes of an image: ``w_0`` + ``delta_i`` + ``latent_avg``.

    Args:
        n_w: codes of an image, 2 log2(side) - 2 of the generator.
        latent_avg: the mean code, ``(512,)``, ``(1, 512)`` or ``(n_w, 512)``; zero where none is given.
    """

    size = 256
    w_dim = WIDTH
    latent_avg: Tensor

    def __init__(self, n_w: int, latent_avg: Tensor | None = None) -> None:
        super().__init__()
        self.n_w = n_w
        self.input_layer = nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64))
        self.body = nn.Sequential(*[
            _Unit(into if first else out, out, 2 if first else 1)
            for into, out, count in _UNITS
            for first in [True] + [False] * (count - 1)
        ])  # fmt: skip
        self.styles = nn.ModuleList(_Head(_side(i)) for i in range(n_w))
        self.latlayer1 = nn.Conv2d(256, WIDTH, 1)
        self.latlayer2 = nn.Conv2d(128, WIDTH, 1)
        mean = torch.zeros(WIDTH) if latent_avg is None else latent_avg
        self.register_buffer("latent_avg", _rows(mean, n_w), persistent=False)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], latent_avg: Tensor) -> Self:
        """Make the encoder of a checkpoint's tensors, ready to use; the number of codes follows from them.

        Args:
            tensors: by name, without the prefix ``encoder.``.
            latent_avg: ``(512,)``, ``(1, 512)`` or ``(n_w, 512)``.

        Raises:
            BackboneUnusable: tensors are missing, unexpected or of another shape, or ``latent_avg`` does not fit.
        """
        n_w = len({name.split(".")[1] for name in tensors if name.startswith("styles.")})
        if tuple(latent_avg.shape) not in {(WIDTH,), (1, WIDTH), (n_w, WIDTH)}:
            raise BackboneUnusable(
                f"e4e encoder: latent_avg is {tuple(latent_avg.shape)}, expected ({WIDTH},) or ({n_w}, {WIDTH})",
                hint="the encoder and the generator are of different models",
            )
        with torch.device("meta"):  # initial numbers that the file replaces would cost seconds
            encoder = cls(n_w)
        loaded(encoder.to_empty(device="cpu"), tensors)
        encoder.latent_avg = _rows(latent_avg, n_w)
        return encoder.eval().requires_grad_(False)

    def encode(self, images: Tensor) -> Tensor:
        """Give ``(images, n_w, 512)`` of ``images`` ``(images, 3, 256, 256)`` in -1..1.

        Raises:
            UsageError: the images have another shape.
        """
        first, deltas = self(images)
        codes: Tensor = self.latent_avg + first[:, None] + deltas
        return codes

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Give the first code ``(images, 512)``, less the mean, and what the others add ``(images, n_w, 512)``."""
        if images.shape[1:] != (3, self.size, self.size):
            raise UsageError(
                f"e4e encoder: images are {tuple(images.shape)}, expected (images, 3, {self.size}, {self.size})",
                hint="scale them to the encoder's size",
            )
        maps = self._maps(images)
        first, *deltas = (head(maps[_side(i)]) for i, head in enumerate(self.styles))
        return first, torch.stack([torch.zeros_like(first), *deltas], dim=1)

    def _maps(self, images: Tensor) -> dict[int, Tensor]:
        """Give the maps that heads read, by side in px."""
        taps = {}
        x = self.input_layer(images)
        for number, unit in enumerate(self.body):
            x = unit(x)
            if number in _TAPS:
                taps[_TAPS[number]] = x
        middle = _doubled(taps["coarse"]) + self.latlayer1(taps["middle"])
        return {16: taps["coarse"], 32: middle, 64: _doubled(middle) + self.latlayer2(taps["fine"])}


def _rows(mean: Tensor, n_w: int) -> Tensor:
    return mean.detach().float().reshape(-1, WIDTH).expand(n_w, WIDTH).clone()


def _side(head: int) -> int:
    return 16 if head < _COARSE else 32 if head < _MIDDLE else 64


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


class _Unit(nn.Module):
    """A residual unit of the trunk, its channels weighted by squeeze and excitation."""

    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__()
        self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        if into != out:
            self.shortcut_layer = nn.Sequential(nn.Conv2d(into, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(into),
            nn.Conv2d(into, out, 3, 1, 1, bias=False),
            nn.PReLU(out),
            nn.Conv2d(out, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            _Squeeze(out),
        )

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.shortcut_layer(x) + self.res_layer(x)
        return total


class _Squeeze(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // 16, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.fc2(functional.relu(self.fc1(x.mean((2, 3), keepdim=True))))
        weighted: Tensor = x * torch.sigmoid(weights)
        return weighted


class _Head(nn.Module):
    """Halves a map until one place is left."""

    def __init__(self, side: int) -> None:
        super().__init__()
        steps = [[nn.Conv2d(WIDTH, WIDTH, 3, 2, 1), nn.LeakyReLU(0.01)] for _ in range(int(math.log2(side)))]
        self.convs = nn.Sequential(*(layer for step in steps for layer in step))
        self.linear = _EqualLinear()

    def forward(self, x: Tensor) -> Tensor:
        code: Tensor = self.linear(self.convs(x).flatten(1))
        return code


class _EqualLinear(nn.Module):
    """A linear layer whose weights are stored at unit variance."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(WIDTH, WIDTH))
        self.bias = nn.Parameter(torch.zeros(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight / math.sqrt(WIDTH), self.bias)
