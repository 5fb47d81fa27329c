"""Pictures as the squares that a network sees, in batches, decoded ahead of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .images import ImageRef, ImageSet
from .pictures import square
from .values import SetAside

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
    for ref, picture in images.decoded(at_least=size, workers=workers):
        if isinstance(picture, SetAside):
            set_aside.append(picture)
            continue
        refs.append(ref)
        rows.append(square(picture, size))
        if len(rows) == most:
            yield refs, np.stack(rows)
            refs, rows = [], []
    if rows:
        yield refs, np.stack(rows)
