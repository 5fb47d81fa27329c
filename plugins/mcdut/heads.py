"""The heads of the losses: patches to unit vectors (F), and a stack of such vectors to one vector an image (H)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

EPSILON = 1e-7
"""Added to norms, as published; it is not a lower limit of them."""
_CONSISTENCY = 64


def unit(x: Tensor) -> Tensor:
    """Bring vectors, the last axis, to norm 1."""
    norms: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / (norms + EPSILON)


class PatchHeads(nn.Module):
    """F of CUT (``mlp_sample``): two linear layers for each tapped layer.

    They are built at once, of known widths; the published code builds them in its first pass.

    Args:
        channels: of each tapped layer.
        width: of the vectors.
    """

    def __init__(self, channels: Sequence[int], width: int = 256) -> None:
        super().__init__()
        self.layers = len(channels)
        for place, inputs in enumerate(channels):
            setattr(self, f"mlp_{place}", nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width)))

    def forward(self, maps: Sequence[Tensor], ids: Sequence[Tensor]) -> list[Tensor]:
        """Give ``(images, patches, width)`` of each layer, unit norm.

        Args:
            maps: ``(images, channels, rows, columns)`` of each layer.
            ids: ``(patches,)`` or ``(images, patches)`` of each layer: places in its flattened map.
        """
        heads = (getattr(self, f"mlp_{place}") for place in range(self.layers))
        return [unit(head(picked(x, some)).float()) for head, x, some in zip(heads, maps, ids, strict=True)]


class Consistency(nn.Module):
    """H of domain consistency: the vectors of an image as a picture of one channel a layer, to one vector of length 64.

    Args:
        layers: channels of that picture.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        wide = _CONSISTENCY
        self.model = nn.Sequential(
            nn.Conv2d(layers, wide, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(wide, wide), nn.ReLU(), nn.Linear(wide, wide),
        )  # fmt: skip

    def forward(self, stack: Tensor) -> Tensor:
        """Give ``(images, 64)``, unit norm, of ``(images, layers, patches, width)``."""
        return unit(self.model(stack).float())


def picked(x: Tensor, ids: Tensor) -> Tensor:
    """Give the vectors at some places of a map: ``(images, patches, channels)``."""
    flat = x.permute(0, 2, 3, 1).flatten(1, 2)
    if ids.ndim == 1:
        return flat[:, ids]
    return torch.gather(flat, 1, ids[..., None].expand(-1, -1, flat.shape[2]))
