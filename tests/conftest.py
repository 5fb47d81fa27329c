"""What several test files share: folders of images, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def texture(rng: np.random.Generator, size: int = 96, level: float = 110.0) -> Image.Image:
    """One grey picture of a ground surface."""
    coarse = rng.normal(0, 1, (size // 8, size // 8)).repeat(8, 0).repeat(8, 1)
    values = level * (1 + 0.05 * coarse + 0.08 * rng.normal(0, 1, coarse.shape)) * rng.normal(1, 0.03)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of textures: ``folder_of("dev", 20, level=100)``."""

    def write(name: str, count: int, *, level: float = 110.0, seed: int = 0, suffix: str = ".png") -> Path:
        place = tmp_path / name
        place.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed)
        for i in range(count):
            texture(rng, level=level).save(place / f"{i:03d}{suffix}")
        return place

    return write


@pytest.fixture
def shiftlens(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a fresh process, in ``tmp_path``, with a store of its own."""

    def run(*words: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"SHIFTLENS_STORE": str(tmp_path / "store"), "SHIFTLENS_BACKBONES": str(tmp_path / "backbones")}
        env = os.environ | own | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"} | environment
        return subprocess.run(
            [sys.executable, "-m", "shiftlens", *map(str, words)],
            cwd=cwd or tmp_path, env=env, capture_output=True, text=True, timeout=900,
        )  # fmt: skip

    return run


PHYSICAL = """\
pipeline: physical-only
inputs: {development: images, site: images}
steps:
  dev: {use: physical, inputs: {images: development}}
  there: {use: physical, inputs: {images: site}}
  diff: {use: stylediff, inputs: {reference: dev, target: there}, with: {permutations: 200, bootstrap: 50, self_splits: 4}}
"""


@pytest.fixture
def physical_pipeline(tmp_path: Path) -> Path:
    """A pipeline that needs no torch."""
    path = tmp_path / "physical.yaml"
    path.write_text(PHYSICAL, encoding="utf-8")
    return path
