"""Images that a step made: each picture in the store under its own key, and one index a piece of the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..values.ahead import in_order
from ..values.images import ImageRef, ImageSet
from ..values.pictures import Picture, Square, Unreadable, square
from ..values.treatment import Treatment
from ..values.value import Value
from .outputs import whole_picture
from .store import Store


class MadeImages(Value):
    """What a step made of a piece of its images, without the pixels.

    ``digests`` name the picture of each image by its id; ``unreadable`` has the reasons of those that have none.
    ``treatments`` are by id, ``note`` is of the set.
    """

    digests: dict[str, str]
    unreadable: dict[str, str]
    treatments: dict[str, Treatment]
    note: str


@dataclass(frozen=True)
class StoredPictures:
    """Pictures in a store, by the digest of the image. Pickles."""

    folder: Path
    unreadable: Mapping[str, str]

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:  # noqa: ARG002  (nothing to reduce)
        """Give a picture; see :class:`ImageSource`."""
        if ref.id in self.unreadable:
            raise Unreadable(self.unreadable[ref.id])
        found = Store(self.folder).picture(ref.digest)
        if found is None:
            raise Unreadable("what a step made of it is no longer in the store; run again")
        return found

    def looks(
        self, ref: ImageRef, sizes: Sequence[int], *, whole: bool
    ) -> tuple[Picture | Unreadable | None, list[Square | Unreadable]]:
        """Read a picture once for all looks at it; see :class:`LookedAtOnce`."""
        try:
            picture = self.picture(ref)
        except Unreadable as reason:
            return reason if whole else None, [reason] * len(sizes)
        return picture if whole else None, [square(picture, size) for size in sizes]


def keep_images(made: ImageSet, given: ImageSet, digests: Mapping[str, str], store: Store, workers: int) -> MadeImages:
    """Write what a step made into the store, and give the index of it.

    Args:
        made: the images; left as they were where they have the source of those that were given.
        given: those that the step was given.
        digests: the name of each picture, by id.
        store: where to.
        workers: threads.
    """
    if not made.is_remade:  # the step gave back what it got
        digests = {ref.id: ref.digest for ref in given.refs}
    first = {digests[ref.id]: ref for ref in reversed(made.refs)}  # pictures of one name are equal, and written once
    with ThreadPoolExecutor(workers) as pool:
        reasons = dict(in_order(pool, partial(_written, made, store), first.items(), most=2 * workers))
    return MadeImages(
        digests=dict(digests),
        unreadable={ref.id: reason for ref in made.refs if (reason := reasons[digests[ref.id]]) is not None},
        treatments={ref.id: Treatment() if reasons[digests[ref.id]] else ref.treatment or Treatment() for ref in made.refs},
        note=made.note.removeprefix(given.note).lstrip("; "),
    )


def _written(made: ImageSet, store: Store, one: tuple[str, ImageRef]) -> tuple[str, str | None]:
    digest, ref = one
    try:
        store.save_picture(digest, whole_picture(made.source.picture(ref)))
    except Unreadable as reason:
        return digest, str(reason)
    return digest, None


def is_whole(index: MadeImages, store: Store) -> bool:
    """Say whether every picture of an index is there; those that are count as used now."""
    return all(id_ in index.unreadable or store.has_picture(digest) for id_, digest in index.digests.items())


def images_of(given: ImageSet, pieces: Sequence[MadeImages], store: Store) -> ImageSet:
    """Give the images that a step made of ``given``, from the indexes of all pieces."""
    digests = {id_: digest for piece in pieces for id_, digest in piece.digests.items()}
    treatments = {id_: one for piece in pieces for id_, one in piece.treatments.items()}
    refs = tuple(replace(ref, digest=digests[ref.id], treatment=treatments[ref.id]) for ref in given.refs)
    notes = dict.fromkeys(filter(None, [given.note, *(piece.note for piece in pieces)]))
    unreadable = {id_: reason for piece in pieces for id_, reason in piece.unreadable.items()}
    return replace(given, refs=refs, source=StoredPictures(store.folder, unreadable), note="; ".join(notes), is_remade=False)
