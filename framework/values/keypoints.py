"""Points found in each image."""

from __future__ import annotations

from typing import Annotated

from .per_image import PerImage
from .value import Array, Axes


class Keypoints(PerImage):
    """Points found in each image: ``points`` is ``(images, points, 2)``, x and y in 0..1 from the upper left corner.

    ``names`` are those of the points; ``visible`` is ``(images, points)``; ``scores`` ``(images, points)`` say how sure each
    is, in 0..1, none where the finder does not know; ``sizes`` is ``(images, 2)``, width and height of each image.
    """

    names: Annotated[tuple[str, ...], Axes("points")]
    points: Annotated[Array, Axes("images", "points", 2)]
    visible: Annotated[Array, Axes("images", "points", kind="bool")]
    sizes: Annotated[Array, Axes("images", 2, kind="int", least=1)]
    scores: Annotated[Array | None, Axes("images", "points", least=0, most=1)] = None
