"""Telling plugins what a run does; a listener that raises is reported and does no harm."""

from __future__ import annotations

from typing import Any

from .host import Host
from .manifest import Events


def announce(host: Host, events: Events, hook: str, **facts: Any) -> None:
    """Call every listener of a life-cycle hook by itself, with the arguments that it takes."""
    for listener in getattr(host.hook, hook).get_hookimpls():
        try:
            listener.function(*(facts[name] for name in listener.argnames))
        except Exception as error:  # noqa: BLE001  (a listener's fault is its own: named, the run goes on)
            events.write("listener_failed", plugin=listener.plugin_name, hook=hook, error=f"{type(error).__name__}: {error}")
