"""Plugins in packages of their own: installed, listed, used by id; a broken one is set aside and named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shiftlens.testing import EncoderConformance

PACKAGES = Path(__file__).parent / "third_party"
PIPELINE = """\
pipeline: levels
inputs: {development: images, site: images}
steps:
  dev: {use: levels, inputs: {images: development}}
  there: {use: levels@1, inputs: {images: site}}
  diff: {use: stylediff, inputs: {reference: dev, target: there}, with: {permutations: 200}}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install both packages with pip into a folder of their own."""
    work = tmp_path_factory.mktemp("third_party")
    shutil.copytree(PACKAGES, work / "sources")
    packages = [str(work / "sources" / name) for name in ("acme", "broken")]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "--target", str(work / "site"), *packages], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return work / "site"


Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_an_installed_plugin_is_listed_and_a_broken_one_is_named(shiftlens: Run, installed: Path) -> None:
    listed = json.loads(shiftlens("plugins", "list", "--json", PYTHONPATH=str(installed)).stdout)
    states = {p["distribution"]: (p["state"], p["version"], p["offers"], p["error"]) for p in listed}
    assert states["acme-shiftlens"][:2] == ("loaded", "1.2.0")
    assert {"levels@1", "brightest@1", "dim@1", "acme-processes@1"} <= set(states["acme-shiftlens"][2])
    assert states["broken-shiftlens"][0] == "failed"
    assert "planted" in states["broken-shiftlens"][3]


def test_strict_makes_a_broken_plugin_fatal(shiftlens: Run, installed: Path) -> None:
    done = shiftlens("plugins", "list", "--strict", PYTHONPATH=str(installed))
    assert done.returncode == 4
    assert "broken-shiftlens 0.0.1" in done.stderr


def test_a_pipeline_uses_it_by_id_while_the_broken_one_is_set_aside(
    shiftlens: Run, installed: Path, folder_of: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "levels.yaml").write_text(PIPELINE)
    inputs = ["-i", f"development={folder_of('dev', 24)}", "-i", f"site={folder_of('site', 24, level=150, seed=1)}"]
    done = shiftlens("run", "levels.yaml", *inputs, "-o", "out", PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    assert "broken" in done.stderr
    manifest = json.loads((tmp_path / "out/run.json").read_text())
    assert manifest["plugins"] == {"acme-shiftlens": "1.2.0", "shiftlens": manifest["versions"]["shiftlens"]}
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["verdict"]["shift"]
    assert report["attributes"][0]["encoder"] == "levels"


def test_it_adds_a_command(shiftlens: Run, installed: Path) -> None:
    assert shiftlens("acme", PYTHONPATH=str(installed)).stdout == "acme was here\n"


def test_a_project_may_disable_it(shiftlens: Run, installed: Path, tmp_path: Path) -> None:
    (tmp_path / "shiftlens.yaml").write_text("plugins: {disable: [broken-shiftlens]}\n")
    done = shiftlens("plugins", "list", "--strict", "--json", PYTHONPATH=str(installed))
    assert {p["distribution"]: p["state"] for p in json.loads(done.stdout)}["broken-shiftlens"] == "disabled"


class TestLevels(EncoderConformance):
    """The third party runs the public conformance kit on its encoder."""

    @pytest.fixture
    def encoder(self, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
        monkeypatch.syspath_prepend(str(PACKAGES / "acme"))
        from acme_shiftlens.levels import Levels

        return Levels()
