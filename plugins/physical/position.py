"""Where the part lies, how large it is and how it is turned, where a part can be told from its ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .filters import smooth

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

LEAST_SEPARATION = 0.72
"""Share of the variance that lies between the two classes (Otsu); a single even bell has 0.64."""
LEAST_CONTRAST = 0.1
"""Difference of the two class means over their sum."""
LEAST_BORDER = 0.92
"""Share of the picture's border that must be ground."""
LEAST_ONE = 0.85
"""Share of everything that is not ground which the part must hold."""
AREA = (0.01, 0.8)
"""Least and most share of the picture."""
LEAST_ELONGATION = 1.15
"""Length over width from which a part has a direction."""


@dataclass(frozen=True)
class Placement:
    """Where a part lies.

    ``x`` and ``y`` are its centre of area in % of width and height, from the left and from the top;
    ``size`` is log2 of the square root of its share of the picture; ``rotation`` the direction of
    its long axis, degrees counter-clockwise from the horizontal, 0 to 180, NaN for a part about as
    wide as long. All NaN without a part.
    """

    x: float = float("nan")
    y: float = float("nan")
    size: float = float("nan")
    rotation: float = float("nan")


def part_of(even: Plane) -> Mask | None:
    """Tell a part from its ground: one filled region, brighter or darker, that leaves the border free. None without one.

    ``even`` is the coarse copy with the smooth part of the light divided out. The threshold is Otsu's (1979).
    """
    if min(even.shape) < 12:
        return None
    calm = smooth(even, 1)
    above = _split(calm)
    if above is None:
        return None
    border = np.concatenate([above[0], above[-1], above[1:-1, 0], above[1:-1, -1]])
    share = float(border.mean())
    if max(share, 1 - share) < LEAST_BORDER:
        return None
    other = above if share < 0.5 else ~above
    filled = ndimage.binary_fill_holes(ndimage.binary_opening(other))
    labels, count = ndimage.label(filled)
    if count == 0:
        return None
    areas = np.bincount(labels.ravel())[1:]
    part = labels == 1 + int(areas.argmax())
    if areas.max() < LEAST_ONE * areas.sum() or not AREA[0] <= areas.max() / even.size <= AREA[1]:
        return None
    return np.asarray(part)


def placement(part: Mask | None) -> Placement:
    """Measure where ``part`` lies, by its moments."""
    if part is None:
        return Placement()
    rows, columns = part.shape
    ys, xs = np.nonzero(part)
    y, x = float(ys.mean()), float(xs.mean())
    yy, xx = float(ys.var()) + 1 / 12, float(xs.var()) + 1 / 12
    xy = float(((ys - y) * (xs - x)).mean())
    spread = float(np.hypot(xx - yy, 2 * xy))
    long, short = (xx + yy + spread) / 2, (xx + yy - spread) / 2
    turned = np.degrees(np.arctan2(-2 * xy, xx - yy)) / 2 % 180
    return Placement(
        x=100 * (x + 0.5) / columns,
        y=100 * (y + 0.5) / rows,
        size=float(np.log2(len(ys) / part.size)) / 2,
        rotation=float(turned) if long >= LEAST_ELONGATION**2 * short else float("nan"),
    )


def _split(plane: Plane) -> Mask | None:
    """Cut at the threshold that separates two classes best; None where there are hardly two."""
    low, high = np.quantile(plane, (0.002, 0.998))
    if high <= low:
        return None
    counts, edges = np.histogram(np.clip(plane, low, high), bins=128)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1] / plane.size
    sums = np.cumsum(counts * centres)[:-1] / plane.size
    mean = float((counts * centres).sum() / plane.size)
    between = np.zeros(len(below))
    real = (below > 0) & (below < 1)
    between[real] = (mean * below[real] - sums[real]) ** 2 / (below[real] * (1 - below[real]))
    variance = float((counts * (centres - mean) ** 2).sum() / plane.size)
    best = int(between.argmax())
    if variance <= 0 or between[best] < LEAST_SEPARATION * variance:
        return None
    dark, light = sums[best] / below[best], (mean - sums[best]) / (1 - below[best])
    if light - dark < LEAST_CONTRAST * (light + dark):
        return None
    return np.asarray(plane > (dark + light) / 2)
