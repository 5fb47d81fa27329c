"""Pictures of a training set, decoded once into one file and read from there; each keeps its own size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ... import OutputUnusable
from ...plugin import ImageRef, ImageSet, Picture, SetAside, written_whole

Prepare = Callable[[Picture], NDArray[np.uint8]]
_DIGITS = 16


class TooSmall(Exception):  # a verdict on one picture
    """A picture that is smaller than what should be cut out of it."""


@dataclass(frozen=True)
class Stack:
    """Pictures ``(rows, columns, 3)`` ``uint8``, one after the other in a file that is read as they are used.

    ``refs`` are their images in order; ``set_aside`` those that could not be used.
    """

    numbers: NDArray[np.uint8]
    sizes: tuple[tuple[int, int], ...]
    starts: NDArray[np.int64]
    refs: tuple[ImageRef, ...]
    set_aside: tuple[SetAside, ...]

    def __len__(self) -> int:
        return len(self.refs)

    def __getitem__(self, place: int) -> NDArray[np.uint8]:
        rows, columns = self.sizes[place]
        start = int(self.starts[place])
        return self.numbers[start : start + 3 * rows * columns].reshape(rows, columns, 3)


def scaled(side: int) -> Prepare:
    """Scale whole pictures to ``side`` × ``side``, bicubic, as published; the aspect is not kept."""

    def prepare(picture: Picture) -> NDArray[np.uint8]:
        pixels = picture.rgb8()
        if pixels.shape[:2] == (side, side):
            return pixels
        return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))

    return prepare


def stored(least: int) -> Prepare:
    """Take pixels as they are, of pictures whose sides have at least ``least`` of them."""

    def prepare(picture: Picture) -> NDArray[np.uint8]:
        if min(picture.size) < least:
            raise TooSmall(f"{picture.size[0]} × {picture.size[1]} px is less than load: {least}")
        return picture.rgb8()

    return prepare


def stacked(images: ImageSet, prepare: Prepare, key: str, folder: Path, *, at_least: int | None, workers: int) -> Stack:
    """Decode the pictures of a set once, into ``folder/images-DIGEST.bin``; three bytes a pixel.

    Args:
        images: the set.
        prepare: what is kept of a picture.
        key: what ``prepare`` does, in words: the file is used again where both are the same.
        folder: where to.
        at_least: a smaller scale will do, whose short side is not below it.
        workers: threads that decode.

    Raises:
        OutputUnusable: the folder is full or read-only.
    """
    digest = hashlib.sha256(f"{images.digest()} {key}".encode()).hexdigest()[:_DIGITS]
    place, list_ = folder / f"images-{digest}.bin", folder / f"images-{digest}.json"
    if (kept := _kept(images, place, list_)) is not None:
        return kept
    _decode(images, prepare, place, list_, at_least, workers)
    found = _kept(images, place, list_)
    if found is None:
        raise OutputUnusable(f"{place}: what was written cannot be read back", hint="choose another folder")
    return found


def _decode(images: ImageSet, prepare: Prepare, place: Path, list_: Path, at_least: int | None, workers: int) -> None:
    used, sizes, aside = [], [], []
    with written_whole(place) as file:
        for row, (ref, picture) in enumerate(images.decoded(at_least=at_least, workers=workers)):
            if isinstance(picture, SetAside):
                aside.append(picture)
                continue
            try:
                pixels = prepare(picture)
            except TooSmall as reason:
                aside.append(SetAside(id=ref.id, kind="no-result", reason=str(reason)))
                continue
            file.write(np.ascontiguousarray(pixels).tobytes())
            used.append(row)
            sizes.append(pixels.shape[:2])
    text = json.dumps({"rows": used, "sizes": sizes, "set_aside": [one.model_dump(mode="json") for one in aside]})
    with written_whole(list_) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def _kept(images: ImageSet, place: Path, list_: Path) -> Stack | None:
    """Give what an earlier session decoded, if it is whole."""
    try:
        kept = json.loads(list_.read_text(encoding="utf-8"))
        sizes = tuple((int(rows), int(columns)) for rows, columns in kept["sizes"])
        refs = tuple(images.refs[row] for row in kept["rows"])
        aside = tuple(SetAside.model_validate(one) for one in kept["set_aside"])
        lengths = [3 * rows * columns for rows, columns in sizes]
        if place.stat().st_size != sum(lengths) or len(refs) != len(sizes):
            return None
        numbers = np.memmap(place, np.uint8, "r") if lengths else np.zeros(0, np.uint8)
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None
    return Stack(numbers, sizes, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), refs, aside)
