"""One picture at the sizes at which it is measured: stored pixels where detail counts, reduced copies for the rest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...plugin import Picture

Plane = NDArray[np.float32]
Stored = NDArray[np.uint8] | NDArray[np.uint16]

SMALL = 640
"""Longest side of the copy on which texture, spots and exposure are measured."""
COARSE = 160
"""Longest side of the copy on which light, contrast, colour and the part are measured."""
CROP = 256
"""Side of the nine full-resolution crops that stand for a large picture."""
STRIP = 1_000_000
"""Pixels looked at in one go where every stored pixel counts."""
_EXACT = 2**8
"""Largest side of squares whose sums, of bytes, are exact in ``float32``."""
LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue in luminance (ITU-R BT.709)."""


@dataclass(frozen=True)
class View:
    """A picture made ready. All planes are luminance in 0..1, ``float32``, as stored (no gamma is undone).

    ``crops`` hold stored pixels, their corners on multiples of 8; ``small`` and ``coarse`` are area
    means over squares of ``small_factor`` and ``coarse_factor`` pixels; ``rgb`` is ``(rows, columns, 3)``
    at the coarse size, ``None`` where all channels are equal; ``step`` is one grey level and
    ``rounding`` the variance that rounding to grey levels adds to a pixel's luminance;
    ``dark`` and ``bright`` are the shares of pixels at the ends of the scale, in 0..1.
    """

    width: int
    height: int
    step: float
    rounding: float
    crops: tuple[Plane, ...]
    small: Plane
    small_factor: int
    coarse: Plane
    coarse_factor: int
    rgb: Plane | None
    dark: float
    bright: float


def view_of(picture: Picture) -> View:
    """Make ``picture`` ready to be measured; pixels are gone through in strips, so it takes little memory beyond them."""
    pixels, white = picture.pixels, picture.white
    height, width = pixels.shape[:2]
    has_colour = pixels.ndim == 3 and not _is_grey(pixels, white)
    if pixels.ndim == 3 and not has_colour:
        pixels = pixels[..., 1]
    dark, bright = _ends(pixels, white)
    small_factor, coarse_factor = -(-max(width, height) // SMALL), -(-max(width, height) // COARSE)
    coarse = area_mean(pixels, coarse_factor) / np.float32(white)
    return View(
        width=width,
        height=height,
        step=1 / white,
        rounding=(sum(w**2 for w in LUMINANCE) if has_colour else 1.0) / white**2 / 12,
        crops=tuple(luminance(crop.astype(np.float32) / np.float32(white)) for crop in _crops(pixels)),
        small=luminance(area_mean(pixels, small_factor) / np.float32(white)),
        small_factor=small_factor,
        coarse=luminance(coarse),
        coarse_factor=coarse_factor,
        rgb=coarse if has_colour else None,
        dark=dark,
        bright=bright,
    )


def luminance(unit: Plane) -> Plane:
    """Give the luminance of RGB ``(rows, columns, 3)``; grey comes back as it is."""
    return unit if unit.ndim == 2 else unit @ np.asarray(LUMINANCE, np.float32)


def area_mean(pixels: Stored | Plane, factor: int) -> Plane:
    """Average squares of ``factor`` pixels; a rest at the right or lower edge that fills no square is left out.

    >>> area_mean(np.arange(16, dtype=np.uint8).reshape(4, 4), 2).tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    if factor == 1:
        return pixels.astype(np.float32)
    rows, columns = pixels.shape[0] // factor or 1, pixels.shape[1] // factor or 1
    tall, wide = min(factor, pixels.shape[0]), min(factor, pixels.shape[1])
    kept = pixels[: rows * tall, : columns * wide]
    if kept.dtype == np.uint8 and max(tall, wide) <= _EXACT:
        return _mean_of_bytes(kept, rows, columns)
    total = np.zeros((rows, *kept.shape[1:]), np.float32)
    for i in range(tall):
        total += kept[i::tall]
    cells = total.reshape(rows, columns, wide, *kept.shape[2:])
    return np.asarray(cells.sum(axis=2) / np.float32(tall * wide), np.float32)


def _mean_of_bytes(kept: Stored | Plane, rows: int, columns: int) -> Plane:
    """Average in whole numbers, which is faster and gives the same: sums this small are exact in ``float32`` as well."""
    tall, wide = kept.shape[0] // rows, kept.shape[1] // columns
    down = np.zeros((rows, *kept.shape[1:]), np.uint16)
    for i in range(tall):
        np.add(down, kept[i::tall], out=down, casting="unsafe")
    cells = down.reshape(rows, columns, wide, *kept.shape[2:])
    total = np.zeros((rows, columns, *kept.shape[2:]), np.uint32)
    for j in range(wide):
        total += cells[:, :, j]
    return np.asarray(total.astype(np.float32) / np.float32(tall * wide), np.float32)


def _strips(pixels: Stored) -> Iterator[Stored]:
    rows = max(1, STRIP // pixels.shape[1])
    return (pixels[top : top + rows] for top in range(0, len(pixels), rows))


def _is_grey(pixels: Stored, white: float) -> bool:
    """Tell whether no pixel has channels more than one part in 255 apart."""
    return all(
        bool(np.abs(strip[..., c].astype(np.int32) - strip[..., 1]).max() <= white / 255)
        for strip in _strips(pixels)
        for c in (0, 2)
    )


def _ends(pixels: Stored, white: float) -> tuple[float, float]:
    """Give the shares of pixels whose highest channel lies within one part in 255 of black, and of white."""
    dark = bright = 0
    low, high = math.floor(white / 255), math.ceil(white * 254 / 255)  # whole numbers compare faster than others
    for strip in _strips(pixels):
        highest = strip if strip.ndim == 2 else np.maximum(np.maximum(strip[..., 0], strip[..., 1]), strip[..., 2])
        dark += int(np.count_nonzero(highest <= low))
        bright += int(np.count_nonzero(highest >= high))
    count = pixels.shape[0] * pixels.shape[1]
    return dark / count, bright / count


def _crops(pixels: Stored) -> list[Stored]:
    """Give the whole picture, or nine squares of it spread from edge to edge, corners on multiples of 8."""
    height, width = pixels.shape[:2]
    if max(height, width) <= SMALL:
        return [pixels]
    tops, lefts = _starts(height), _starts(width)
    return [pixels[top : top + CROP, left : left + CROP] for top in tops for left in lefts]


def _starts(length: int) -> list[int]:
    last = max(0, length - CROP)
    return sorted({int(last * share) // 8 * 8 for share in (0.0, 0.5, 1.0)})
