"""Points drawn on pictures: numbered, one colour a point, hollow where a point is not seen."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

COLOURS = "tab10"
LEAST = 200
"""Longest side in pixels at which numbers can be read; smaller pictures are enlarged."""
RADIUS, WIDTH, FONT = 5, 2, 14


def drawn(base: Image.Image, points: NDArray[np.floating], visible: NDArray[np.bool_]) -> Image.Image:
    """Draw points on a picture.

    Args:
        base: the picture, RGB.
        points: ``(points, 2)``, x and y in 0..1.
        visible: ``(points,)``.
    """
    factor = max(1, -(-LEAST // max(base.size)))
    image = base.convert("RGB").resize((base.width * factor, base.height * factor), Image.Resampling.NEAREST)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(FONT)
    palette = colormaps[COLOURS]
    for index, ((x, y), seen) in enumerate(zip(points.tolist(), visible.tolist(), strict=True)):
        colour = tuple(round(255 * part) for part in palette(index % palette.N)[:3])
        centre = x * (image.width - 1), y * (image.height - 1)
        draw.circle(centre, RADIUS + 1, outline=(255, 255, 255), width=1)
        draw.circle(centre, RADIUS, fill=colour if seen else None, outline=colour, width=WIDTH)
        place = centre[0] + RADIUS + 2, centre[1] - RADIUS - FONT / 2
        draw.text(place, str(index + 1), fill=colour, font=font, stroke_width=2, stroke_fill=(255, 255, 255))
    return image
