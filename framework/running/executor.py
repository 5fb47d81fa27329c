"""The executor that comes along: tasks one after the other in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

from ..contract.around import Executor
from .tasks import JobResult, Task, Worker

LOCAL = "local"
"""What it is called in settings."""


class LocalExecutor(Executor):
    """Does every task itself; inside a task, components use all cores."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._worker = Worker(self.context.progress)

    def open(self) -> Self:
        """Begin with nothing open."""
        return self

    def close(self) -> None:
        """Free the components that are open."""
        self._worker.close()

    def map(self, tasks: Iterable[Task]) -> Iterator[list[JobResult]]:
        """Give what each task gives, lazily."""
        self._worker.begin()
        return map(self._worker, tasks)
