"""How much two pictures differ in texture, wherever its single grains lie."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

BANDS, CELLS = 2, 4
FLOOR = 1e-4
"""Power below which grain is not seen: 0.01 of -1..1 is a grey level of 8 bits, and a little."""


def texture_distance(first: Tensor, second: Tensor) -> Tensor:
    """Give the mean absolute difference of log powers in octaves of spatial frequency, in cells; 1 is a factor of e.

    Both ``(images, channels, rows, columns)`` in -1..1; the finest two octaves of a Laplacian pyramid (Burt and Adelson 1983),
    four by four cells, each channel by itself.
    """
    apart = [(a - b).abs().mean() for a, b in zip(_powers(first), _powers(second), strict=True)]
    return torch.stack(apart).mean()


def _powers(x: Tensor) -> list[Tensor]:
    found = []
    for _ in range(BANDS):
        low = F.avg_pool2d(x, 2)
        rest = x - F.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
        found.append(torch.log(F.avg_pool2d(rest.square(), rest.shape[-1] // CELLS) + FLOOR))
        x = low
    return found
