"""A loaded backbone of the family ``mcdut``: a translator, cheap repairs beside it, and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .cheap import Floats, Repair
from .config import Limits, Method, Verdict
from .network import MULTIPLE, Generator
from .tiling import padded, tiled

LARGEST = 1_500_000
"""Pixels above which an image is translated in tiles: at 64 channels a whole pass takes about 2 KB a pixel."""


@dataclass(frozen=True)
class Mcdut:
    """A translator; see :class:`shiftlens.plugin.Translates`.

    ``repairs`` are the cheap ones that were fitted beside it, by name; ``verdict`` is none where nothing was measured.
    """

    generator: Generator
    repairs: Mapping[str, Repair] = field(default_factory=dict)
    verdict: Verdict | None = None
    limits: Limits = field(default_factory=Limits)
    device: str = "cpu"
    largest: int = LARGEST
    multiple: int = MULTIPLE

    @torch.inference_mode()
    def translate(self, images: Tensor) -> Tensor:
        """Translate ``(images, 3, rows, columns)`` in -1..1, whose sides are multiples of 4; large ones in tiles."""
        laid = images.to(self.device).contiguous(memory_format=torch.channels_last)
        if laid.shape[2] * laid.shape[3] <= self.largest:
            return self.generator(laid)  # type: ignore[no-any-return]
        return torch.cat([tiled(self.generator, one[None]) for one in laid])

    def pictures(self, pictures: list[Floats]) -> list[Floats]:
        """Translate pictures of one size, ``(rows, columns, 3)`` in 0..1, of any sides from 8 px."""
        rows, columns = pictures[0].shape[:2]
        batch = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).mul(2).sub(1)
        made = self.translate(padded(batch, self.multiple))[:, :, :rows, :columns].float()
        return list(made.add(1).div(2).clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy())

    def way(self, method: Method) -> Callable[[list[Floats]], list[Floats]]:
        """Give what repairs pictures of one size by ``method``.

        Raises:
            KeyError: no such cheap repair was fitted.
        """
        if method == "network":
            return self.pictures
        repair = self.repairs[method]
        return lambda pictures: [repair(picture) for picture in pictures]
