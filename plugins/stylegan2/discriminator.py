"""The StyleGAN2 discriminator (Karras et al. 2020): residual blocks down to 4 × 4, with the deviation over the batch."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .layers import channels, resolutions
from .modulated import EqualLinear, activated


class Conv(nn.Module):
    """A convolution with scaled weights, and a rectifier where it has a bias; ``down`` means 2 × 2 means before it."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, down: bool = False, active: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if active else None
        self.scale, self.down, self.padding = 1 / math.sqrt(inputs * kernel**2), down, kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """Give ``(images, outputs, rows, columns)``, half the side where it goes down."""
        if self.down:
            x = F.avg_pool2d(x, 2)
        x = F.conv2d(x, self.weight * self.scale, padding=self.padding)
        return x if self.bias is None else activated(x, self.bias)


class Block(nn.Module):
    """Two convolutions, the second of which halves the side, beside one of 1 × 1."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = Conv(inputs, inputs, 3)
        self.second = Conv(inputs, outputs, 3, down=True)
        self.beside = Conv(inputs, outputs, 1, down=True, active=False)

    def forward(self, x: Tensor) -> Tensor:
        """Give ``(images, outputs, rows / 2, columns / 2)``."""
        sum_: Tensor = self.second(self.first(x)) + self.beside(x)
        return sum_ / math.sqrt(2)


class Discriminator(nn.Module):
    """Says how real images look: one logit an image.

    Args:
        size: side of the images.
        channel_base: channels × resolution.
        channel_max: most channels.
        group: images over which the deviation is taken.
    """

    def __init__(self, size: int, *, channel_base: int = 32768, channel_max: int = 512, group: int = 4) -> None:
        super().__init__()
        widths = [channels(side, channel_base, channel_max) for side in resolutions(size)[::-1]]
        self.group = group
        self.stem = Conv(3, widths[0], 1)
        self.blocks = nn.Sequential(*(Block(a, b) for a, b in pairwise(widths)))
        self.last = Conv(widths[-1] + 1, widths[-1], 3)
        self.head = nn.Sequential(EqualLinear(widths[-1] * 16, widths[-1], active=True), EqualLinear(widths[-1], 1))

    def forward(self, images: Tensor) -> Tensor:
        """Give ``(images,)`` of ``images`` ``(images, 3, size, size)`` in -1..1."""
        x = self.blocks(self.stem(images))
        x = self.last(torch.cat([x, self._deviation(x)], dim=1))
        logit: Tensor = self.head(x.flatten(1))
        return logit[:, 0]

    def _deviation(self, x: Tensor) -> Tensor:
        """Give the mean deviation within groups of images as one more channel, so that a lack of variety shows."""
        images = len(x)
        group = math.gcd(images, self.group)
        spread = x.reshape(group, -1, *x.shape[1:]).float().var(dim=0, unbiased=False).add(1e-8).sqrt().mean(dim=(1, 2, 3))
        return spread.to(x.dtype).repeat(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])
