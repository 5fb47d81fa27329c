"""Small filters on planes: cheap, exact and symmetric at the edges; and the relief that surface and sharpness are read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Plane = NDArray[np.float32]

GROUND = 21
"""Side of the square whose mean is the local level."""


@dataclass(frozen=True)
class Relief:
    """A picture relative to its local level, minus 1: neither a gain nor uneven light moves it.

    ``smoothed`` holds it after 1, 2, 3 and 5 passes of :func:`smooth`; ``lit`` marks where the level is
    neither near black nor clipped. Noise has the same variance everywhere: the square of its share of the level.
    """

    smoothed: dict[int, Plane]
    lit: NDArray[np.bool_]


def relief(plane: Plane) -> Relief:
    """Divide ``plane`` by its mean over squares of 21 px, or of a third of the picture where that is less."""
    ground = box(plane, min(GROUND, max(3, min(plane.shape) // 3 | 1)))
    highest = float(ground.max())
    lit = (ground > 0.1 * highest) & (ground < 0.97)
    if float(plane.max()) >= 0.98:
        lit &= box((plane >= 0.98).astype(np.float32), 5) < 0.01
    floor = np.float32(max(0.05 * highest, 1e-6))
    level = np.asarray(plane / np.maximum(ground, floor) - np.float32(1), np.float32)
    smoothed: dict[int, Plane] = {}
    done = 0
    for passes in (1, 2, 3, 5):
        level = smooth(level, passes - done)
        smoothed[passes], done = level, passes
    return Relief(smoothed, lit)


def smooth(plane: Plane, passes: int) -> Plane:
    """Smooth with ``[1, 2, 1] / 4`` along both axes, ``passes`` times: variance ``passes / 2`` px² an axis."""
    for _ in range(passes):
        across = plane + plane
        across[:, 1:] += plane[:, :-1]
        across[:, :-1] += plane[:, 1:]
        across[:, 0] += plane[:, 0]
        across[:, -1] += plane[:, -1]
        plane = across + across
        plane[1:] += across[:-1]
        plane[:-1] += across[1:]
        plane[0] += across[0]
        plane[-1] += across[-1]
        plane *= np.float32(1 / 16)
    return plane


def slope_energy(plane: Plane) -> Plane:
    """Give the squared gradient at the places of :func:`slopes`."""
    x, y = slopes(plane)
    return x * x + y * y


def slopes(plane: Plane) -> tuple[Plane, Plane]:
    """Give the central differences ``(along x, along y)`` per pixel in every second row, ``plane[1:-1:2, 1:-1]``."""
    rows = plane[1:-1:2]
    half = np.float32(0.5)
    return (rows[:, 2:] - rows[:, :-2]) * half, (plane[2::2, 1:-1] - plane[:-2:2, 1:-1]) * half


def box(plane: Plane, size: int) -> Plane:
    """Average over squares of ``size`` pixels around each pixel, the edge mirrored."""
    return np.asarray(ndimage.uniform_filter(plane, size, mode="mirror"), np.float32)


def cells_of(plane: Plane, size: int) -> Plane:
    """Average squares of ``size`` pixels; the last of each row and column may be smaller."""
    tops, lefts = np.arange(0, plane.shape[0], size), np.arange(0, plane.shape[1], size)
    sums = np.add.reduceat(np.add.reduceat(plane, tops, axis=0), lefts, axis=1)
    heights, widths = np.diff([*tops, plane.shape[0]]), np.diff([*lefts, plane.shape[1]])
    return np.asarray(sums / (heights[:, None] * widths), np.float32)


def sample(values: NDArray[np.float32], most: int = 8_000) -> NDArray[np.float32]:
    """Give about ``most`` values evenly taken from ``values``: enough for a quantile."""
    flat = values.ravel()
    stride = max(1, flat.size // most)
    # An even stride could fall in step with rows or a texture.
    return flat[:: stride | 1]


def smooth_gain(passes: int) -> float:
    """Give the variance that white noise of variance 1 keeps after :func:`smooth`."""
    return _kernel_energy(_smoothing(passes)) ** 2


def slope_gain(passes: int) -> float:
    """Give the mean :func:`slope_energy` of white noise of variance 1 after :func:`smooth`."""
    kernel = _smoothing(passes)
    return 2 * _kernel_energy(kernel) * _kernel_energy(np.convolve(kernel, [0.5, 0, -0.5]))


def _smoothing(passes: int) -> NDArray[np.float64]:
    kernel = np.ones(1)
    for _ in range(passes):
        kernel = np.convolve(kernel, [0.25, 0.5, 0.25])
    return kernel


def _kernel_energy(kernel: NDArray[np.float64]) -> float:
    return float(np.sum(kernel**2))
