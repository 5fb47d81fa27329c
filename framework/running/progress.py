"""Progress on a terminal: a bar for what takes longer than two seconds, silence elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_SECONDS = 2.0


class ProgressLine:
    """One bar a step, on standard error, and only where that is a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._title = ""
        self._began = 0.0

    def step(self, title: str) -> None:
        """Begin another step; its bar appears when it takes long."""
        self._finish_task()
        self._title, self._began = title, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show how far the step is."""
        if self.quiet or time.monotonic() - self._began < PATIENCE_SECONDS:
            return
        bars = self._started()
        if self._task is None:
            self._task = bars.add_task(self._title, total=total)
        bars.update(self._task, completed=done, total=total)

    def _started(self) -> Progress:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            console = Console(stderr=True)
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
            self._bars.start()
        return self._bars

    def _finish_task(self) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.remove_task(self._task)
        self._task = None

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None
