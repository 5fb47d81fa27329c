"""Pictures as the squares that a network sees, in batches, decoded ahead of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..values.images import ImageRef, ImageSet
from ..values.per_image import SetAside

Batch = tuple[list[ImageRef], NDArray[np.uint8]]
"""Images and their pictures, ``(images, size, size, 3)``."""
BATCH = 8
"""Pictures a batch: on a CPU larger ones leave the cache and are slower (see the features plugin's README)."""


def batches(images: ImageSet, size: int, set_aside: list[SetAside], *, workers: int = 2, most: int = BATCH) -> Iterator[Batch]:
    """Give the pictures of a set, ``most`` at a time, as ``(images, size, size, 3)`` ``uint8``.

    What cannot be read is added to ``set_aside``.
    """
    refs: list[ImageRef] = []
    rows: list[NDArray[np.uint8]] = []
    for ref, pixels in images.squares(size, workers=workers):
        if isinstance(pixels, SetAside):
            set_aside.append(pixels)
            continue
        refs.append(ref)
        rows.append(pixels)
        if len(rows) == most:
            yield refs, np.stack(rows)
            refs, rows = [], []
    if rows:
        yield refs, np.stack(rows)
