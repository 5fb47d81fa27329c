"""Anti-aliased resampling: maps to half and twice their sides."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ... import BackboneUnusable


class BlurDown(nn.Module):
    """Halves a map after a blur with [1, 2, 1] (anti-aliasing, Zhang 2019)."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("filt", _kernel((1.0, 2.0, 1.0), channels))

    def forward(self, x: Tensor) -> Tensor:
        """Give ``(images, channels, rows / 2, columns / 2)``, rounded up."""
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.filt, stride=2, groups=x.shape[1])


class BlurUp(nn.Module):
    """Doubles a map with [1, 3, 3, 1] after replicating its border, which is what bilinear interpolation gives.

    The filter is kept for its name in checkpoints; interpolation gives the same numbers several times as fast.
    """

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("filt", 4 * _kernel((1.0, 3.0, 3.0, 1.0), channels))

    def forward(self, x: Tensor) -> Tensor:
        """Give ``(images, channels, 2 rows, 2 columns)``."""
        doubled: Tensor = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return doubled


def check_filters(tensors: Mapping[str, Tensor]) -> None:
    """Hold the constant filters against the usual ones, since resampling does not read them all.

    Raises:
        BackboneUnusable: one is another.
    """
    for name, tensor in tensors.items():
        if not name.endswith(".filt"):
            continue
        taps, scale = ((1.0, 2.0, 1.0), 1) if tensor.shape[-1] == 3 else ((1.0, 3.0, 3.0, 1.0), 4)
        if not torch.allclose(tensor.float(), scale * _kernel(taps, len(tensor)), atol=1e-6):
            raise BackboneUnusable(f"{name} is another filter than the usual one", hint="such networks are not supported")


def _kernel(taps: tuple[float, ...], channels: int) -> Tensor:
    row = torch.tensor(taps)
    kernel = torch.outer(row, row)
    return (kernel / kernel.sum()).expand(channels, 1, -1, -1).clone()
