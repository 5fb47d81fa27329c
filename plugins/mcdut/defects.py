"""Defects that are planted on pictures, with their masks: nobody has to find them first to know whether they were kept."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from .cheap import Floats
from .detect import contrast, levels

Kind = Literal["scratch", "spot", "stain"]
KINDS: tuple[Kind, ...] = ("scratch", "spot", "stain")
_FALL = {"scratch": 0.45, "spot": 0.5, "stain": 0.35}
"""By how much a defect changes the light, at its strongest."""
_TRIES, _HALF = 24, 0.5
_LIGHT, _EVEN = 0.4, 0.05
"""A place is good where it has this share of the light of the picture's bright parts, and no more contrast of its own."""
_REFERENCE = 256


class PlantedDefect(NamedTuple):
    """A picture with a defect: where it is (half its strength or more), and whether it is darker or brighter."""

    picture: Floats
    mask: NDArray[np.bool_]
    kind: Kind
    dark: bool


def plant(picture: Floats, kind: Kind, draws: np.random.Generator) -> PlantedDefect:
    """Draw one defect on a picture ``(rows, columns, 3)`` in 0..1, in an even place that has light enough to see it.

    Sizes go with the short side: at 256 px a scratch is about 2 px wide and 40 px long, a spot 6 px across, a stain 25 px.
    Of several places the most even is taken where none is good.
    """
    rows, columns = picture.shape[:2]
    scale = max(0.5, min(rows, columns) / _REFERENCE)
    grey, found = gaussian_filter(picture.mean(axis=2), scale), levels(picture)
    enough = _LIGHT * float(np.percentile(grey, 95))
    best, least = np.zeros((rows, columns)), np.inf
    for _ in range(_TRIES):
        shape = _shape(kind, rows, columns, scale, draws)
        mask = shape > _HALF
        if not mask.any():
            continue
        own = max(contrast(found, mask, dark=dark) for dark in (True, False))
        unlit = max(0.0, enough - float(grey[mask].min()))
        if own + unlit < least:
            best, least = shape, own + unlit
        if own <= _EVEN and not unlit:
            break
    mask = best > _HALF
    dark = bool(kind != "scratch" or (mask.any() and float(grey[mask].max()) > _HALF) or draws.random() < _HALF)
    made = np.clip(picture * (1 + (-1 if dark else 1) * _FALL[kind] * best[..., None]), 0, 1).astype(np.float32)
    return PlantedDefect(made, mask, kind, dark)


def _shape(kind: Kind, rows: int, columns: int, scale: float, draws: np.random.Generator) -> NDArray[np.float64]:
    """Give the strength of a defect in each pixel, 0..1."""
    margin = 0.15
    y, x = np.mgrid[:rows, :columns].astype(np.float64)
    y -= rows * draws.uniform(margin, 1 - margin)
    x -= columns * draws.uniform(margin, 1 - margin)
    turn = draws.uniform(0, np.pi)
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    if kind == "scratch":
        length, width = scale * draws.uniform(30, 50), max(1.5, scale * draws.uniform(1.6, 2.6))
        v = v - draws.uniform(-0.3, 0.3) * u * u / length
        return _step(width / 2 - np.abs(v)) * _step(length / 2 - np.abs(u))
    if kind == "spot":
        return _step(max(2.0, scale * draws.uniform(2.5, 3.5)) - np.hypot(u, v * draws.uniform(0.8, 1.2)))
    radius, phase = scale * draws.uniform(9, 15), draws.uniform(0, 2 * np.pi)
    angle = np.arctan2(v, u)
    ragged = 1 + 0.2 * np.sin(3 * angle + phase) + 0.1 * np.sin(7 * angle - phase)
    blot: NDArray[np.float64] = gaussian_filter(_step(radius * ragged - np.hypot(u, 1.3 * v)), 0.7)
    return blot


def _step(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give an edge that is one pixel wide."""
    found: NDArray[np.float64] = np.clip(distance + 0.5, 0, 1)
    return found
