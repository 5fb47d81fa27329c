"""Decoding once for all who look: whole pictures for some, small squares of the same pictures for others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..values.images import ImageRef, ImageSource
from ..values.pictures import Picture, Unreadable, square

Square = NDArray[np.uint8]
MOST_BYTES = 256 * 2**20
"""Of squares that are kept in memory; 1,700 of 224 px."""


@runtime_checkable
class ScaledSource(Protocol):
    """A source that gives a picture at several scales in one go; one without decodes for each."""

    def pictures(self, ref: ImageRef, scales: Sequence[int | None]) -> list[Picture | Unreadable]:
        """Give what ``picture(ref, at_least=scale)`` gives, or raises, for each scale."""
        ...


class Squares:
    """Squares of pictures, those used last, up to a number of bytes. Safe among threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[tuple[int, str, int], Square | Unreadable] = OrderedDict()
        self._sources: dict[int, ImageSource] = {}  # held, so that no other takes the number of one
        self._lock = Lock()

    def get(self, source: ImageSource, id_: str, size: int) -> Square | Unreadable | None:
        """Give what is kept, if it still is."""
        with self._lock:
            found = self._kept.get((id(source), id_, size))
            if found is not None:
                self._kept.move_to_end((id(source), id_, size))
            return found

    def put(self, source: ImageSource, id_: str, size: int, found: Square | Unreadable) -> None:
        """Keep one."""
        with self._lock:
            self._sources[id(source)] = source
            self._bytes += _bytes(found) - _bytes(self._kept.pop((id(source), id_, size), None))
            self._kept[id(source), id_, size] = found
            while self._bytes > self._most:
                self._bytes -= _bytes(self._kept.popitem(last=False)[1])


class SharedSource:
    """A source whose pictures are decoded once, also for those who will ask for squares of ``sizes`` later."""

    def __init__(self, source: ImageSource, sizes: Sequence[int], squares: Squares) -> None:
        self.source, self._sizes, self._squares = source, tuple(dict.fromkeys(sizes)), squares

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        """Give a picture, and keep the squares that others will ask for; see :class:`ImageSource`."""
        missing = self._missing(ref)
        if at_least is not None or not missing:
            return self.source.picture(ref, at_least=at_least)
        return self._decoded(ref, None, missing)

    def square(self, ref: ImageRef, size: int) -> Square:
        """Give a square that was kept, or decode for all squares that are not; see :class:`SquareSource`."""
        found = self._squares.get(self.source, ref.id, size)
        if found is None:
            others = [one for one in self._missing(ref) if one != size]
            picture = self._decoded(ref, size, others)
            found = square(picture, size)
            self._squares.put(self.source, ref.id, size, found)
        if isinstance(found, Unreadable):
            raise found
        return found

    def _missing(self, ref: ImageRef) -> list[int]:
        return [size for size in self._sizes if self._squares.get(self.source, ref.id, size) is None]

    def _decoded(self, ref: ImageRef, scale: int | None, sizes: Sequence[int]) -> Picture:
        """Give the picture at a scale, and keep the squares of ``sizes``."""
        first, *others = _at_scales(self.source, ref, (scale, *sizes))
        for size, found in zip(sizes, others, strict=True):
            kept = found if isinstance(found, Unreadable) else square(found, size)
            self._squares.put(self.source, ref.id, size, kept)
        if isinstance(first, Unreadable):
            raise first
        return first


def _at_scales(source: ImageSource, ref: ImageRef, scales: Sequence[int | None]) -> list[Picture | Unreadable]:
    if isinstance(source, ScaledSource):
        return source.pictures(ref, scales)
    found: list[Picture | Unreadable] = []
    for scale in scales:
        try:
            found.append(source.picture(ref, at_least=scale))
        except Unreadable as reason:
            found.append(reason)
    return found


def _bytes(found: Square | Unreadable | None) -> int:
    return found.nbytes if isinstance(found, np.ndarray) else 0
