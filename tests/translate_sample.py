"""Folders of images as sites have them, backbones to translate them with, and looks into what came out."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import shiftlens as facade
from shiftlens import TranslationReport
from shiftlens.plugins.mcdut.network import Generator
from shiftlens.training import save_backbone

HALF = {"affine.matrix": torch.eye(3) / 2, "affine.offset": torch.zeros(3)}
GOOD = {"winner": "affine", "reason": {"en": "affine keeps defects", "ja": "欠陥を保ちます"}}
SHUT = {"winner": None, "reason": {"en": "defects are lost", "ja": "欠陥が失われます"}}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Backbones: ``half`` halves every value, ``shut`` did not pass, ``wild`` has weights of chance and no verdict."""
    folder = tmp_path_factory.mktemp("backbones")
    torch.manual_seed(0)
    files = {"generator.safetensors": Generator(4, 1).state_dict(), "repairs.safetensors": HALF}
    for name, options in (("half", {"verdict": GOOD}), ("shut", {"verdict": SHUT}), ("wild", {})):
        save_backbone(
            folder / name, name=name, family="mcdut", files=files, provides=["translator"], licence="internal",
            input_size=None, quality={}, options=options,
        )  # fmt: skip
    return folder


@pytest.fixture(autouse=True)
def here(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHIFTLENS_BACKBONES", str(saved))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def surface(seed: int = 0, shape: tuple[int, ...] = (48, 40)) -> np.ndarray:
    draws = np.random.default_rng(seed)
    return np.clip(draws.normal(120, 20, shape) + np.linspace(0, 60, shape[1]).reshape(1, -1, *[1] * (len(shape) - 2)), 0, 255)


def site(folder: Path, count: int = 3) -> Path:
    """A folder as sites have them: nested, of several formats and depths, with a mask, a note, a twin and a broken file."""
    (folder / "lot1/良品").mkdir(parents=True)
    for i in range(count):
        Image.fromarray(surface(i).astype(np.uint8)).save(folder / f"lot1/良品/{i:02d}.bmp")
    Image.fromarray(surface(9, (48, 40, 3)).astype(np.uint8)).save(folder / "colour.jpg", quality=98)
    Image.fromarray((surface(7) * 257).astype(np.uint16)).save(folder / "deep.tif")
    shutil.copy(folder / "lot1/良品/00.bmp", folder / "twin.bmp")
    Image.fromarray(surface(8, (48, 40, 3)).astype(np.uint8)).save(folder / "colour.png")
    (folder / "broken.png").write_bytes(b"\x89PNG nothing")
    (folder / "notes.txt").write_text("-")
    return folder


def table(folder: Path) -> dict[str, dict[str, str]]:
    data = (folder / "translated.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    return {row["id"]: row for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))}


def pictures(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.png"))}


def run(source: Any, out: Path | str = "out", **words: Any) -> TranslationReport:
    return facade.translate(source, out=out, workers=2, **{"backbone": "half", **words})
