"""What the file did to the picture: blocks of compression, size and shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

BLOCK = 8
"""Side of the squares that JPEG codes each on its own, counted from the upper left corner."""
UNSEEN = 0.25
"""Excess of steps at borders that no eye sees, and that a JPEG of quality 90 shows or not depending on the light."""


def blockiness(crops: Sequence[Plane], step: float) -> float:
    """Give in % how much larger steps between pixels are across the borders of 8 px blocks than elsewhere.

    The mean step over a border is compared with those beside it, border by border. The logarithms
    are averaged over both axes, each weighted by how well it is known. Only what exceeds 25 % counts:
    0 without compression and down to JPEG quality 90, about 100 at 40. NaN for pictures with fewer than
    four borders an axis. Pictures cut or turned after compression have their blocks elsewhere and read 0.
    """
    ratios = [_ratios(plane, step) for crop in crops for plane in (crop, crop.T)]
    known = [ratio for ratio in ratios if len(ratio) >= 4]
    if not known:
        return float("nan")
    means = np.array([ratio.mean() for ratio in known])
    weights = 1 / np.array([ratio.var() / len(ratio) + 1e-4 for ratio in known])
    excess = float(np.exp((means * weights).sum() / weights.sum()) - 1)
    return 100 * max(excess - UNSEEN, 0.0)


def shape(width: int, height: int) -> tuple[float, float]:
    """Give log2 of the side in pixels of a square as large as the picture, and log2 of width over height."""
    return float(np.log2(width * height)) / 2, float(np.log2(width / height))


def _ratios(plane: Plane, step: float) -> NDArray[np.float64]:
    """Give the logarithm of each border's mean step over that of the six steps around it, for borders between columns."""
    steps = np.abs(np.diff(plane, axis=1)).mean(axis=0, dtype=np.float64) + step / 20
    borders = np.arange(BLOCK - 1, len(steps) - 3, BLOCK)
    around = np.mean([steps[borders + d] for d in (-3, -2, -1, 1, 2, 3)], axis=0)
    return np.asarray(np.log(steps[borders] / around))
