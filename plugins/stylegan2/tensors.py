"""Between pictures and tensors, and the random choices of a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def as_tensor(pixels: NDArray[np.uint8], device: Any = "cpu") -> Tensor:
    """Give ``(images, 3, rows, columns)`` in -1..1 of ``(images, rows, columns, 3)`` ``uint8``."""
    return torch.from_numpy(np.array(pixels)).to(device).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()


def as_pixels(images: Tensor) -> NDArray[np.uint8]:
    """Give ``(images, rows, columns, 3)`` ``uint8`` of images in -1..1."""
    return images.detach().float().clamp(-1, 1).add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def seeded(seed: int, number: int, process: int) -> np.random.Generator:
    """Seed torch, and give numbers for numpy, from the step alone: a training that resumes draws what it would have drawn."""
    draws = np.random.default_rng([seed, number, process])
    torch.manual_seed(int(draws.integers(2**62)))
    return draws


def held_out(images: int, share: float, seed: int) -> NDArray[np.intp]:
    """Choose the images that are not trained on: at least 8, at most 512."""
    count = min(512, max(8, round(images * share)))
    return np.sort(np.random.default_rng(seed).choice(images, count, replace=False))
