"""Doing steps: what is in the store is taken from there, the rest becomes tasks for an executor."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...specs.errors import ComponentFailed, PromiseBroken, ShiftlensError
from ..contract.around import Executor
from ..values.images import ImageSet
from .made import MadeImages
from .pieces import Piece, StepWork
from .plan import PlannedStep
from .store import Store
from .tasks import JobResult, Task
from .telling import Telling
from .workshop import Workshop


def works_of(
    shop: Workshop, store: Store, steps: Sequence[PlannedStep], values: Mapping[str, Any], keys: Mapping[str, str]
) -> list[StepWork]:
    """Prepare steps whose inputs are known.

    Args:
        shop: where they are done.
        store: keeps what comes of them.
        steps: of a plan.
        values: what inputs and steps gave, by name.
        keys: what names each of these.

    Raises:
        BackboneUnusable: see :meth:`Workshop.weights`.
    """
    found = []
    for step in steps:
        weights = shop.weights(step)
        given = {port: values[source] for port, source in step.inputs.items()}
        own = {port: keys[source] for port, source in step.inputs.items()}
        found.append(StepWork(step, weights, shop.context(step, weights), given, own, shop.seed, store))
    return found


def do(works: Sequence[StepWork], executor: Executor, telling: Telling, expect: Callable[[int], None] = lambda _: None) -> None:
    """Do all pieces of works that are not in the store; those of the same images are one task, and decoded once.

    Args:
        works: what :func:`works_of` gave.
        executor: who does it.
        telling: is told of each step as it starts, fails and is done.
        expect: is told how many images there are to look at, over all works.

    Raises:
        ShiftlensError: of the component whose fault it is.
    """
    components = {work.step.name: work.step.offer.card.id for work in works}
    for name, component in components.items():
        telling.step_started(name, component)
    with telling.failures(components):
        _done(works, executor, expect)
    for work in works:
        telling.step_finished(work.step.name, work.step.offer.card.id, round(work.seconds, 3), reused=not work.computed)


def _done(works: Sequence[StepWork], executor: Executor, expect: Callable[[int], None]) -> None:
    together: dict[tuple[str, ...], list[tuple[StepWork, Piece]]] = {}
    for work in works:
        began = time.perf_counter()
        missing = [piece for piece in work.pieces if piece.value is None]
        work.seconds += time.perf_counter() - began
        work.computed = bool(missing)
        for piece in missing:
            together.setdefault(piece.ids, []).append((work, piece))
    expect(sum(len(ids) * len(row) for ids, row in together.items()))
    tasks = (Task(tuple(work.job(piece) for work, piece in row)) for row in together.values())
    for row, results in zip(together.values(), _mapped(executor, tasks, len(together)), strict=True):
        if not isinstance(results, list) or [type(one) for one in results] != [JobResult] * len(row):
            raise PromiseBroken(f"executor {_name(executor)} gave something else than one JobResult a job of a task")
        for (work, piece), result in zip(row, results, strict=True):
            if not isinstance(result.value, MadeImages if work.output is ImageSet else work.output):
                raise PromiseBroken(f"executor {_name(executor)} gave {type(result.value).__name__} for {work.step.name!r}")
            piece.value = result.value
            work.seconds += result.seconds


def _mapped(executor: Executor, tasks: Iterable[Task], count: int) -> Iterator[Any]:
    """Give what an executor gives, one for each task; what it raises itself is said to be its own."""
    done = 0
    try:
        for results in executor.map(tasks):
            done += 1
            if done > count:
                break
            yield results
    except (ShiftlensError, KeyboardInterrupt, GeneratorExit):
        raise
    except (Exception, SystemExit) as error:
        failed = ComponentFailed(f"executor {_name(executor)} raised {type(error).__name__}: {error}")
        failed.trace = traceback.format_exc()
        raise failed from error
    if done != count:
        raise PromiseBroken(f"executor {_name(executor)} gave {'more' if done > count else done} results for {count} tasks")


def _name(executor: Executor) -> str:
    return f"{type(executor).__module__}.{type(executor).__qualname__}"
