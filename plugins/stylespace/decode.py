"""Pictures of moved codes: synthesised in small batches, noise fixed, kept at a size that a report can hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ...plugin import StyleModel
from .axis import Axis
from .coordinates import Coordinates

Floats = NDArray[np.float64]
BATCH = 8


@dataclass(frozen=True)
class Decoder:
    """Decodes codes that are moved along an axis."""

    model: StyleModel
    coordinates: Coordinates

    def values(self, codes: Tensor) -> Floats:
        """Give the values ``(images, dimensions)`` of codes."""
        with torch.inference_mode():
            return np.asarray(self.coordinates.values(codes).cpu().double().numpy())

    def moved(self, codes: Tensor, axis: Axis, by: Floats) -> Tensor:
        """Give pictures ``(images, 3, size, size)`` in 0..1 of ``codes`` whose numbers on ``axis`` are changed ``by`` so much.

        All else stays, and so does the generator's noise: a change of 0 gives the reconstruction, bit for bit.
        """
        made = []
        with torch.inference_mode():
            for some, amount in zip(torch.split(codes, BATCH), np.split(by, range(BATCH, len(by), BATCH)), strict=True):
                change = torch.from_numpy(amount[:, None] * axis.step).to(some)
                made.append(self.model.generator.synthesis(styles=self.coordinates.styles(some, change)).images)
            return (torch.cat(made).clamp(-1, 1) + 1) / 2

    def visible(self, codes: Tensor, axis: Axis, own: Floats, low: float, high: float) -> float:
        """Give the root mean square change of pictures in 0..1 as numbers go from ``low`` to ``high``, mean over ``codes``."""
        ends = [self.moved(codes, axis, end - own) for end in (low, high)]
        return float((ends[1] - ends[0]).square().mean(dim=(1, 2, 3)).sqrt().mean())


def kept(pictures: Tensor, most: int) -> Tensor:
    """Give pictures of at most ``most`` pixels a side, averaged."""
    return pictures if pictures.shape[-1] <= most else adaptive_avg_pool2d(pictures, most)


def bytes_of(pictures: Tensor) -> NDArray[np.uint8]:
    """Give ``(…, 3, rows, columns)`` in 0..1 as ``(…, rows, columns, 3)``."""
    values: NDArray[np.uint8] = (pictures * 255).round().to(torch.uint8).movedim(-3, -1).cpu().numpy()
    return values
