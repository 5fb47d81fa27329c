"""How much of a picture's structure a repair leaves: edges that stay where they are, and directions of gradients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.feature import canny
from skimage.filters import sobel_h, sobel_v

from .cheap import Floats

TOLERANCE = 2.0
"""Pixels by which an edge may have moved."""
_SMOOTH = 1.5
_LOW, _HIGH = 0.85, 0.93


def edge_f1(before: Floats, after: Floats) -> float:
    """Give the F1 of edges (Canny, the strongest of each picture), within 2 px: 1 where all stay and none is new.

    Args:
        before: ``(rows, columns, 3)`` in 0..1.
        after: the same, repaired.
    """
    found = [_edges(picture) for picture in (before, after)]
    if not any(edges.any() for edges in found):
        return 1.0
    if not all(edges.any() for edges in found):
        return 0.0
    near = [distance_transform_edt(~edges) <= TOLERANCE for edges in found]
    kept, right = float(near[1][found[0]].mean()), float(near[0][found[1]].mean())
    return 2 * kept * right / max(kept + right, 1e-12)


def gradient_correlation(before: Floats, after: Floats) -> float:
    """Give the mean cosine of the angle between gradients before and after, weighted by their strength before; -1..1.

    A gain changes nothing; inverted tones give -1.
    """
    (x, y), (u, v) = (_gradients(picture) for picture in (before, after))
    strength = np.hypot(x, y)
    cosine = (x * u + y * v) / np.maximum(strength * np.hypot(u, v), 1e-12)
    total = float(strength.sum())
    return float((strength * cosine).sum() / total) if total > 0 else 1.0


def _edges(picture: Floats) -> NDArray[np.bool_]:
    grey = picture.mean(axis=2)
    if np.ptp(grey) < 1e-6:
        return np.zeros(grey.shape, bool)
    found: NDArray[np.bool_] = canny(grey, sigma=_SMOOTH, low_threshold=_LOW, high_threshold=_HIGH, use_quantiles=True)
    return found


def _gradients(picture: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    grey = gaussian_filter(picture.mean(axis=2).astype(np.float64), _SMOOTH)
    return sobel_v(grey), sobel_h(grey)
