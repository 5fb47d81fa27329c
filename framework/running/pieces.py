"""One step at work: the pieces that its work is cut in, which of them are in the store, and what they come to together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from ..contract.component import Context
from ..contract.ports import ports_of
from ..values.images import ImageSet
from ..values.latents import Latents
from ..values.per_image import PerImage
from ..values.scores import AttributeScores
from ..values.traversals import Traversals
from ..values.value import Value
from .faults import faults_named
from .keys import given_digests, image_keys, is_cut, key_of
from .made import MadeImages, images_of, is_whole
from .passes import IMAGES, cut_by_images
from .plan import PlannedStep, digest_of
from .store import Store
from .tasks import Job, Keep
from .weights import Weights

SHARD = 256
"""Images a piece: what a killed run may lose of a step's work."""
SHARD_OF_PICTURES = 32
"""The same, where pictures are made: they are held until the piece is done."""


@dataclass
class Piece:
    """A part of the work: what each port is given, the key of what comes of it, and that, once it is known."""

    given: Mapping[str, Any]
    key: str
    value: Any = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The images that it is about; none where the work is not cut by images."""
        images = self.given.get(IMAGES)
        return tuple(ref.id for ref in images.refs) if isinstance(images, ImageSet) else ()


def named_alike(value: Any, given: Mapping[str, Any]) -> bool:
    """Say whether a value from the store names the sets that it was given now: equal images may lie under another name."""
    if isinstance(value, PerImage) and isinstance(images := given.get(IMAGES), ImageSet):
        return value.images == images.name
    if isinstance(value, (AttributeScores, Traversals)):
        names = {port: one.images for port, one in given.items() if isinstance(one, Latents)}
        return all(getattr(value, port) == name for port, name in names.items() if port in ("reference", "target"))
    return True


@dataclass
class StepWork:
    """One step with all that it is given.

    ``keys`` names what each port gets, ``context`` is lent to the component, ``seed`` is that of the run.
    """

    step: PlannedStep
    weights: Weights
    context: Context
    given: Mapping[str, Any]
    keys: Mapping[str, str]
    seed: int
    store: Store
    seconds: float = 0.0
    computed: bool = False
    _identity: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self._identity = self.step.identity(self.weights.digests)

    @property
    def _own_seed(self) -> int | None:
        """The seed, where what comes of an image may depend on it: a code depends on its image alone."""
        return None if self.step.offer.role == "encoder" else self.seed

    @cached_property
    def key(self) -> str:
        """Name what comes of the whole step."""
        return key_of(self._identity, self.keys, seed=self.seed, device=self.context.device)

    @property
    def output(self) -> type:
        """The type of what the step gives."""
        return ports_of(self.step.offer.role).output

    @cached_property
    def pieces(self) -> list[Piece]:
        """The pieces of the work; what is in the store is filled in."""
        if not cut_by_images(self.step):
            found = [Piece(self.given, self.key)]
        else:
            found = [self._piece(shard) for shard in self._shards()]
        for piece in found:
            value = self._kept(piece.key)
            piece.value = value if named_alike(value, piece.given) else None
        return found

    def _shards(self) -> list[ImageSet]:
        images: ImageSet = self.given[IMAGES]
        return images.shards(SHARD_OF_PICTURES if self.output is ImageSet else SHARD) or [images.select(())]

    def _piece(self, shard: ImageSet) -> Piece:
        ids = {ref.id for ref in shard.refs}
        given = {port: one.select(ids) if isinstance(one, PerImage) else one for port, one in self.given.items()}
        given[IMAGES] = shard
        digests = given_digests(given, self.keys)
        return Piece(given, key_of(self._identity, digests, seed=self._own_seed, device=self.context.device))

    def _kept(self, key: str) -> Any:
        if self.output is not ImageSet:
            return self.store.load(key, cast("type[Value]", self.output))
        index = self.store.load(key, MadeImages)
        return index if index is not None and is_whole(index, self.store) else None

    def job(self, piece: Piece) -> Job:
        """Give a piece as a job."""
        pictures = self._pictures(piece) if self.output is ImageSet else {}
        return Job(self.step, self.weights, self.context, piece.given, Keep(self.store.folder, piece.key, pictures))

    def _pictures(self, piece: Piece) -> dict[str, str]:
        """Name each picture that a piece will hold: by its own image where the work is image by image."""
        images: ImageSet = piece.given[IMAGES]
        if not cut_by_images(self.step):
            return {ref.id: digest_of([piece.key, ref.id]) for ref in images.refs}
        if any(is_cut(value, port) for port, value in piece.given.items() if port != IMAGES):
            others = {port: one for port, one in given_digests(piece.given, self.keys).items() if port != IMAGES}
            return {ref.id: digest_of([piece.key, others, ref.id, ref.digest]) for ref in images.refs}
        others = {port: key for port, key in self.keys.items() if port != IMAGES}
        return image_keys(self._identity, images, others, seed=self._own_seed, device=self.context.device)

    def whole(self) -> Any:
        """Give what all pieces come to."""
        made = [piece.value for piece in self.pieces]
        if self.output is ImageSet:
            return images_of(self.given[IMAGES], made, self.store)
        if len(made) == 1:
            return made[0]
        with faults_named(self.step.offer, f"step {self.step.name!r}"):
            return cast("type[PerImage]", self.output).concatenate(made)

    def facts(self) -> dict[str, Any]:
        """Say what a manifest keeps of the step."""
        slots = {slot: one.name for slot, one in self.step.backbones.items()}
        facts = {"key": self.key, "seconds": round(self.seconds, 3), "reused": not self.computed}
        return {**facts, "backbones": slots} if slots else facts
