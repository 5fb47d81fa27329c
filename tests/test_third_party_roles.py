"""Every role works end to end for a third party: from its package, through a pipeline, to pictures in the report."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftlens import InputUnusable, RunOutcome, UsageError
from shiftlens.plugin import AttentionMaps, AttributeScores, Inversion, Keypoints
from shiftlens.testing import sample_images

PACKAGES = Path(__file__).parent / "third_party"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package with pip into a folder of its own."""
    work = tmp_path_factory.mktemp("acme")
    shutil.copytree(PACKAGES / "acme", work / "source")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "--target", str(work / "site"), str(work / "source")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return work / "site"


@pytest.fixture
def ran(shiftlens: Run, folder_of: Callable[..., Path], site: Path, tmp_path: Path) -> Callable[..., Path]:
    """Run the pipeline of all roles; give the folder of its report."""
    shutil.copy(PACKAGES / "everything.yaml", tmp_path)
    dev, other = folder_of("dev", 24, level=90), folder_of("there", 24, level=110, seed=1)

    def run(out: str = "out", *words: object, **environment: str) -> Path:
        inputs = ["-i", f"development={dev}", "-i", f"site={other}"]
        done = shiftlens("run", "everything.yaml", *inputs, "-o", out, *words, PYTHONPATH=str(site), **environment)
        assert done.returncode == 0, done.stderr
        return tmp_path / out

    return run


def test_every_role_gives_its_value_and_the_report_shows_it(ran: Callable[..., Path], browser_page: Callable[..., Any]) -> None:
    folder = ran()
    data = json.loads((folder / "report.json").read_text())
    steps = data["sections"]["steps"]
    assert {step: one["kind"] for step, one in steps.items()} == {"points": "points", "rest": "inversion", "dimmed": "edited"}
    assert [row["Keypoint"] for row in steps["points"]["rows"]] == ["left", "right"]
    assert sum(int(n) for n in steps["dimmed"]["facts"].values()) == 24
    assert data["sections"]["repair"]["lifted"]["repaired"] == {"lift": 24}
    assert list(data["sections"]["repair"]) == ["lifted"]  # an edit is no repair
    assert data["sections"]["acme"] == {"count": 48, "word": "images"}
    page = browser_page(folder / "report.html")
    for language in ("ja", "en"):
        page.click(f"[data-language={language}]")
        for picture in page.query_selector_all("#steps img, #maps img, #repair img"):
            assert page.evaluate("one => one.complete && one.naturalWidth > 0", picture)
    assert len(page.query_selector_all("#steps article")) == 3
    assert page.heard == []


def test_its_options_reach_its_section(ran: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "shiftlens.yaml").write_text("components: {acme: {word: photographs}}\n")
    assert "48 photographs" in (ran() / "report.html").read_text()


def test_an_executor_of_its_own_gives_the_same_values(ran: Callable[..., Path], tmp_path: Path) -> None:
    here = RunOutcome.open(ran())
    (tmp_path / "shiftlens.yaml").write_text("executor: acme-processes\n")
    there = RunOutcome.open(ran("other", SHIFTLENS_STORE=str(tmp_path / "empty")))
    for step, value in here.values.items():
        assert there.values[step].digest() == value.digest(), step
    assert not there.manifest["steps"]["points"]["reused"]


def test_a_finished_run_is_read_again_from_its_folder(ran: Callable[..., Path], tmp_path: Path) -> None:
    folder = ran()
    (folder / "values").rename(tmp_path / "kept")
    (tmp_path / "kept").rename(folder / "values")
    outcome = RunOutcome.open(folder)
    kinds = {step: type(value) for step, value in outcome.values.items()}
    assert kinds["diff"] is AttributeScores
    assert kinds["around"] is AttentionMaps
    assert kinds["points"] is Keypoints
    assert kinds["rest"] is Inversion
    assert outcome.roles["dimmed"] == "editor"
    assert outcome.manifest["seed"] == 0
    levels = outcome.values["there"].values[:, 0], outcome.values["lifted_levels"].values[:, 0]
    np.testing.assert_allclose(levels[1] / levels[0], 1.2, atol=0.02)
    picture = outcome.images["lifted"].source.picture(outcome.images["lifted"].refs[0])
    assert picture.unit().mean() == pytest.approx(levels[1][0] / 100, abs=1e-4)


def test_its_pixels_come_from_the_sources_that_are_given(ran: Callable[..., Path], tmp_path: Path) -> None:
    from shiftlens.framework.host.host import discover
    from shiftlens.framework.running.sources import open_source

    folder = ran()
    images = open_source(str(tmp_path / "there"), "site", discover())
    outcome = RunOutcome.open(folder, {"site": images})
    assert outcome.images["site"].source.picture(outcome.images["site"].refs[0]).size == (96, 96)
    with pytest.raises(InputUnusable, match="not the images of the run"):
        RunOutcome.open(folder, {"site": sample_images(5)})
    with pytest.raises(UsageError, match="holds no finished run"):
        RunOutcome.open(tmp_path)


def test_the_hooks_of_a_run_are_told_in_order(ran: Callable[..., Path], site: Path, tmp_path: Path) -> None:
    listener = site / "listening"
    listener.mkdir(exist_ok=True)
    (listener / "__init__.py").write_text(
        "import os\nfrom shiftlens.plugin import hookimpl\n\n\ndef _told(*words):\n"
        "    with open(os.environ['HEARD'], 'a') as file:\n        file.write(' '.join(words) + '\\n')\n\n\n"
        "@hookimpl\ndef shiftlens_step_started(step, component):\n    _told('started', step, component)\n\n\n"
        "@hookimpl\ndef shiftlens_step_finished(step, reused):\n    _told('finished', step, str(reused))\n\n\n"
        "@hookimpl\ndef shiftlens_report_written(folder, report):\n    _told('written', folder.name, report.pipeline)\n"
    )
    facts = site / "listening-1.dist-info"
    facts.mkdir(exist_ok=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: listening\nVersion: 1\n")
    (facts / "entry_points.txt").write_text("[shiftlens]\nlistening = listening\n")
    ran(HEARD=str(tmp_path / "heard"))
    heard = (tmp_path / "heard").read_text().splitlines()
    assert heard[-1] == "written out everything"
    assert heard.index("started points brightest") < heard.index("finished points False")
    assert sum(line.startswith("started") for line in heard) == sum(line.startswith("finished") for line in heard) == 14
