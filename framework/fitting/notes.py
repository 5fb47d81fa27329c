"""Metrics of a training: averaged over some steps, appended to a file, and watched for NaN."""

from __future__ import annotations

import json
import logging
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...specs.errors import OutputUnusable, TrainingDiverged
from ..files.whole import write_text

if TYPE_CHECKING:
    from torch import Tensor

LOG = logging.getLogger("shiftlens.fitting")


class Notes:
    """``metrics.jsonl``: one line every ``every`` steps. Tensors are read only then, so no step waits for the device."""

    def __init__(self, path: Path, every: int, *, write: bool = True) -> None:
        self.path, self.every, self.write = path, every, write
        self._images = 0
        self._since = time.monotonic()
        self._noted: list[tuple[int, str, float | Tensor]] = []
        self._last = 0

    def begin(self) -> None:
        """Start the clock of images per second."""
        self._since = time.monotonic()

    def add(self, step: int, minutes: float, images: int, numbers: dict[str, float | Tensor]) -> None:
        """Note the numbers of one step; see :meth:`flush`."""
        self._images += images
        self._noted += [(step, name, number) for name, number in numbers.items()]
        if step // self.every > self._last // self.every or any(_is_bad(n) for n in numbers.values()):
            self.flush(step, minutes)
        self._last = step

    def flush(self, step: int, minutes: float) -> None:
        """Append the mean of what was noted since the last line.

        Raises:
            TrainingDiverged: a number is NaN or infinite; it and its step are named.
            OutputUnusable: the file cannot be written.
        """
        if not self._noted:
            return
        values: dict[str, list[float]] = {}
        for (at, name, _), value in zip(self._noted, _read(self._noted), strict=True):
            if not math.isfinite(value):
                raise TrainingDiverged(f"{name} is {value} in step {at}")
            values.setdefault(name, []).append(value)
        seconds = max(time.monotonic() - self._since, 1e-9)
        line = {"step": step, "minutes": round(minutes, 4), "images_per_second": round(self._images / seconds, 2)}
        means = {name: sum(some) / len(some) for name, some in values.items()}
        self._noted, self._images, self._since = [], 0, time.monotonic()
        if self.write:
            self._append({**line, **means})
            said = "  ".join(f"{name} {mean:.4g}" for name, mean in means.items())
            LOG.info("step %d  %.1f min  %.1f images/s  %s", step, minutes, line["images_per_second"], said)

    def _append(self, line: dict[str, Any]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise OutputUnusable(f"{self.path}: cannot be written: {error.strerror}", hint="free space there") from error

    def cut(self, step: int) -> None:
        """Forget lines beyond ``step``, and a half one that a kill left: what comes next writes them again."""
        self._last = step
        if not self.write or not self.path.exists():
            return
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        kept = [line for line in lines if _step_of(line) is not None and (_step_of(line) or 0) <= step]
        if kept != lines:
            write_text(self.path, "".join(f"{line}\n" for line in kept))


def _is_bad(number: float | Tensor) -> bool:
    return isinstance(number, (int, float)) and not math.isfinite(number)


def _read(noted: list[tuple[int, str, float | Tensor]]) -> list[float]:
    """Read all tensors in one go: one wait for the device, not one a number."""
    tensors = [number for _, _, number in noted if not isinstance(number, (int, float))]
    if not tensors:
        return [float(number) for _, _, number in noted]
    import torch

    place = tensors[0].device
    read = iter(torch.stack([tensor.detach().to(place, torch.float32) for tensor in tensors]).tolist())
    return [float(number) if isinstance(number, (int, float)) else next(read) for _, _, number in noted]


def _step_of(line: str) -> int | None:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return None
