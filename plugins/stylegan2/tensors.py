"""Pictures to train on, to tensors and back, and those that are held out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ... import TooFewImages
from ...plugin import ImageSet
from ...training import Squares, squares

LEAST = 32


def enough(images: ImageSet, size: int, folder: Path, *, workers: int) -> Squares:
    """Decode a set to squares; see :func:`shiftlens.training.squares`.

    Raises:
        TooFewImages: fewer than 32 can be read.
    """
    found = squares(images, size, folder, workers=workers)
    if len(found) < LEAST:
        raise TooFewImages(f"{images.name}: {len(found)} usable images, {LEAST} are needed", hint="add images")
    return found


def as_tensor(pixels: NDArray[np.uint8], device: Any = "cpu") -> Tensor:
    """Give ``(images, 3, rows, columns)`` in -1..1 of ``(images, rows, columns, 3)`` ``uint8``."""
    return torch.from_numpy(np.array(pixels)).to(device).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()


def as_pixels(images: Tensor) -> NDArray[np.uint8]:
    """Give ``(images, rows, columns, 3)`` ``uint8`` of images in -1..1."""
    return images.detach().float().clamp(-1, 1).add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def held_out(images: int, share: float, seed: int) -> NDArray[np.intp]:
    """Choose the images that are not trained on: at least 8, at most 512."""
    count = min(512, max(8, round(images * share)))
    return np.sort(np.random.default_rng(seed).choice(images, count, replace=False))
