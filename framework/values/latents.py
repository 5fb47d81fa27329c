"""Codes of images."""

from __future__ import annotations

from typing import Annotated

from .per_image import PerImage
from .space import Space
from .value import Array, Axes


class Latents(PerImage):
    """Codes of images: ``values`` is ``(images, dimensions)``; NaN where a measure does not apply.

    ``groups`` holds one name an image; images of one scene or part share it. ``error`` is ``(images,)``,
    how far each image is from what its code decodes to; none where codes are not decoded.
    """

    space: Space
    groups: Annotated[tuple[str, ...], Axes("images")]
    values: Annotated[Array, Axes("images", "dimensions", nan=True)]
    error: Annotated[Array | None, Axes("images")] = None

    def lengths(self) -> dict[str, int]:
        """Give the number of dimensions; see :meth:`Value.lengths`."""
        return {"dimensions": len(self.space)}
