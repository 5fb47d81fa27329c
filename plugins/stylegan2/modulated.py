"""Styled layers, with the parameter names of the rosinality lineage.

A modulated convolution scales its weights by the style of each image and divides them by their norm. Scaling the input
channels before a shared convolution, and the output channels after it, is the same sum; it needs one convolution for the
whole batch instead of one group an image (`benchmarks/style_generator.py`).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

GAIN = math.sqrt(2)
SLOPE = 0.2
EPSILON = 1e-8
Noise = Literal["fixed", "random", "none"]


def activated(x: Tensor, bias: Tensor) -> Tensor:
    """Add ``bias`` to the channels, and give the leaky rectifier (slope 0.2) times √2."""
    shape = (1, -1, *([1] * (x.ndim - 2)))
    return F.leaky_relu(x + bias.view(shape), SLOPE) * GAIN


class EqualLinear(nn.Module):
    """A linear layer whose weights are scaled when it runs (equalised learning rate).

    Args:
        inputs: input features.
        outputs: output features.
        bias: initial bias.
        rate: learning rate relative to the others.
        active: whether a rectifier follows.
    """

    def __init__(self, inputs: int, outputs: int, *, bias: float = 0.0, rate: float = 1.0, active: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), float(bias)))
        self.scale, self.rate, self.active = rate / math.sqrt(inputs), rate, active

    def forward(self, x: Tensor) -> Tensor:
        """Give ``(…, outputs)``."""
        if self.active:
            return activated(F.linear(x, self.weight * self.scale), self.bias * self.rate)
        return F.linear(x, self.weight * self.scale, self.bias * self.rate)


class PixelNorm(nn.Module):
    """Divides each code by its root mean square."""

    def forward(self, x: Tensor) -> Tensor:
        """Give codes of the same shape."""
        return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + EPSILON)


class ModulatedConv(nn.Module):
    """A modulated convolution; takes the style itself, which ``modulation`` makes of a code.

    Args:
        inputs: input channels.
        outputs: output channels.
        kernel: 1 or 3.
        w_dim: length of a code.
        up: whether it doubles the resolution.
        demodulate: whether output channels are divided by the norm of their weights.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, w_dim: int, *, up: bool = False, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, outputs, inputs, kernel, kernel))
        self.modulation = EqualLinear(w_dim, inputs, bias=1.0)
        self.scale, self.up, self.demodulate, self.padding = 1 / math.sqrt(inputs * kernel**2), up, demodulate, kernel // 2

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Give ``(images, outputs, rows, columns)`` of ``x`` and ``style`` ``(images, inputs)``."""
        weight = self.weight[0] * self.scale
        x = x * style[:, :, None, None]
        if self.up:
            x = blurred(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2))
        else:
            x = F.conv2d(x, weight, padding=self.padding)
        if self.demodulate:
            with torch.autocast(x.device.type, enabled=False):
                norm = style.float().square() @ weight.float().square().sum(dim=(2, 3)).T
            x = x * torch.rsqrt(norm + EPSILON).to(x.dtype)[:, :, None, None]
        return x


class Strength(nn.Module):
    """How strongly noise is added."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class Bias(nn.Module):
    """What is added to the channels before the rectifier."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))


class StyledConv(nn.Module):
    """A modulated convolution, noise, bias and rectifier. Arguments as of :class:`ModulatedConv`."""

    def __init__(self, inputs: int, outputs: int, w_dim: int, *, up: bool = False) -> None:
        super().__init__()
        self.conv = ModulatedConv(inputs, outputs, 3, w_dim, up=up)
        self.noise = Strength()
        self.activate = Bias(outputs)

    def forward(self, x: Tensor, style: Tensor, fixed: Tensor, noise: Noise) -> Tensor:
        """Give ``(images, outputs, rows, columns)``; ``fixed`` is the layer's own noise image."""
        x = self.conv(x, style)
        if noise != "none":
            grain = fixed if noise == "fixed" else torch.randn(len(x), 1, *x.shape[2:], device=x.device, dtype=x.dtype)
            x = x + self.noise.weight * grain
        return activated(x, self.activate.bias)


class ToRGB(nn.Module):
    """A layer's picture: a modulated 1 × 1 convolution without demodulation, added to the smaller picture before it."""

    def __init__(self, inputs: int, w_dim: int) -> None:
        super().__init__()
        self.conv = ModulatedConv(inputs, 3, 1, w_dim, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(self, x: Tensor, style: Tensor, picture: Tensor | None) -> Tensor:
        """Give ``(images, 3, rows, columns)``; ``picture`` is that of half the size."""
        x = self.conv(x, style) + self.bias
        return x if picture is None else x + doubled(picture)


def blurred(x: Tensor) -> Tensor:
    """Filter with (1, 3, 3, 1)/4 in both directions: the low-pass after a transposed convolution; one row and column less."""
    return F.conv2d(x, _kernel(x), padding=1, groups=x.shape[1])


def doubled(x: Tensor) -> Tensor:
    """Double the resolution, low-passed with (1, 3, 3, 1)/4 in both directions."""
    return F.conv_transpose2d(x, _kernel(x), stride=2, padding=1, groups=x.shape[1])


def _kernel(x: Tensor) -> Tensor:
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25], dtype=x.dtype, device=x.device)
    return torch.outer(taps, taps).expand(x.shape[1], 1, 4, 4)
