"""Pictures of a training set: decoded once into one file, and read from there at any speed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ...specs.errors import OutputUnusable, TooFewImages
from ..files.whole import write_text, written_whole
from ..values.images import ImageRef, ImageSet
from ..values.per_image import SetAside
from ..values.pictures import square

LEAST = 2
_DIGEST_DIGITS = 16


@dataclass(frozen=True)
class Squares:
    """Pictures scaled to squares: ``pixels`` ``(images, size, size, 3)`` ``uint8``, read from disk as they are used.

    ``refs`` are the images in the order of the rows; ``set_aside`` those that could not be read.
    """

    pixels: NDArray[np.uint8]
    refs: tuple[ImageRef, ...]
    set_aside: tuple[SetAside, ...]

    def __len__(self) -> int:
        return len(self.refs)


def squares(images: ImageSet, size: int, folder: Path, *, workers: int = 2) -> Squares:
    """Decode the pictures of a set once, as ``size`` × ``size`` squares, into ``folder/images-DIGEST.npy``.

    The file takes ``3 * size**2`` bytes an image. It is used again where the set and the size are the same.

    Raises:
        TooFewImages: fewer than two can be used.
        OutputUnusable: the folder is full or read-only.
    """
    digest = hashlib.sha256(f"{images.digest()} {size}".encode()).hexdigest()[:_DIGEST_DIGITS]
    pixels, rows = folder / f"images-{digest}.npy", folder / f"images-{digest}.json"
    found = _kept(images, size, pixels, rows) or _decoded(images, size, pixels, rows, workers)
    if len(found) < LEAST:
        why = f"; {found.set_aside[0].id}: {found.set_aside[0].reason}" if found.set_aside else ""
        raise TooFewImages(
            f"{images.name}: {len(found)} of {len(images)} images can be used, a training needs {LEAST}{why}",
            hint="check what was set aside, or give another folder",
        )
    return found


def _kept(images: ImageSet, size: int, pixels: Path, rows: Path) -> Squares | None:
    """Give what an earlier session decoded, if it is whole."""
    try:
        kept = json.loads(rows.read_text(encoding="utf-8"))
        refs = tuple(images.refs[row] for row in kept["rows"])
        aside = tuple(SetAside.model_validate(one) for one in kept["set_aside"])
        array = np.load(pixels, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError):
        return None
    fits = array.dtype == np.uint8 and array.shape == (len(refs), size, size, 3)
    return Squares(array, refs, aside) if fits else None


def _decoded(images: ImageSet, size: int, pixels: Path, rows: Path, workers: int) -> Squares:
    used: list[int] = []
    aside: list[SetAside] = []
    with written_whole(pixels) as file:
        _header(file, len(images), size)
        for row, (_, picture) in enumerate(images.decoded(at_least=size, workers=workers)):
            if isinstance(picture, SetAside):
                aside.append(picture)
                continue
            file.write(square(picture, size).tobytes())
            used.append(row)
        file.seek(0)
        _header(file, len(used), size)  # of the same length: numpy leaves room for the number of rows
    text = json.dumps({"rows": used, "set_aside": [one.model_dump(mode="json") for one in aside]})
    write_text(rows, text.encode("utf-8", "backslashreplace").decode())
    if not used:
        return Squares(np.zeros((0, size, size, 3), np.uint8), (), tuple(aside))
    kept = _kept(images, size, pixels, rows)
    if kept is None:
        raise OutputUnusable(f"{pixels}: what was written cannot be read back", hint="choose another folder")
    return kept


def _header(file: IO[bytes], rows: int, size: int) -> None:
    form = {"descr": "|u1", "fortran_order": False, "shape": (rows, size, size, 3)}
    np.lib.format.write_array_header_1_0(file, form)
