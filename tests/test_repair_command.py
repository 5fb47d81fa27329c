"""``shiftlens compare --repair`` as a person uses it, the pipeline of the documents, and a translator of a third party."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftlens.training import save_backbone

ROOT = Path(__file__).parent.parent
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Folder = Callable[..., Path]
DARK = 0.6
THIRD_PARTY = """\
from dataclasses import replace
import numpy as np
from shiftlens.plugin import Card, Translator, hookimpl

class Made:
    def __init__(self, source): self.source = source
    def picture(self, ref, *, at_least=None):
        picture = self.source.picture(ref)
        return replace(picture, pixels=np.clip(np.rint(picture.pixels / 0.6), 0, 255).astype(np.uint8))

class Brighten(Translator):
    def translate(self, images):
        return images.remade(Made(images.source), note="brightened")

class Drop(Translator):
    def translate(self, images):
        return replace(images, refs=images.refs[1:])

@hookimpl
def shiftlens_translators():
    return [Card(id=name.lower(), version=1, target=f"brighter:{name}") for name in ("Brighten", "Drop")]
"""


def documented() -> str:
    """The pipeline with a translator of one's own in the documents."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/pipelines.md").read_text(encoding="utf-8"), re.S)
    return next(block for block in blocks if "use: translator" in block)


@pytest.fixture
def sides(folder_of: Folder) -> tuple[Path, Path]:
    return folder_of("dev", 24), folder_of("site", 24, level=DARK * 110, seed=1)


@pytest.fixture
def backbone(tmp_path: Path) -> Path:
    """A translator whose way is to multiply by what the site lacks."""
    import torch

    from shiftlens.plugins.mcdut.cheap import Linear
    from shiftlens.plugins.mcdut.network import Generator

    exact = Linear(np.eye(3) / DARK, np.zeros(3)).arrays()
    repairs = {f"affine.{part}": torch.from_numpy(np.ascontiguousarray(array)) for part, array in exact.items()}
    folder = tmp_path / "site-to-dev"
    folder.mkdir()
    save_backbone(
        folder, name="site-to-dev", family="mcdut", provides=["translator"], licence="none", input_size=64,
        files={"generator.safetensors": dict(Generator(6, 2).state_dict()), "repairs.safetensors": repairs},
        quality={"kept": 0.99, "invented": 0.0},
        options={"verdict": {"winner": "affine", "reason": {"en": "planted", "ja": "テスト"}}},
    )  # fmt: skip
    return folder


@pytest.fixture
def third_party(tmp_path: Path) -> dict[str, str]:
    """A plugin with two translators, as an installed distribution."""
    place = tmp_path / "installed"
    facts = place / "brighter-1.0.dist-info"
    facts.mkdir(parents=True)
    (place / "brighter.py").write_text(THIRD_PARTY)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: brighter\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[shiftlens]\nbrighter = brighter\n")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH")]))}


def repair(folder: Path, step: str = "repaired") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))["sections"]["repair"][step]
    return found


def test_a_darker_site_is_repaired_and_what_was_found_before_still_fails_the_check(
    shiftlens: Run, sides: tuple[Path, Path], backbone: Path, tmp_path: Path
) -> None:
    words = ["--space", "physical", "--repair", f"{backbone}/", "-o", "out"]
    done = shiftlens("compare", *sides, *words, "--fail-on-shift")
    assert done.returncode == 1, done.stderr
    assert "darker" in done.stdout
    told = repair(tmp_path / "out")
    exposure = next(one for one in told["attributes"] if one["id"] == "exposure")
    assert exposure["state"] == "closed"
    assert exposure["closed"] >= 0.9
    assert told["repaired"] == {"affine": 24}
    assert (told["backbone"], told["figures"]) == ("site-to-dev", {"kept": 0.99, "invented": 0.0})
    assert told["opened"] == []
    assert (tmp_path / "out/repair.csv").exists()
    manifest = json.loads((tmp_path / "out/run.json").read_text(encoding="utf-8"))
    assert manifest["spec"]["pipeline"] == "repair"


def test_the_pipeline_of_the_documents_holds(shiftlens: Run, backbone: Path, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(documented().replace("backbone: site-to-dev", f"backbone: {backbone}/"))
    done = shiftlens("check", "own.yaml")
    assert done.returncode == 0, done.stderr


def test_a_repair_beside_a_pipeline_is_refused(shiftlens: Run, sides: tuple[Path, Path], physical_pipeline: Path) -> None:
    done = shiftlens("compare", *sides, "--pipeline", physical_pipeline, "--repair", "n2o", "-o", "out")
    assert done.returncode == 2
    assert "says itself what is repaired" in done.stderr


def test_a_translator_of_any_plugin_is_told_of(
    shiftlens: Run, sides: tuple[Path, Path], third_party: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text(re.sub(r"translator(, inputs: \S+ \S+), .*", r"brighten\1}", documented()))
    done = shiftlens("compare", *sides, "--pipeline", "own.yaml", "-o", "out", **third_party)
    assert done.returncode == 0, done.stderr
    told = repair(tmp_path / "out")
    assert told["repaired"] == {"brighten": 24}
    assert told["said"] == "brightened"
    assert told["closed"] == 1


def test_a_used_store_and_an_empty_one_give_the_same_report(
    shiftlens: Run, sides: tuple[Path, Path], third_party: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text(re.sub(r"translator(, inputs: \S+ \S+), .*", r"brighten\1}", documented()))
    assert shiftlens("compare", *sides, "--space", "physical", "-o", "before").returncode == 0  # the originals' codes are kept
    words = ["compare", *sides, "--pipeline", "own.yaml", "-o"]
    for out, store in (("used", "store"), ("again", "store"), ("empty", "another")):
        done = shiftlens(*words, out, **third_party, SHIFTLENS_STORE=str(tmp_path / store))
        assert done.returncode == 0, done.stderr
    for name in ("report.html", "report.json", "attributes.csv", "repair.csv"):
        used, again, empty = ((tmp_path / out / name).read_bytes() for out in ("used", "again", "empty"))
        assert used == again == empty, name


def test_a_translator_that_loses_an_image_is_named(
    shiftlens: Run, sides: tuple[Path, Path], third_party: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text(re.sub(r"translator(, inputs: \S+ \S+), .*", r"drop\1}", documented()))
    done = shiftlens("compare", *sides, "--pipeline", "own.yaml", "-o", "out", **third_party)
    assert done.returncode == 4
    assert "drop of brighter 1.0: 23 images came, the 24 that it got were promised" in done.stderr
