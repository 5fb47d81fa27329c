"""W1 of every dimension under many weightings of the images, from one sort.

W1 is the integral of abs(F_target - F_reference) over the pooled values. A weighting changes only the
steps of the two distribution functions, not where they are: after one argsort, each draw costs a
cumulative sum along the stored order. Blocks of dimensions and draws stay in the cache of a core and
go to a thread pool; what a block gives does not depend on the others, nor on the number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .units import Draws

STEP = 24
"""Rows summed by plain vector additions before the rest is carried over: ``cumsum`` down columns is three times slower."""
BLOCK = 1 << 19
"""Steps held at once by a thread (2 MiB)."""
Singles = NDArray[np.float32]
T = TypeVar("T", np.float32, np.uint8)


def transport(z: Singles, draws: Draws, workers: int = 1) -> Singles:
    """Give W1 ``(dimensions, draws)`` of ``z`` ``(dimensions, images)``; a NaN takes no part.

    A draw that leaves one side of a dimension without any value gives 0 there.
    """
    images, count = z.shape[1], len(draws)
    padded = -(-images // STEP) * STEP
    width = min(count, max(64, BLOCK // padded))
    height = max(1, BLOCK // (padded * width))
    signed = _pad(draws.signed(), padded)
    out = np.zeros((len(z), count), np.float32)
    holed = np.atleast_1d(np.isnan(z).any(axis=1))
    both = [_pad(side, padded) for side in (draws.reference, draws.target)] if holed.any() else []

    def one(rows: NDArray[np.intp]) -> None:
        order, gaps = _sorted(z[rows], padded)
        valid = np.take_along_axis(_pad_columns(np.isfinite(z[rows]), padded), order, axis=1) if holed[rows[0]] else None
        for start in range(0, count, width):
            columns = slice(start, start + width)
            if valid is None:
                steps = _cumulated(np.take(np.ascontiguousarray(signed[:, columns]), order, axis=0))
            else:
                steps, other = (_distribution(side[:, columns], order, valid) for side in both)
                steps -= other
                steps *= (steps[:, -1:] == 0) & (other[:, -1:] > 0)  # one side is empty: nothing to compare
            np.abs(steps, out=steps)
            out[rows, columns] = np.matmul(gaps[:, None], steps)[:, 0]

    blocks = [
        part[i : i + height] for part in (np.flatnonzero(~holed), np.flatnonzero(holed)) for i in range(0, len(part), height)
    ]
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        list(pool.map(one, blocks))
    return out


def mean_shift(z: Singles, draws: Draws) -> Singles:
    """Give mean(target) - mean(reference) ``(dimensions, draws)``; a NaN takes no part."""
    holed = np.isnan(z).any(axis=1)
    out = np.nan_to_num(z) @ draws.signed()
    if holed.any():
        values, there = np.nan_to_num(z[holed]), np.isfinite(z[holed]).astype(np.float32)
        sides = [side.astype(np.float32) for side in (draws.reference, draws.target)]
        means = [(values @ side) / np.maximum(there @ side, 1) for side in sides]
        out[holed] = means[1] - means[0]
    return out


def _sorted(z: Singles, padded: int) -> tuple[NDArray[np.int64], Singles]:
    """Give the order of each row, NaN and padding last, and the gap after each value, 0 after the last."""
    rows, images = z.shape
    order = np.empty((rows, padded), np.int64)
    order[:, :images] = np.argsort(z, axis=1)
    order[:, images:] = np.arange(images, padded)
    gaps = np.zeros((rows, padded), np.float32)
    gaps[:, : images - 1] = np.nan_to_num(np.diff(np.take_along_axis(z, order[:, :images], axis=1), axis=1))
    return order, gaps


def _cumulated(steps: Singles) -> Singles:
    """Sum ``(rows, images, draws)`` along images, in place."""
    rows, images, draws = steps.shape
    parts = steps.reshape(rows, images // STEP, STEP, draws)
    for i in range(1, STEP):
        parts[:, :, i] += parts[:, :, i - 1]
    parts[:, 1:] += np.add.accumulate(parts[:, :-1, -1], axis=1)[:, :, None]
    return steps


def _distribution(side: NDArray[np.uint8], order: NDArray[np.int64], valid: NDArray[np.bool_]) -> Singles:
    """Give one side's distribution function over valid values; 0 everywhere where it has none."""
    steps = np.take(side, order, axis=0).astype(np.float32)
    steps *= valid[:, :, None]
    steps = _cumulated(steps)
    steps /= np.maximum(steps[:, -1:], 1)
    return steps


def _pad(weights: NDArray[T], padded: int) -> NDArray[T]:
    return np.pad(weights, ((0, padded - len(weights)), (0, 0)))


def _pad_columns(mask: NDArray[np.bool_], padded: int) -> NDArray[np.bool_]:
    return np.pad(mask, ((0, 0), (0, padded - mask.shape[1])))
