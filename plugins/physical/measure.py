"""All measures of one picture, in one pass."""

from __future__ import annotations

import numpy as np

from ...plugin import Picture
from .colour import colour
from .filters import relief
from .light import contrast, exposure, illumination
from .optics import dark_spots, noise, sharpness
from .position import part_of, placement
from .storage import blockiness, shape
from .surface import orientation, texture_period, texture_strength
from .view import view_of

LEAST_NOISE = 5e-4
"""Share of the level below which noise is all the same: an eighth of a grey level of 8 bits at full scale."""


def measure(picture: Picture, tone: str = "srgb") -> dict[str, float]:
    """Give every attribute of ``picture`` by its id, in the units of ``DIMENSIONS``; NaN where one does not apply.

    ``tone`` says how stored colours follow the light: ``srgb`` or ``linear``.
    """
    with np.errstate(all="ignore"):
        return _measure(picture, tone)


def _measure(picture: Picture, tone: str) -> dict[str, float]:
    view = view_of(picture)
    grain = noise(view.crops, view.rounding)
    known_grain = grain if np.isfinite(grain) else 0.0
    small_grain = known_grain / view.small_factor
    whole = relief(view.small)
    parts = [whole] if view.small_factor == 1 else [relief(crop) for crop in view.crops]
    # Light and part are found in turn: a part tilts the fit of the light, uneven light hides a part.
    light, part = illumination(view.coarse, view.step), part_of(view.coarse)
    if part is None:
        part = part_of(view.coarse / light.field)
    if part is not None:
        light = illumination(view.coarse, view.step, part)
    even = view.coarse / light.field
    place = placement(part_of(even))
    temperature, tint, saturation = colour(view.rgb, view.step, tone)
    resolution, aspect = shape(view.width, view.height)
    return {
        "exposure": exposure(view.small, view.step),
        "contrast": contrast(even, known_grain / view.coarse_factor),
        "shadows": 100 * view.dark,
        "highlights": 100 * view.bright,
        "gradient": light.gradient,
        "gradient-direction": light.direction,
        "colour-temperature": temperature,
        "tint": tint,
        "saturation": saturation,
        "sharpness": sharpness(parts, known_grain),
        "noise": float(np.log2(100 * max(grain, LEAST_NOISE))),
        "vignetting": light.vignetting,
        "dark-spots": dark_spots(whole, view.width * view.height),
        "texture-strength": texture_strength(whole, small_grain),
        "texture-period": texture_period(whole, view.small_factor),
        "orientation": orientation(whole, small_grain),
        "part-x": place.x,
        "part-y": place.y,
        "part-size": place.size,
        "part-rotation": place.rotation,
        "resolution": resolution,
        "aspect": aspect,
        "blockiness": blockiness(view.crops, view.step),
    }
