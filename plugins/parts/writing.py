"""Images and truth as a folder: MVTec-like folders, masks, COCO keypoints, ``truth.csv``. Written beside and renamed."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ... import OutputUnusable
from .coco import Coco
from .factors import FACTORS
from .lanes import blocks
from .renderer import VERSION, World, jpeg
from .truth import Truth, truths

MARK = "synth.json"
"""The file by which a folder is known to be ours."""
_OURS = {MARK, "truth.csv", "keypoints.json", "test", "ground_truth", "masks"}


def write(
    world: World, count: int, folder: Path, *, about: str, workers: int = 2, told: Callable[[int], None] = lambda _: None
) -> None:
    """Write the first ``count`` images of ``world`` with their truth; ``told`` hears how many more are done.

    ``test/good``, ``test/<defect>``, ``test/combined`` hold the images, ``ground_truth/…`` a mask for
    each NG one, ``masks/part`` and ``masks/<defect>`` all masks one by one.

    Raises:
        OutputUnusable: ``folder`` holds something that is not ours, or cannot be written.
    """
    folder = folder.absolute()
    check_free(folder)
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        beside.mkdir(parents=True)
        _fill(world, count, beside, about, workers, told)
        if folder.exists():
            old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
            folder.rename(old)
            beside.rename(folder)
            shutil.rmtree(old)
        else:
            beside.rename(folder)
    except OSError as error:
        raise OutputUnusable(
            f"{folder}: cannot be written: {error.strerror}", hint="free space there, or give another -o"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def check_free(folder: Path) -> None:
    """Check that ``folder`` is not there, empty, or written by us and not added to.

    Raises:
        OutputUnusable: it is something else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputUnusable(f"{folder} is a file", hint="give a folder with -o")
    there = {path.name for path in folder.iterdir()}
    if there and MARK not in there:
        raise OutputUnusable(f"{folder} is not empty and was not written by synth", hint="give a new or empty folder with -o")
    if foreign := sorted(there - _OURS):
        raise OutputUnusable(
            f"{folder} holds {foreign[0]!r}, which synth did not write", hint="move it away, or give another -o"
        )


def _fill(world: World, count: int, folder: Path, about: str, workers: int, told: Callable[[int], None]) -> None:
    coco = Coco()
    with (folder / "truth.csv").open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(_heading())
        for first, block in blocks(world, count, workers=workers):
            numbers = np.arange(first, min(first + world.block, count))
            for k, truth in enumerate(truths(world, numbers)):
                defects = {name: block.defects[name][k] for name in truth.defects}
                path = _image(folder, truth, block.pixels[k])
                _masks(folder, truth, block.part[k], defects)
                coco.add(truth, path, block.part[k], defects)
                table.writerow(_row(truth, path))
            told(len(numbers))
    _json(folder / "keypoints.json", coco.document(about))
    _json(folder / MARK, {"made_by": "shiftlens synth", "source": about, "renderer": VERSION, "images": count})


def _kind(truth: Truth) -> str:
    return "good" if not truth.defects else truth.defects[0] if len(truth.defects) == 1 else "combined"


def _image(folder: Path, truth: Truth, pixels: NDArray[np.uint8]) -> str:
    """Write one image and give its path below ``folder``."""
    path = Path("test", _kind(truth), Path(truth.id).name)
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        (folder / path).write_bytes(jpeg(pixels, truth.factors["jpeg_quality"]))
    else:
        Image.fromarray(pixels).save(folder / path, "PNG")
    return path.as_posix()


def _masks(folder: Path, truth: Truth, part: NDArray[np.bool_], defects: dict[str, NDArray[np.bool_]]) -> None:
    wanted = {Path("masks", "part"): part} | {Path("masks", name): mask for name, mask in defects.items()}
    if defects:
        wanted[Path("ground_truth", _kind(truth))] = np.logical_or.reduce(list(defects.values()))
    for place, mask in wanted.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / place / f"{Path(truth.id).stem}_mask.png")


def _heading() -> list[str]:
    factors = [f"{f.id} [{f.unit}]" if f.unit else f.id for f in FACTORS.values()]
    return [
        "file", "id", "group", "site", "label", "family", "finish", "code", "defects", *factors, "dims [mm]", "caption", "説明",
    ]  # fmt: skip


def _row(truth: Truth, path: str) -> list[str]:
    dims = " ".join(f"{name}={value:g}" for name, value in truth.dims.items())
    return [
        path, truth.id, truth.group, truth.site, truth.label, truth.family, truth.finish, truth.code, "+".join(truth.defects),
        *(f"{truth.factors[name]:.6g}" for name in FACTORS), dims, truth.caption.en, truth.caption.ja,
    ]  # fmt: skip


def _json(path: Path, what: dict[str, Any]) -> None:
    path.write_text(json.dumps(what, ensure_ascii=False), encoding="utf-8")
