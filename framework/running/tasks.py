"""Tasks: pieces of work that any process can do. They pickle: images by reference, weights by name and digest."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...specs.errors import ComponentFailed, ShiftlensError
from ..contract.component import Component, Context
from ..contract.ports import method_of, ports_of
from ..host.host import Offer
from ..host.targets import target_class
from ..values.images import ImageSet
from .decoding import SharedSource, Squares
from .faults import faults_named
from .made import keep_images
from .outputs import checked
from .plan import PlannedStep
from .store import Store
from .weights import Weights


@dataclass(frozen=True)
class Keep:
    """Where what a job gives is kept: the key in a store, and those of the pictures that it makes, by the id of the image."""

    store: Path
    key: str
    pictures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One step's work on what its ports are ``given``: whole values, or a piece of the images with what belongs to it."""

    step: PlannedStep
    weights: Weights
    context: Context
    given: Mapping[str, Any]
    keep: Keep | None = None


@dataclass(frozen=True)
class Task:
    """Jobs that look at the same images, which are decoded once for all of them."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class JobResult:
    """What came of a job: the value, for images that are kept the index of them, and the seconds that it took."""

    value: Any
    seconds: float


class Worker:
    """Does tasks in one process, one after the other. Components stay open as long as tasks have jobs for them.

    Args:
        progress: is told ``(done, total)`` images of a job as it goes.
    """

    def __init__(self, progress: Callable[[int, int], None] | None = None) -> None:
        self._progress = progress
        self._before = 0
        self._squares = Squares()
        self._opened: dict[str, _Opened] = {}

    def __call__(self, task: Task) -> list[JobResult]:
        """Do the jobs of a task, those that need whole pictures first, and give what came of each, in their order.

        Raises:
            ShiftlensError: of the component whose fault it is; ``step`` names its step.
        """
        names = {_same(job) for job in task.jobs}
        for name in [one for one in self._opened if one not in names]:
            self._opened.pop(name).close()
        opened = [self._ready(job) for job in task.jobs]
        sizes = [one.looks_at for one in opened if one.looks_at is not None]
        sources: dict[int, SharedSource] = {}
        done: dict[int, JobResult] = {}
        for number in sorted(range(len(opened)), key=lambda i: opened[i].looks_at is not None):
            began = time.perf_counter()
            job = task.jobs[number]
            with _of_step(job.step):
                value = self._done(job, opened[number].component, sizes, sources)
            done[number] = JobResult(value, time.perf_counter() - began)
            self._before += len(job.given["images"]) if "images" in job.given else 0
        return [done[number] for number in range(len(opened))]

    def begin(self) -> None:
        """Count images from nothing again."""
        self._before = 0

    def close(self) -> None:
        """Free everything that is open."""
        while self._opened:
            self._opened.popitem()[1].close()

    def _done(self, job: Job, component: Component, sizes: list[int], sources: dict[int, SharedSource]) -> Any:
        offer = job.step.offer
        shared = {port: self._shared(value, sizes, sources) for port, value in job.given.items()}
        with faults_named(offer, f"step {job.step.name!r}"):
            value = checked(offer, _called(component, job.step, shared), shared, job.context)
            if isinstance(value, ImageSet) and not value.is_remade:
                value = replace(value, source=job.given["images"].source)
            if job.keep is None:
                return value
            store = Store(job.keep.store)
            if isinstance(value, ImageSet):  # its pictures may be made as they are asked for
                value = keep_images(value, job.given["images"], job.keep.pictures, store, job.context.workers)
            store.save(job.keep.key, value)  # what it says beside arrays may be no JSON
        return value

    def _shared(self, value: Any, sizes: list[int], sources: dict[int, SharedSource]) -> Any:
        if not isinstance(value, ImageSet):
            return value
        source = sources.setdefault(id(value.source), SharedSource(value.source, sizes, self._squares))
        return replace(value, source=source)

    def _heard(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(self._before + done, total)

    def _ready(self, job: Job) -> _Opened:
        name = _same(job)
        if name not in self._opened:
            stack, at = ExitStack(), f"step {job.step.name!r}"
            context = replace(job.context, progress=self._heard)
            with _of_step(job.step), faults_named(job.step.offer, at):
                component = stack.enter_context(made_component(job.step, job.weights, context))
                self._opened[name] = _Opened(component, component.looks_at, stack, job.step.offer, at)
        return self._opened[name]


@dataclass(frozen=True)
class _Opened:
    """A component that is open, and whose it is."""

    component: Component
    looks_at: int | None
    stack: ExitStack
    offer: Offer
    at: str

    def close(self) -> None:
        with faults_named(self.offer, self.at):
            self.stack.close()


@contextmanager
def _of_step(step: PlannedStep) -> Iterator[None]:
    """Let an error of the block say of which step it is."""
    try:
        yield
    except ShiftlensError as error:
        error.step = step.name
        raise


def _same(job: Job) -> str:
    """Name a component: steps with equal names share it."""
    own = job.context
    return f"{job.step.offer.role} {job.step.space_key(job.weights.digests)} {own.device} {own.seed} {own.workers}"


def made_component(step: PlannedStep, weights: Weights, context: Context) -> Component:
    """Make the component of a step, its weights loaded; nothing of it is open."""
    kind: Callable[..., Component] = target_class(step.offer)
    return kind(step.config, backbone=weights.load(context), context=context)


def _called(component: Component, step: PlannedStep, given: Mapping[str, Any]) -> Any:
    """Call the method with those ports of its role that it names."""
    ports = ports_of(step.offer.role).inputs
    method = method_of(component, step.offer.role)
    parameters = inspect.signature(method).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return method(**{port: given.get(port) for port in ports})
    strange = [one.name for one in parameters if one.name not in ports and one.default is one.empty]
    if strange:
        raise ComponentFailed(
            f"step {step.name!r}: {step.offer.whose} asks for {strange[0]!r}, which is no input of its role",
            hint=f"inputs of a {step.offer.role}: {', '.join(ports)}",
        )
    return method(**{one.name: given.get(one.name) for one in parameters if one.name in ports})
