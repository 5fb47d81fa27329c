"""A reader, a section of the report, and an executor."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from shiftlens import DatasetSpec, RunOutcome, Text
from shiftlens.plugin import Executor, ImageRef, ImageSet, JobResult, Picture, Reader, Task, Worker
from shiftlens.reporting import ReportSection, Section


@dataclass(frozen=True)
class Ramps:
    """Grey ramps, each brighter than the last."""

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        """Draw one."""
        level = 40 + int(ref.id) % 60
        return Picture((np.tile(np.arange(64), (48, 1)) + level).astype(np.uint8), 255.0)


class RampReader(Reader):
    """Opens ``ramp:NUMBER``."""

    def read(self, source: DatasetSpec, name: str) -> ImageSet:
        """List ramps."""
        ids = [f"{i:03d}" for i in range(int(source.place))]
        refs = tuple(ImageRef(i, hashlib.sha256(f"ramp {i}".encode()).hexdigest(), f"{name}:{i}") for i in ids)
        return ImageSet(name, refs, Ramps(), origin=f"ramp:{source.place}")


class Count(ReportSection):
    """Counts the images of a run."""

    def render(self, outcome: RunOutcome) -> Section:
        """Give the number."""
        count = sum(len(images) for images in outcome.inputs.values())
        word = self.config.word
        return Section(
            "acme", Text(en="Acme's count", ja="Acme の集計"), f"<p>{count} {word}</p>", {"count": count, "word": word}
        )


def _do(task: Task) -> list[JobResult]:
    worker = Worker()
    try:
        return worker(task)
    finally:
        worker.close()


class Processes(Executor):
    """Does tasks in two other processes."""

    def open(self) -> "Processes":
        """Start them."""
        self._pool = ProcessPoolExecutor(2, get_context("spawn"))
        return self

    def close(self) -> None:
        """End them."""
        self._pool.shutdown()

    def map(self, tasks: Iterable[Task]) -> Iterator[list[JobResult]]:
        """Give what each task gives, in order."""
        return self._pool.map(_do, tasks)
