"""Telling plugins, and the record of the run, what happens; a listener that raises is recorded and does no harm."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from ...specs.errors import ComponentFailed, ShiftlensError
from ..files.events import Events
from ..host.host import Host


class Telling:
    """The hooks of the life cycle and, where there is one, ``events.jsonl`` of one run."""

    def __init__(self, host: Host, events: Events | None) -> None:
        self.host, self.events = host, events

    def record(self, event: str, **facts: Any) -> None:
        """Append an event to the record."""
        if self.events is not None:
            self.events.write(event, **facts)

    def announce(self, hook: str, **facts: Any) -> None:
        """Call every listener of a hook by itself, with the arguments that it takes."""
        for listener in getattr(self.host.hook, hook).get_hookimpls():
            try:
                listener.function(*(facts[name] for name in listener.argnames))
            except Exception as error:  # noqa: BLE001  (a listener's fault is its own: named, the run goes on)
                said = f"{type(error).__name__}: {error}"
                self.record("listener_failed", plugin=listener.plugin_name, hook=hook, error=said)

    def run_started(self, pipeline: str, manifest: Any) -> None:
        """Tell that a run starts."""
        self.announce("shiftlens_run_started", manifest=manifest)
        self.record("run_started", pipeline=pipeline)

    def step_started(self, step: str, component: str) -> None:
        """Tell that a step starts."""
        self.announce("shiftlens_step_started", step=step, component=component)
        self.record("step_started", step=step, component=component)

    def step_finished(self, step: str, component: str, seconds: float, *, reused: bool) -> None:
        """Tell that a step is done."""
        self.record("step_finished", step=step, seconds=seconds, reused=reused)
        self.announce("shiftlens_step_finished", step=step, component=component, seconds=seconds, reused=reused)

    def run_finished(self, outcome: Any, **facts: Any) -> None:
        """Tell that all steps are done."""
        self.announce("shiftlens_run_finished", outcome=outcome)
        self.record("run_finished", **facts)

    @contextlib.contextmanager
    def failures(self, components: Mapping[str, str]) -> Iterator[None]:
        """Tell of a step that fails in the block, and keep its traceback; the error goes on.

        ``components`` are the ids of those at work, by step.
        """
        try:
            yield
        except ShiftlensError as error:
            step = error.step or next(iter(components))
            trace = error.trace if isinstance(error, ComponentFailed) else ""
            self.record("step_failed", step=step, error=error.message, traceback=trace)
            if trace and not error.hint:
                place = f"the traceback is in {self.events.path}; " if self.events is not None else ""
                error.hint = f"{place}if the plugin is not yours, report it to its authors"
            self.announce("shiftlens_step_failed", step=step, component=components[step], error=error.message)
            raise
