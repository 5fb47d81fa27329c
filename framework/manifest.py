"""The manifest of a run: what fixes its numbers, and the record of what it did."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..specs.errors import OutputUnusable
from .host import Host
from .images import ImageSet
from .plan import Plan

LIBRARIES = ("numpy", "scipy", "scikit-image", "pillow", "torch", "timm", "pydantic", "pluggy")


def versions() -> dict[str, str]:
    """Give the versions of what computes, without importing it."""
    found = {"python": platform.python_version(), "shiftlens": version("shiftlens")}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def numeric_profile(device: str) -> dict[str, str]:
    """Say what may change the last digits of a number: device, processor kind, libraries."""
    return {"device": device, "machine": platform.machine(), "system": platform.system()} | versions()


def plugin_versions(host: Host) -> dict[str, str]:
    """Give the version of every plugin that takes part, by distribution."""
    return {r.distribution: r.version for r in host.reports if r.state == "loaded"}


def begun(
    plan: Plan, inputs: Mapping[str, ImageSet], digests: Mapping[str, str], settings: Mapping[str, Any], *, host: Host,
    seed: int, device: str,
) -> dict[str, Any]:  # fmt: skip
    """Give the manifest of a run that begins: all that fixes its numbers but the weights, which its steps add."""
    return {
        "schema_version": 1,
        "started": now(),
        "spec": plan.filled(),
        "settings": dict(settings),
        "inputs": {
            name: {"origin": images.origin, "digest": digests[name], "images": len(images)} for name, images in inputs.items()
        },
        "seed": seed,
        "device": device,
        "versions": versions(),
        "plugins": plugin_versions(host),
        "backbones": {},
        "steps": {},
    }


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
