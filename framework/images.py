"""A set of images: what is in it is known, pixels come only when asked for, ahead of who consumes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from .ahead import in_order
from .pictures import Picture, Unreadable
from .values import SetAside

AHEAD = 16
"""Pictures decoded ahead of the consumer; bounds memory whatever the number of images."""


@dataclass(frozen=True, slots=True)
class ImageRef:
    """One image by name.

    ``id`` is unique in its set and is shown to people (a path below the folder); ``digest`` is the
    sha256 of the file, or of what renders it; ``group`` is the scene, part or lot that it shares
    with others; ``meta`` holds what the layout says (``label``, ``split``, columns of a list).
    """

    id: str
    digest: str
    group: str
    meta: dict[str, str] = field(default_factory=dict)


class ImageSource(Protocol):
    """Where pixels come from. Must be usable from several threads."""

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        """Give the picture of ``ref``; raise :class:`Unreadable` where it cannot be used.

        ``at_least`` allows a smaller scale whose short side is not below it.
        """
        ...


@dataclass(frozen=True)
class ImageSet:
    """Images of one place, in a fixed order. A port type like every value, but held by reference."""

    name: str
    refs: tuple[ImageRef, ...]
    source: ImageSource
    set_aside: tuple[SetAside, ...] = ()
    origin: str = ""
    note: str = ""

    def __len__(self) -> int:
        return len(self.refs)

    def digest(self) -> str:
        """Give the sha256 of names, contents and groups."""
        total = hashlib.sha256()
        for ref in self.refs:
            total.update(f"{ref.id}\0{ref.digest}\0{ref.group}\0".encode("utf-8", "surrogateescape"))
        return total.hexdigest()

    def select(self, refs: tuple[ImageRef, ...]) -> ImageSet:
        """Give the same set with only ``refs``."""
        return replace(self, refs=refs, set_aside=())

    def shards(self, size: int) -> list[ImageSet]:
        """Cut the set into pieces of ``size`` images, order kept."""
        return [self.select(self.refs[i : i + size]) for i in range(0, len(self.refs), size)]

    def decoded(self, *, at_least: int | None = None, workers: int = 2) -> Iterator[tuple[ImageRef, Picture | SetAside]]:
        """Decode in parallel, ahead of the consumer, in order; what cannot be read comes as its reason."""

        def one(ref: ImageRef) -> tuple[ImageRef, Picture | SetAside]:
            try:
                return ref, self.source.picture(ref, at_least=at_least)
            except Unreadable as reason:
                return ref, SetAside(id=ref.id, reason=str(reason))

        with ThreadPoolExecutor(max_workers=workers) as pool:
            yield from in_order(pool, one, self.refs, most=AHEAD)
