"""A whole benchmark: plan, encode, score, and write what came of it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from ...plugin import Session, Store, Workshop, versions
from .cells import Cell, Pool, cells_of
from .config import BenchSpec
from .encode import Encoders
from .rows import Row, rows_of
from .work import Job, Trials, run_job, scorers_of
from .write import Cost, add_cost, write_all

_SECONDS = {"image": 0.015, "code": 0.012, "comparison": 0.015, "value": 7e-7}
"""About what one image to render, one code to compute (on two cores), one comparison and one of its values (on one) take."""
_DIMENSIONS = {True: 25, False: 1280}


@dataclass(frozen=True)
class Bench:
    """A benchmark that is planned and may be run; see :func:`plan`."""

    spec: BenchSpec
    seed: int
    cells: tuple[Cell, ...]

    def pools(self) -> dict[Pool, list[str]]:
        """Give every pool with the encoders that need it."""
        found: dict[Pool, list[str]] = {}
        for cell in self.cells:
            for pool in cell.pools():
                names = found.setdefault(pool, [])
                if cell.encoder not in names:
                    names.append(cell.encoder)
        return found

    def estimate(self) -> str:
        """Say how much work it is."""
        pools = self.pools()
        images = sum(pool.images for pool in pools)
        codes = sum(pool.images * len(names) for pool, names in pools.items())
        comparisons = sum(cell.trials for cell in self.cells)
        values = sum(c.trials * 2 * c.images * _DIMENSIONS[self.spec.encoders[c.encoder].named] for c in self.cells)
        scoring = comparisons * _SECONDS["comparison"] + values * _SECONDS["value"]
        minutes = (images * _SECONDS["image"] + codes * _SECONDS["code"] + scoring / 2) / 60
        return (
            f"{images} images in {len(pools)} pools, {codes} codes, {comparisons} comparisons in {len(self.cells)} cells; "
            f"about {max(1, round(minutes))} min on two cores, less what is kept from before"
        )


def plan(spec: BenchSpec, seed: int = 0) -> Bench:
    """Plan a suite; nothing is rendered."""
    return Bench(spec, seed, tuple(cells_of(spec, seed)))


def run(
    bench: Bench, session: Session, out: Path, store: Path, *, command: str, workers: int = 2, quiet: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> list[Row]:  # fmt: skip
    """Run what is not in the store, and write the tables and the figure into ``out``.

    Args:
        bench: what :func:`plan` gave.
        session: plugins and settings.
        out: the folder for ``benchmark.md``, ``.csv``, ``.json``, ``.svg``, ``.png`` and ``cost.json``.
        store: the folder that keeps latents and cells; a killed run goes on from there.
        command: what a person types to run it again; stands in every row.
        workers: processes that score, and threads that render and encode.
        quiet: no bars.
        say: takes lines for people.

    Raises:
        ShiftlensError: a source, a component or a place for results does not hold.
    """
    spent = _Spent()
    scorers = scorers_of(bench.spec, session)
    kept = Store(store)
    shop = Workshop.of(session, workers=workers, quiet=quiet)
    try:
        with shop.progress:
            keys = _encode(bench, shop, kept, spent)
            jobs = [Job(c, scorers[c.scorer], {pool: keys[c.encoder, pool] for pool in c.pools()}, store) for c in bench.cells]
            done = _score(jobs, kept, shop, spent)
    except BaseException:
        if spent.images or spent.cells:
            add_cost(out, spent.cost())  # what a run did before it was stopped counts
        raise
    kept.prune()
    facts = {"seed": bench.seed, "versions": _versions(), "command": command}
    rows = rows_of(zip(bench.cells, done, strict=True), bench.spec, facts)
    cost = add_cost(out, spent.cost())
    write_all(out, bench.spec, rows, facts, cost, sum(t.seconds for t in done))
    say(f"{cost.seconds:.0f} s, peak memory {cost.peak_mib:.0f} MiB; {out / 'benchmark.md'}")
    return rows


@dataclass
class _Spent:
    """What a run took so far; ``peak_mib`` is about what the scoring processes held together."""

    began: float = field(default_factory=time.perf_counter)
    images: int = 0
    cells: int = 0
    peak_mib: float = 0.0

    def cost(self) -> Cost:
        return Cost(
            seconds=time.perf_counter() - self.began,
            peak_mib=_own_peak() + self.peak_mib,
            images=self.images,
            cells=self.cells,
        )


def _encode(bench: Bench, shop: Workshop, kept: Store, spent: _Spent) -> dict[tuple[str, Pool], tuple[str, ...]]:
    pools = bench.pools()
    total, before = sum(p.images for p in pools), 0
    keys: dict[tuple[str, Pool], tuple[str, ...]] = {}
    with Encoders(shop.without_progress(), bench.spec, kept) as encoders:
        shop.progress.step("render and encode")
        listed = [encoders.listed(pool) for pool in pools]  # a source that does not hold ends the run before it begins
        for (pool, names), images in zip(pools.items(), listed, strict=True):
            found, fresh = encoders.encoded(images, names)
            keys |= {(name, pool): key for name, key in found.items()}
            before += pool.images
            spent.images += fresh
            shop.progress(before, total)
    return keys


def _score(jobs: Sequence[Job], kept: Store, shop: Workshop, spent: _Spent) -> list[Trials]:
    done = {i: trials for i, job in enumerate(jobs) if (trials := kept.load(job.key(), Trials))}
    missing = [i for i in range(len(jobs)) if i not in done]
    shop.progress.step("score")
    for i, trials in _ran(jobs, missing, shop.workers, spent):
        done[i] = trials
        spent.cells += 1
        shop.progress(len(done), len(jobs))
    return [done[i] for i in range(len(jobs))]


def _ran(jobs: Sequence[Job], missing: list[int], workers: int, spent: _Spent) -> Iterator[tuple[int, Trials]]:
    if workers < 2 or len(missing) < 2:
        for i in missing:
            yield i, run_job(jobs[i])
        return
    with _one_thread_each(), ProcessPoolExecutor(workers, get_context("spawn"), _finish_the_cell) as pool:
        waiting = {pool.submit(run_job, jobs[i]): i for i in missing}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
            spent.peak_mib = workers * pool.submit(_own_peak).result()
        finally:
            for future in waiting:
                future.cancel()


def _finish_the_cell() -> None:
    """Let a scoring process finish, and keep, the cell that it is at when a person interrupts the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start inside use one thread of linear algebra each; together they fill the cores."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _versions() -> str:
    return json.dumps(versions(), sort_keys=True)


def _own_peak() -> float:
    """Give the largest memory that this process held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says of a started process counts that of the one that started it
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    try:
        import resource
    except ImportError:  # Windows, where nothing is known of it
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
