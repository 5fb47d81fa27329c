"""Pools into latents: each pool is rendered once, for all encoders that lack it, and its latents stay in the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from threading import Lock

from ...specs.bench import BenchSpec
from ..contract import checked
from ..images import ImageRef, ImageSet, ImageSource
from ..manifest import numeric_profile
from ..pictures import Picture
from ..plan import PlannedStep, digest_of
from ..planner import make_plan
from ..roles import Context, Encoder
from ..session import Session
from ..sources import open_source
from ..store import Store
from ..targets import target_class
from ..weights import Weights
from .cells import Pool


class Kept:
    """A source that renders each picture once and keeps it, as long as one pool is worked on."""

    def __init__(self, source: ImageSource) -> None:
        self._source = source
        self._pictures: dict[str, Picture] = {}
        self._lock = Lock()

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:  # noqa: ARG002  (kept whole)
        """Give the picture of ``ref``; see :class:`shiftlens.ImageSource`."""
        with self._lock:
            kept = self._pictures.get(ref.id)
        if kept is None:
            kept = self._source.picture(ref)
            with self._lock:
                self._pictures[ref.id] = kept
        return kept


class Encoders:
    """The encoders of a suite, opened when the first pool needs them. Use as a context manager.

    Raises:
        SpecError: an encoder is unknown, or its config or backbone does not hold.
    """

    def __init__(self, session: Session, spec: BenchSpec, store: Store, *, workers: int = 2) -> None:
        self._session, self._store, self._workers = session, store, workers
        self._device = session.settings.device or "cpu"
        steps = {
            name: {"use": use.use or name, "inputs": {"images": "images"}, "with": use.with_}
            for name, use in spec.encoders.items()
        }
        pipeline = {"pipeline": spec.bench, "inputs": {"images": "images"}, "steps": steps}
        plan = make_plan(pipeline, session.host, session.layers, session.catalogue, where=f"suite {spec.bench}: encoders")
        self._steps: dict[str, PlannedStep] = {step.name: step for step in plan.steps}
        network = bool(session.settings.network)
        self._weights = {
            name: Weights.verified(step.backbones, session.catalogue, network=network) for name, step in self._steps.items()
        }
        self._opened: dict[str, Encoder] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Encoders:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def listed(self, pool: Pool) -> ImageSet:
        """List the images of a pool; nothing is rendered.

        Raises:
            UsageError: the source of the pool does not hold.
        """
        return open_source(pool.text, pool.text, self._session.host, Context(workers=self._workers))

    def encoded(
        self, images: ImageSet, names: Sequence[str], progress: Callable[[int, int], None]
    ) -> tuple[dict[str, str], int]:
        """Give the store's key of the latents of a pool's images for each encoder, and how many had to be encoded."""
        keys = {name: self._key(name, images) for name in names}
        missing = [name for name in names if keys[name] not in self._store]
        kept = replace(images, source=Kept(images.source))
        for name in missing:
            latents = checked(self._steps[name].offer, self._encoder(name, progress).encode(kept), {"images": kept})
            self._store.save(keys[name], latents)
        return keys, len(images) if missing else 0

    def _key(self, name: str, images: ImageSet) -> str:
        identity = self._steps[name].identity(self._weights[name].digests)
        return digest_of(["bench", identity, images.digest(), images.name, numeric_profile(self._device)])

    def _encoder(self, name: str, progress: Callable[[int, int], None]) -> Encoder:
        if name not in self._opened:
            step, weights = self._steps[name], self._weights[name]
            context = Context(
                device=self._device, workers=self._workers, space_key=step.space_key(weights.digests),
                backbone_digest=weights.digest, progress=progress,
            )  # fmt: skip
            model = weights.load(self._session.host, context)
            made: Encoder = target_class(step.offer)(step.config, backbone=model, context=context)
            self._opened[name] = self._stack.enter_context(made)
        return self._opened[name]
