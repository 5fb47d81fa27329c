"""One cell at work: subsets drawn, scored and judged. Runs in a process of its own, from what lies in the store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from ... import ComponentFailed, OutputUnusable, ShiftlensError, SpecError, TooFewImages
from ...plugin import Context, Latents, Session, Store, Value, config_model, key_of, parse_model
from .cells import Cell, Pool
from .config import BenchSpec
from .judge import Truth, judged, relevant_dimensions

VERSION = 1
"""Goes up when what a cell gives changes."""


class Trials(Value):
    """What came of a cell: the judgement of each trial, how many dimensions were asked for, and the time it took."""

    rows: tuple[dict[str, Any], ...]
    dimensions: int
    relevant: int
    seconds: float


@dataclass(frozen=True)
class ScorerRef:
    """A scorer as another process can make it: ``target`` names its class."""

    identity: Mapping[str, Any]
    target: str
    config: BaseModel


@dataclass(frozen=True)
class Job:
    """One cell with all that its process needs; ``latents`` are keys of the store by pool, one a shard."""

    cell: Cell
    scorer: ScorerRef
    latents: Mapping[Pool, tuple[str, ...]]
    store: Path

    def key(self) -> str:
        """Name what fixes the result."""
        own = {f"{i}.{j}": key for i, pool in enumerate(self.cell.pools()) for j, key in enumerate(self.latents[pool])}
        step = {"cell": asdict(self.cell), "version": VERSION, "scorer": dict(self.scorer.identity)}
        return key_of(step, own, seed=None, device="cpu")


def scorers_of(spec: BenchSpec, session: Session) -> dict[str, ScorerRef]:
    """Resolve the scorers of a suite.

    Raises:
        SpecError: one is unknown, or its config does not hold; every problem is named with its field.
    """
    problems: list[str] = []
    found = {}
    for name, use in spec.scorers.items():
        try:
            offer = session.host.find(use.use or name, "latent-scorer")
            model = config_model(offer)
            shared = {"alpha": spec.alpha} if "alpha" in model.model_fields else {}
            config = parse_model(model, {**shared, **use.with_}, name)
        except SpecError as error:
            problems += [f"scorers.{name}.with.{problem}" for problem in error.problems]
            continue
        except ShiftlensError as error:
            problems.append(f"scorers.{name}: {error.message}; {error.hint}")
            continue
        identity = {
            "component": offer.card.id, "version": offer.card.version, "distribution": offer.distribution,
            "config": config.model_dump(mode="json"),
        }  # fmt: skip
        found[name] = ScorerRef(identity, offer.card.target, config)
    if problems:
        raise SpecError(f"suite {spec.bench}", problems, hint="`shiftlens plugins list` shows the scorers")
    return found


def run_job(job: Job) -> Trials:
    """Run a cell, and keep what comes of it.

    Raises:
        TooFewImages: a pool has fewer usable images than the cell draws.
        ComponentFailed: the scorer raised something that is not ours.
    """
    began = time.perf_counter()
    cell = job.cell
    reference = _latents(job.store, job.latents[cell.reference])
    target = _latents(job.store, job.latents[cell.target]) if cell.target else None
    truth = _truth(job)
    module, _, name = job.scorer.target.partition(":")
    kind = getattr(import_module(module), name)
    rows = []
    for trial in range(cell.trials):
        rng = np.random.default_rng(_trial_seed(cell, trial))
        if target is None:
            sides = halves(reference, cell.images, rng)
        else:
            sides = drawn(reference, cell.images, rng), drawn(target, cell.images, rng)
        try:
            with kind(job.scorer.config, context=Context(seed=int(rng.integers(2**32)), workers=1)) as scorer:
                scores = scorer.score(*sides)
        except ShiftlensError:
            raise
        except Exception as error:
            whose = f"scorer {cell.scorer!r} of {job.scorer.identity['distribution']}"
            raise ComponentFailed(
                f"{whose} raised {type(error).__name__} on {cell.suite}/{cell.name}, trial {trial}: {error}",
                hint="take it out of the suite, or report it to its authors",
            ) from error
        rows.append(judged(scores, truth, cell.alpha, cell.unmoved))
    made = Trials(
        rows=tuple(rows), dimensions=len(reference.space), relevant=len(truth.right), seconds=time.perf_counter() - began
    )
    Store(job.store).save(job.key(), made)
    return made


def drawn(latents: Latents, images: int, rng: np.random.Generator) -> Latents:
    """Draw ``images`` at random, whole groups where there are any."""
    (rows,) = _by_groups(latents, [images], rng)
    return _part(latents, rows, "site")


def halves(latents: Latents, images: int, rng: np.random.Generator) -> tuple[Latents, Latents]:
    """Draw two sides of ``images`` that share no group."""
    first, second = _by_groups(latents, [images, images], rng)
    return _part(latents, first, "first"), _part(latents, second, "second")


def _by_groups(latents: Latents, sizes: list[int], rng: np.random.Generator) -> list[NDArray[np.intp]]:
    names, group = np.unique(np.array(latents.groups), return_inverse=True)
    place = np.empty(len(names), np.intp)
    place[rng.permutation(len(names))] = np.arange(len(names))
    order = np.argsort(place[group], kind="stable")
    if len(order) < sum(sizes):
        raise TooFewImages(f"{latents.images}: {len(order)} usable images, {sum(sizes)} are drawn", hint="make the pool larger")
    found, start = [], 0
    for size in sizes:
        while start and start < len(order) and group[order[start]] == group[order[start - 1]]:
            start += 1
        found.append(np.sort(order[start : start + size]))
        start += size
    return found


def _part(latents: Latents, rows: NDArray[np.intp], name: str) -> Latents:
    return Latents(
        space=latents.space, images=name, ids=tuple(latents.ids[i] for i in rows),
        groups=tuple(latents.groups[i] for i in rows), values=latents.values[rows],
    )  # fmt: skip


def _truth(job: Job) -> Truth:
    cell = job.cell
    if cell.apart is None:
        return Truth(tuple(frozenset(claim) for claim in cell.claims), frozenset(cell.follows))
    apart, strong = (_latents(job.store, job.latents[pool]) for pool in cell.apart)
    relevant = relevant_dimensions(apart, strong, cell.most)
    return Truth((relevant,) if relevant else ())


def _trial_seed(cell: Cell, trial: int) -> int:
    """Give the seed of a trial's subsets: equal for all scorers, whatever encoder they work on."""
    words = f"{cell.seed}/{cell.suite}/{cell.name}/{cell.strength!r}/{cell.images}/{trial}"
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "little")


@lru_cache(maxsize=8)
def _latents(store: Path, keys: tuple[str, ...]) -> Latents:
    found = [Store(store).load(key, Latents) for key in keys]
    whole = [shard for shard in found if shard is not None]
    if len(whole) < len(found):
        raise OutputUnusable(f"{store}: latents of the benchmark are gone", hint="run the same command again")
    return Latents.concatenate(whole)
