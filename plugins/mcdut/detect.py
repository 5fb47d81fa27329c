"""What stands out from its surround: the contrast of small dark and bright things, and which of them appeared or vanished.

The surround of a pixel is what remains when everything narrower than 11 px is filled in (a morphological closing for dark
things, an opening for bright ones); contrast is the difference to it, as a share of it. A gain leaves contrast alone, and
edges of parts, which are not narrow, have none. Wider things are found in the picture reduced by 2, 4, 8 …
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, grey_closing, grey_opening, label, maximum_filter

from .cheap import Floats

Map = NDArray[np.float32]
_ELEMENT = 11
_SMOOTH = 1.0
_SMALLEST = 40
"""Short side below which a picture is not reduced further."""
_FLOOR, _BLACK = 0.5, 1e-3
"""Light below which contrasts are not taken as shares of it: a share of the picture's median, and at least a black's."""
_FEWEST = 4
"""Pixels of a thing, at the size at which it was found."""
_MOVED = 5
_GRAINS = 6.0


class Level(NamedTuple):
    """Contrasts, 0 or more, of things darker and brighter than their surround, in the picture reduced by ``factor``."""

    factor: int
    dark: Map
    bright: Map


class Changes(NamedTuple):
    """How many things are there that were not, and how many are gone."""

    invented: int
    lost: int


def levels(picture: Floats) -> list[Level]:
    """Give the contrasts of a picture ``(rows, columns, 3)`` in 0..1 at every size."""
    grey, found, factor = picture.mean(axis=2), [], 1
    while True:
        smooth = gaussian_filter(grey, _SMOOTH, mode="nearest")
        above, below = (operator(smooth, _ELEMENT, mode="nearest") for operator in (grey_closing, grey_opening))
        floor = max(_FLOOR * float(np.median(smooth)), _BLACK)
        dark = ((above - smooth) / np.maximum(above, floor)).astype(np.float32)
        bright = ((smooth - below) / np.maximum(below, floor)).astype(np.float32)
        found.append(Level(factor, dark, bright))
        grey, factor = _halved(grey), 2 * factor
        if min(grey.shape) < _SMALLEST:
            return found


def contrast(found: list[Level], mask: NDArray[np.bool_], *, dark: bool) -> float:
    """Give the contrast of what lies in ``mask``: its mean there, at the size at which it is largest."""
    means = []
    for level in found:
        inside = _reduced(mask, level.factor)
        here = level.dark if dark else level.bright
        means.append(float(here[inside].mean()) if inside.any() else 0.0)
    return max(means)


def changes(
    before: list[Level], after: list[Level], *, least: float, strength: float, aside: NDArray[np.bool_] | None = None
) -> Changes:
    """Count things that appeared or vanished.

    A thing is what has a contrast of ``least`` or more, and of more than six times the picture's grain (its median contrast).
    It is invented where there was less than ``strength`` of its contrast before, within two pixels, and lost the other way
    round. What is seen at several sizes counts at each.

    Args:
        before: of the picture.
        after: of the same picture, repaired.
        least: contrast of a thing.
        strength: share of a contrast that counts as the same thing.
        aside: ``(rows, columns)`` where nothing is counted.
    """
    return Changes(*(_only_in(*pair, least, strength, aside) for pair in ((after, before), (before, after))))


def _only_in(here: list[Level], there: list[Level], least: float, strength: float, aside: NDArray[np.bool_] | None) -> int:
    count = 0
    for one, other in zip(here, there, strict=True):
        for shown, same in ((one.dark, other.dark), (one.bright, other.bright)):
            things = shown > max(least, _GRAINS * float(np.median(shown)))
            things &= maximum_filter(same, _MOVED) < strength * shown
            if aside is not None:
                things &= ~_reduced(aside, one.factor)
            marked, _ = label(things, np.ones((3, 3)))
            count += int((np.bincount(marked.ravel())[1:] >= _FEWEST).sum())
    return count


def _halved(grey: NDArray[np.floating]) -> NDArray[np.floating]:
    rows, columns = (n // 2 * 2 for n in grey.shape)
    half: NDArray[np.floating] = grey[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))
    return half


def _reduced(mask: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """Give a mask at a reduced size: places of which half or more lie in it."""
    share = mask.astype(np.float32)
    while factor > 1:
        share, factor = _halved(share).astype(np.float32), factor // 2
    return share >= 0.5 if share.max() >= 0.5 else np.zeros(share.shape, bool)
