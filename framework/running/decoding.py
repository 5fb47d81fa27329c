"""Decoding once for all who look: whole pictures for some, small squares of the same pictures for others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Protocol, runtime_checkable

import numpy as np

from ..values.images import ImageRef, ImageSource
from ..values.pictures import Picture, Square, Unreadable, square

_Key = tuple[int, str, str, int]
"""Source, id and digest of the image (sets may share a source), side of the square."""
MOST_BYTES = 256 * 2**20
"""Of squares that are kept in memory; 1,700 of 224 px."""


@runtime_checkable
class LookedAtOnce(Protocol):
    """A source that decodes once for several looks at a picture; another one decodes for each."""

    def looks(
        self, ref: ImageRef, sizes: Sequence[int], *, whole: bool
    ) -> tuple[Picture | Unreadable | None, list[Square | Unreadable]]:
        """Give the whole picture, where it is wanted, and squares of ``picture(ref, at_least=size)``; or what that raises."""
        ...


class Squares:
    """Squares of pictures, those used last, up to a number of bytes. Safe among threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[_Key, Square | Unreadable] = OrderedDict()
        self._sources: dict[int, ImageSource] = {}  # held, so that no other takes the number of one
        self._lock = Lock()

    def get(self, source: ImageSource, ref: ImageRef, size: int) -> Square | Unreadable | None:
        """Give what is kept, if it still is."""
        with self._lock:
            key = id(source), ref.id, ref.digest, size
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, source: ImageSource, ref: ImageRef, size: int, found: Square | Unreadable) -> None:
        """Keep one."""
        with self._lock:
            self._sources[id(source)] = source
            key = id(source), ref.id, ref.digest, size
            self._bytes += _bytes(found) - _bytes(self._kept.pop(key, None))
            self._kept[key] = found
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
        found = self._look(ref, missing, whole=True)
        if isinstance(found, Picture):
            return found
        raise found or Unreadable("its source gave no picture")

    def square(self, ref: ImageRef, size: int) -> Square:
        """Give a square that was kept, or look once for all that are not; see :class:`SquareSource`."""
        found = self._squares.get(self.source, ref, size)
        if found is None:
            self._look(ref, list(dict.fromkeys([*self._missing(ref), size])), whole=False)
            found = self._squares.get(self.source, ref, size)
        if found is None:  # more is looked at than may be kept
            return square(self.source.picture(ref, at_least=size), size)
        if isinstance(found, Unreadable):
            raise found
        return found

    def _missing(self, ref: ImageRef) -> list[int]:
        return [size for size in self._sizes if self._squares.get(self.source, ref, size) is None]

    def _look(self, ref: ImageRef, sizes: Sequence[int], *, whole: bool) -> Picture | Unreadable | None:
        """Keep squares, and give the whole picture where it is wanted."""
        source = self.source
        picture, found = (
            source.looks(ref, sizes, whole=whole) if isinstance(source, LookedAtOnce) else _looks(source, ref, sizes, whole)
        )
        for size, one in zip(sizes, found, strict=True):
            self._squares.put(source, ref, size, one)
        return picture


def _looks(
    source: ImageSource, ref: ImageRef, sizes: Sequence[int], whole: bool
) -> tuple[Picture | Unreadable | None, list[Square | Unreadable]]:
    found: list[Square | Unreadable] = []
    picture: Picture | Unreadable | None = None
    try:
        picture = source.picture(ref) if whole else None
    except Unreadable as reason:
        picture = reason
    for size in sizes:
        try:
            found.append(square(source.picture(ref, at_least=size), size))
        except Unreadable as reason:
            found.append(reason)
    return picture, found


def _bytes(found: Square | Unreadable | None) -> int:
    return found.nbytes if isinstance(found, np.ndarray) else 0
