"""How well the camera sees: noise, sharpness, dark spots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .filters import Relief, cells_of, sample, slope_energy, slope_gain

Plane = NDArray[np.float32]

FINE, BROAD = 1, 5
"""Passes of smoothing between which slopes are compared."""
STRONG = 0.1
"""Share of the slopes, the strongest, that count as edges."""
WIDEST = 16.0
"""Width in px beyond which edges are all the same."""
_BLOCK = 16
_FLATTEST = 0.35
_EXPECTED_AT_FLATTEST = 0.934  # variance at that quantile of blocks of pure noise, over the true one
_LEAST_EDGES = 40


def noise(crops: Sequence[Plane], rounding: float) -> float:
    """Give the noise as a share of the level: standard deviation over mean at the 35th percentile of 16 px blocks, by flatness.

    Structure is removed by the product of second differences along both axes (Immerkær 1996), which
    lines along an axis do not pass; ``rounding``, the variance of rounding to grey levels, is taken off.
    Relative to the level, so a gain that lifts signal and noise together does not count, but more light
    does lower it. NaN where every block is black or clipped.
    """
    variances, levels = [], []
    for crop in crops:
        across = crop[:, :-2] + crop[:, 2:] - 2 * crop[:, 1:-1]
        both = across[:-2] + across[2:] - 2 * across[1:-1]
        variances.append(cells_of(both * both, _BLOCK).ravel() / 36)
        levels.append(cells_of(crop[1:-1, 1:-1], _BLOCK).ravel())
    level, variance = np.concatenate(levels), np.concatenate(variances)
    usable = (level > 14 * np.sqrt(rounding)) & (level < 0.97)
    if not usable.any():
        return float("nan")
    relative = np.maximum(variance[usable] / _EXPECTED_AT_FLATTEST - rounding, 0) / level[usable] ** 2
    return float(np.sqrt(np.quantile(relative, _FLATTEST)))


def sharpness(reliefs: Sequence[Relief], noise: float) -> float:
    """Give the sharpness in octaves: −log2 of the width of edges in pixels (standard deviation of their profile).

    On the strongest slopes, the energy of slopes after little and after much smoothing is compared,
    each less its part of the noise. For a step of any height, blurred with variance b², that ratio is
    (broad² + b²) / (fine² + b²), whatever the gain or contrast. The fine filter's own width is
    left in, so the sharpest step reads about 0.1. NaN where no slope stands out of the noise.
    """
    own_fine, own_broad = noise**2 * slope_gain(FINE), noise**2 * slope_gain(BROAD)
    ratios = []
    for each in reliefs:
        fine, broad = (slope_energy(each.smoothed[passes]) for passes in (FINE, BROAD))
        # The dark side of an edge alone: its bright side clips first, and clipped edges would drop out as light grows.
        usable = (each.lit & (each.smoothed[3] < 0))[1:-1:2, 1:-1] & (broad > 6 * own_broad + 1e-8)
        if np.count_nonzero(usable) < _LEAST_EDGES:
            continue
        strong = usable & (broad >= np.quantile(sample(broad[usable]), 1 - STRONG))
        ratios.append((fine[strong] - own_fine) / (broad[strong] - own_broad))
    if not ratios:
        return float("nan")
    apart = (BROAD - FINE) / 2
    excess = max(float(np.concatenate(ratios).mean(dtype=np.float64)) - 1, apart / WIDEST**2)
    return float(np.log2(excess / apart)) / 2


def dark_spots(relief: Relief, pixels: int) -> float:
    """Count small dark round spots per megapixel of the stored picture: dust, pits, pores.

    A spot is 2 to 12 px wide in the small copy, and stands out of its surroundings by 3 % and by six robust standard
    deviations of them. It is about as wide as tall, lighter by half on all sides, and not at the edge of the
    picture. Coarser texture falls out by the difference of two smoothings.
    """
    plane = relief.smoothed[2] - relief.smoothed[5]
    if min(plane.shape) < 24:
        return float("nan")
    spread = 1.4826 * float(np.median(np.abs(sample(plane))))
    dark = (plane < -max(6 * spread, 0.03)) & relief.lit
    if not dark.any():
        return 0.0
    found, _ = ndimage.label(dark)
    spots = 0
    for label, place in enumerate(ndimage.find_objects(found), start=1):
        tall, wide = (s.stop - s.start for s in place)
        at_edge = any(s.start <= 1 or s.stop >= n - 1 for s, n in zip(place, plane.shape, strict=True))
        if at_edge or not 2 <= min(tall, wide) <= max(tall, wide) <= min(12, 2 * min(tall, wide)):
            continue
        full = np.count_nonzero(found[place] == label) >= 0.5 * tall * wide
        spots += int(full and _stands_free(relief.smoothed[2], place))
    return spots / (pixels / 1e6)


def _stands_free(plane: Plane, place: tuple[slice, slice]) -> bool:
    """Tell whether all four corners, two pixels around ``place``, are less than half as dark: not so at the rim of a hole."""
    top, bottom, left, right = (
        int(np.clip(at, 0, length - 1))
        for extent, length in zip(place, plane.shape, strict=True)
        for at in (extent.start - 2, extent.stop + 1)
    )
    darkest = float(plane[place].min())
    return bool(plane[[top, top, bottom, bottom], [left, right, left, right]].min() > darkest / 2)
