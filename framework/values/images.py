"""A set of images: what is in it is known, pixels come only when asked for, ahead of who consumes them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar, runtime_checkable

from .ahead import in_order
from .per_image import SetAside
from .pictures import Picture, Square, Unreadable, square
from .treatment import Treatment

AHEAD = 16
"""Pictures decoded ahead of the consumer; bounds memory whatever the number of images."""
Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class ImageRef:
    """One image by name.

    ``id`` is unique in its set and is shown to people (a path below the folder); ``digest`` is the
    sha256 of the file, or of what renders it; ``group`` is the scene, part or lot that it shares
    with others; ``meta`` holds what the layout says (``label``, ``split``, columns of a list). ``treatment`` says what a
    step did to it, none for an image that no step made.
    """

    id: str
    digest: str
    group: str
    meta: dict[str, str] = field(default_factory=dict)
    treatment: Treatment | None = None


class ImageSource(Protocol):
    """Where pixels come from. Must be usable from several threads, and must pickle: other processes may decode."""

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        """Give the picture of ``ref``; raise :class:`Unreadable` where it cannot be used.

        ``at_least`` allows a smaller scale whose short side is not below it.
        """
        ...


@runtime_checkable
class SquareSource(Protocol):
    """A source that can do better than decoding a whole picture for a small square of it."""

    def square(self, ref: ImageRef, size: int) -> Square:
        """Give what :func:`square` makes of ``picture(ref, at_least=size)``; raise :class:`Unreadable` likewise."""
        ...


@dataclass(frozen=True)
class ImageSet:
    """Images of one place, in a fixed order. A port type like every value, but held by reference.

    Other pixels are given to a set by :meth:`remade` alone: the digests of the images it gives hold for nothing else, and the
    engine sets its own in their place. A set that a step gives with another source in any other way is refused.
    """

    name: str
    refs: tuple[ImageRef, ...]
    source: ImageSource
    set_aside: tuple[SetAside, ...] = ()
    origin: str = ""
    note: str = ""
    is_remade: bool = False

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

    def remade(self, source: ImageSource, treatments: Mapping[str, Treatment] | None = None, *, note: str = "") -> ImageSet:
        """Give the same images with other pixels.

        Args:
            source: gives the pictures; one that cannot be made raises :class:`Unreadable` with the reason.
            treatments: what was done to each image, by id. Of an image without an entry it counts as the component's own way.
            note: what to know of the set as a whole.
        """
        mark = secrets.token_hex(16)  # equal to nothing: no result of other pixels can be taken for one of these
        refs = tuple(
            replace(
                ref, digest=hashlib.sha256(f"{mark} {number}".encode()).hexdigest(),
                treatment=(treatments or {}).get(ref.id),
            )
            for number, ref in enumerate(self.refs)
        )  # fmt: skip
        said = "; ".join(filter(None, (self.note, note)))
        return replace(self, refs=refs, source=source, note=said, is_remade=True)

    def decoded(self, *, at_least: int | None = None, workers: int = 2) -> Iterator[tuple[ImageRef, Picture | SetAside]]:
        """Decode in parallel, ahead of the consumer, in order; what cannot be read comes as its reason."""
        return self.seen(lambda picture: picture, at_least=at_least, workers=workers)

    def seen(
        self, look: Callable[[Picture], Seen], *, at_least: int | None = None, workers: int = 2
    ) -> Iterator[tuple[ImageRef, Seen | SetAside]]:
        """Give what ``look`` makes of each picture, as :meth:`decoded` gives pictures.

        The thread that decodes looks, so no more pictures are held than there are threads; ``look`` must be fit for that.
        """
        return self._each(lambda ref: look(self.source.picture(ref, at_least=at_least)), workers)

    def squares(self, size: int, *, workers: int = 2) -> Iterator[tuple[ImageRef, Square | SetAside]]:
        """Give each picture scaled to ``(size, size, 3)`` ``uint8``, as :meth:`decoded` gives pictures."""
        source = self.source
        if isinstance(source, SquareSource):
            return self._each(lambda ref: source.square(ref, size), workers)
        return self._each(lambda ref: square(source.picture(ref, at_least=size), size), workers)

    def _each(self, look: Callable[[ImageRef], Seen], workers: int) -> Iterator[tuple[ImageRef, Seen | SetAside]]:
        def one(ref: ImageRef) -> tuple[ImageRef, Seen | SetAside]:
            try:
                return ref, look(ref)
            except Unreadable as reason:
                return ref, SetAside(id=ref.id, reason=str(reason))

        with ThreadPoolExecutor(max_workers=workers) as pool:
            yield from in_order(pool, one, self.refs, most=AHEAD)
