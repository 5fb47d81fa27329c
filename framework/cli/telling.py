"""What a training says while it runs, as lines on standard error."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Iterator

MOST_OFTEN_SECONDS = 15.0


class _Lines(logging.Handler):
    """Shows warnings at once, and of the rest a line every fifteen seconds, so that a log stays short."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._last = -MOST_OFTEN_SECONDS

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            _line(f"warning: {record.getMessage()}")
        elif time.monotonic() - self._last >= MOST_OFTEN_SECONDS:
            self._last = time.monotonic()
            _line(record.getMessage())


def _line(text: str) -> None:
    sys.stderr.write(f"{text}\n")  # not by click, which would write over a bar of progress


@contextlib.contextmanager
def told(*, quiet: bool) -> Iterator[None]:
    """Show what trainings say while the block runs; only warnings where ``quiet``."""
    log = logging.getLogger("shiftlens.fitting")
    lines = _Lines(logging.WARNING if quiet else logging.INFO)
    level = log.level
    log.addHandler(lines)
    log.setLevel(lines.level)
    try:
        yield
    finally:
        log.removeHandler(lines)
        log.setLevel(level)
