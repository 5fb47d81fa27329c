"""A training in a folder, a clock that is set by hand, and processes that may be killed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from shiftlens.training import FitConfig, Training

IDENTITY = {"fitter": "toy", "images": {"here": "ab"}, "config": {"rate": 0.5}}
CONFIG: dict[str, Any] = {"batch": 2, "steps": 10, "note_steps": 4}


def training(folder: Path, identity: dict[str, Any] = IDENTITY, **options: Any) -> Training:
    return Training(folder, FitConfig(**{**CONFIG, **options}), identity=identity)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def forked(work: Callable[[], object]) -> int:
    """Start ``work`` in a process of its own that may be killed; give its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        torch.set_num_threads(1)  # the other threads of torch stay behind in the parent: it would wait for them for ever
        work()
        code = 0
    finally:
        os._exit(code)


def in_child(work: Callable[[], object]) -> int:
    """Run ``work`` in a process of its own; give its exit status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(forked(work), 0)[1])
