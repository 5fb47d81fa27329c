"""Pools into latents, by the engine: each pool is rendered once for all encoders that lack it, and its latents are kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from ...plugin import ImageSet, Store, Workshop, do, make_plan, works_of
from .cells import Pool
from .config import BenchSpec


class Encoders:
    """The encoders of a suite, opened when the first pool needs them. Use as a context manager.

    Raises:
        SpecError: an encoder is unknown, or its config or backbone does not hold.
    """

    def __init__(self, shop: Workshop, spec: BenchSpec, store: Store) -> None:
        self._shop, self._store = shop, store
        self._telling = shop.telling(None)
        session = shop.session
        steps = {
            name: {"use": use.use or name, "inputs": {"images": "images"}, "with": use.with_}
            for name, use in spec.encoders.items()
        }
        pipeline = {"pipeline": spec.bench, "inputs": {"images": "images"}, "steps": steps}
        plan = make_plan(pipeline, session.host, session.layers, session.catalogue, where=f"suite {spec.bench}: encoders")
        self._steps = {step.name: step for step in plan.steps}
        self._stack = ExitStack()

    def __enter__(self) -> Encoders:
        self._executor = self._stack.enter_context(self._shop.executor(lambda _, __: None))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def listed(self, pool: Pool) -> ImageSet:
        """List the images of a pool; nothing is rendered.

        Raises:
            UsageError: the source of the pool does not hold.
        """
        return self._shop.opened({pool.text: pool.text}, [pool.text])[pool.text]

    def encoded(self, images: ImageSet, names: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], int]:
        """Give the store's keys of the latents of a pool's images for each encoder, and how many had to be encoded."""
        steps = [self._steps[name] for name in names]
        works = works_of(self._shop, self._store, steps, {"images": images}, {"images": images.digest()})
        do(works, self._executor, self._telling)
        keys = {work.step.name: tuple(piece.key for piece in work.pieces) for work in works}
        return keys, len(images) if any(work.computed for work in works) else 0
