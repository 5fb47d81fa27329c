"""Cells: one line of the benchmark's work each, planned before anything is rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from .config import BenchSpec, ContentSuite, EncoderUse, Factor, NullSuite, PairedSuite, PlantedSuite, SuiteSizes

_SEEDS = {"null": 1, "groups": 2, "reference": 3, "apart": 4, "strong": 1000, "planted": 2000, "paired": 3000, "content": 4000}
"""Where the seeds of the pools begin; equal seeds would be the same parts, so every kind of pool has its own."""
_APART = 10_007


@dataclass(frozen=True)
class Pool:
    """Images of one source, rendered and encoded once, from which cells draw subsets."""

    source: str
    images: int

    @property
    def text(self) -> str:
        """Give the source with its number of images, as a person would write it."""
        return f"{self.source}{'&' if '?' in self.source else '?'}n={self.images}"


@dataclass(frozen=True)
class Cell:
    """One scorer on one encoder, on ``trials`` random subsets of ``images`` a side.

    Where there is no ``target``, both sides are drawn from ``reference``. ``apart`` are the two pools that tell which
    dimensions are relevant, for encoders without names; ``most`` how many of them count.
    """

    suite: str
    encoder: str
    scorer: str
    name: str
    strength: float
    images: int
    trials: int
    alpha: float
    seed: int
    reference: Pool
    target: Pool | None = None
    claims: tuple[tuple[str, ...], ...] = ()
    follows: tuple[str, ...] = ()
    unmoved: tuple[str, ...] = ()
    apart: tuple[Pool, Pool] | None = None
    most: int = 0

    def pools(self) -> tuple[Pool, ...]:
        """Give every pool that the cell needs."""
        return tuple(p for p in (self.reference, self.target, *(self.apart or ())) if p is not None)


def cells_of(spec: BenchSpec, seed: int) -> list[Cell]:
    """Plan every cell of a suite; cells that differ by their scorer alone see the same subsets."""
    world = _World(spec, seed)
    found: list[Cell] = []
    for name, encoder in spec.encoders.items():
        for suite, part in (("null", spec.null), ("planted", spec.planted), ("paired", spec.paired), ("content", spec.content)):
            if part is not None:
                made = getattr(world, suite)(part, name, encoder)
                found += [replace(cell, scorer=scorer) for cell in made for scorer in spec.scorers]
    return found


@dataclass(frozen=True)
class _World:
    spec: BenchSpec
    seed: int

    def null(self, part: NullSuite, encoder: str, own: EncoderUse) -> Iterator[Cell]:
        side = min(part.side, own.side or part.side)
        common = {"suite": "null", "trials": part.splits, "strength": 0.0, "images": side}
        yield self._cell(encoder, name="images", reference=self._pool("null", 0, part.pool), **common)
        if part.views > 1:
            pool = self._pool("groups", 0, part.pool, {"views": str(part.views)})
            yield self._cell(encoder, name="groups", reference=pool, **common)

    def planted(self, part: PlantedSuite, encoder: str, own: EncoderUse) -> Iterator[Cell]:
        images, most = own.images or part.images, _most(part, self.spec)
        for number, (name, factor) in enumerate(part.factors.items()):
            if part.only and name not in part.only:
                continue
            strengths = own.strengths or factor.strengths or part.strengths
            world = factor.options
            reference = self._pool("reference", 0, part.reference, world)
            strong = world | {name: _change(factor, max(part.strengths))}
            apart = self._pool("apart", 0, part.apart, world), self._pool("strong", number, part.apart, strong)
            for strength in strengths:
                target = self._pool("planted", number, most, world | {name: _change(factor, strength)})
                for count in images:
                    yield self._cell(
                        encoder, suite="planted", name=name, strength=strength, images=count, trials=own.trials or part.trials,
                        reference=reference, target=target, claims=(factor.claims,) if factor.claims and own.named else (),
                        follows=factor.follows, apart=None if own.named else apart, most=part.relevant,
                    )  # fmt: skip

    def paired(self, part: PairedSuite, encoder: str, own: EncoderUse) -> Iterator[Cell]:
        if not own.named:
            return
        for number, pair in enumerate(part.pairs):
            both = {name: part.factors[name] for name in pair.plant}
            changes = {name: _change(factor, pair.plant[name]) for name, factor in both.items()}
            for count in own.images or part.images:
                yield self._cell(
                    encoder, suite="paired", name=" + ".join(both), strength=max(pair.plant.values()), images=count,
                    trials=own.trials or part.trials, reference=self._pool("reference", 0, part.reference),
                    target=self._pool("paired", number, _most(part, self.spec), changes),
                    claims=tuple(f.claims for f in both.values()),
                    follows=tuple(sorted({m for f in both.values() for m in f.follows})),
                )  # fmt: skip

    def content(self, part: ContentSuite, encoder: str, own: EncoderUse) -> Iterator[Cell]:
        for number, (name, change) in enumerate(part.changes.items()):
            if part.only and name not in part.only:
                continue
            for count in own.images or part.images:
                yield self._cell(
                    encoder, suite="content", name=name, strength=1.0, images=count, trials=own.trials or part.trials,
                    reference=self._pool("reference", 0, part.reference), unmoved=part.unmoved,
                    target=self._pool("content", number, _most(part, self.spec), change),
                )  # fmt: skip

    def _cell(self, encoder: str, **facts: Any) -> Cell:
        return Cell(encoder=encoder, scorer="", alpha=self.spec.alpha, seed=self.seed, **facts)

    def _pool(self, kind: str, number: int, images: int, changes: dict[str, str] | None = None) -> Pool:
        options = {**self.spec.options, **(changes or {}), "seed": str(_SEEDS[kind] + number + _APART * self.seed)}
        return Pool(f"{self.spec.source}?{urlencode(options, safe='*.=')}", images)


def _most(part: SuiteSizes, spec: BenchSpec) -> int:
    """Give the size of a target pool: the same for all encoders, so that it is rendered once."""
    return max(*part.images, *(count for use in spec.encoders.values() for count in use.images or ()), 0)


def _change(factor: Factor, strength: float) -> str:
    """Write a change as a source takes it.

    >>> _change(Factor(step=-10), 0.5), _change(Factor(), 2)
    ('-5', '+2sd')
    """
    if factor.step is None:
        return f"+{strength:g}sd"
    return f"{factor.step * strength:+.6g}"
