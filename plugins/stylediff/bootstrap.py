"""Intervals: 95 %, from whole groups drawn with replacement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ENDS = (0.025, 0.975)


def effect_interval(seen: Floats, drawn: NDArray[np.float32], p_single: Floats) -> tuple[Floats, Floats]:
    """Give ``(low, high)`` of each effect.

    W1 cannot be negative, so noise lifts it, and resampling lifts it once more: near zero a percentile interval
    never holds the truth. Below, the draws are mirrored at what was seen, which takes the lift off, and 0 is held
    wherever the dimension by itself does not rule it out; above, the draws are moved down by their lift.
    Low <= effect <= high always.

    Args:
        seen: ``(dimensions,)`` W1.
        drawn: ``(dimensions, draws)`` W1 of the bootstrap samples.
        p_single: ``(dimensions,)`` p of each dimension by itself.
    """
    middle, high = np.quantile(drawn, (0.5, ENDS[1]), axis=1)
    low = np.where(p_single <= ENDS[0], np.clip(2 * seen - high, 0, seen), 0.0)
    return low, seen + (high - middle)


def shift_interval(drawn: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Give the percentile ``(low, high)`` of differences of means ``(dimensions, draws)``."""
    low, high = np.quantile(drawn.astype(np.float64), ENDS, axis=1)
    return low, high


def ranks(effect: NDArray[np.floating]) -> NDArray[np.int64]:
    """Give ranks down columns, 1 for the largest."""
    order = np.argsort(-effect, axis=0, kind="stable")
    out = np.empty(effect.shape, np.int64)
    np.put_along_axis(out, order, np.arange(1, len(effect) + 1).reshape(-1, *[1] * (effect.ndim - 1)), axis=0)
    return out


def rank_interval(seen: NDArray[np.int64], drawn: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give ``(low, high)`` of each rank, low being the better place; both hold the rank seen."""
    low, high = np.quantile(ranks(drawn), ENDS, axis=1)
    return np.minimum(np.floor(low).astype(np.int64), seen), np.maximum(np.ceil(high).astype(np.int64), seen)
