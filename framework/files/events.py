"""The record of what a run does, and other JSON that people may read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...specs.errors import OutputUnusable

EVENTS = "events.jsonl"
"""Its file, in the folder of a run."""


class Events:
    """``events.jsonl``: one line an event, appended and flushed as it happens; where ``durable``, a power cut loses none."""

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as error:
            raise OutputUnusable(
                f"{path}: cannot be written: {error.strerror}", hint="choose another folder with -o"
            ) from error
        self.path, self._durable = path, durable

    def write(self, event: str, **facts: Any) -> None:
        """Append one event.

        Raises:
            OutputUnusable: the disk is full or the file was taken away.
        """
        line = json.dumps({"time": now(), "event": event, **facts}, ensure_ascii=False, default=str)
        try:
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(line + "\n")
                if self._durable:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise OutputUnusable(f"{self.path}: cannot be written: {error.strerror}", hint="free space there") from error


def now() -> str:
    """Give the time as ISO 8601 with its zone."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def as_json(data: Mapping[str, Any]) -> str:
    """Give the text of a JSON file, keys in a fixed order, any file name allowed."""
    return (
        json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True).encode("utf-8", "backslashreplace").decode() + os.linesep
    )
