"""The pictures by which a person sees how far a training is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..files.whole import written_whole

GAP = 2
_GROUND = 255


def grid(pictures: NDArray[np.uint8], gap: int = GAP) -> NDArray[np.uint8]:
    """Lay out ``(rows, columns, height, width, 3)`` as one picture, thin white gaps between.

    >>> grid(np.zeros((2, 3, 8, 8, 3), np.uint8), gap=2).shape
    (18, 28, 3)
    """
    rows, columns, height, width, _ = pictures.shape
    padded = np.full((rows, columns, height + gap, width + gap, 3), _GROUND, np.uint8)
    padded[:, :, :height, :width] = pictures
    whole = padded.transpose(0, 2, 1, 3, 4).reshape(rows * (height + gap), columns * (width + gap), 3)
    return whole[:-gap, :-gap] if gap else whole


def save(folder: Path, step: int, pictures: NDArray[np.uint8]) -> None:
    """Write ``preview.png``, and keep it as ``previews/STEP.png`` where the step is twice that of the last one kept.

    Raises:
        OutputUnusable: the folder cannot be written.
    """
    from PIL import Image

    image = Image.fromarray(grid(pictures))
    kept = [int(path.stem) for path in (folder / "previews").glob("*.png") if path.stem.isdigit() and int(path.stem) <= step]
    places = [folder / "preview.png"]
    if step >= 2 * max(kept, default=0):
        places.append(folder / "previews" / f"{step:08d}.png")
    for place in places:
        with written_whole(place) as file:
            image.save(file, format="PNG")
