"""``shiftlens compare`` as a person uses it: planted differences found, nothing made up, bad input named."""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Folder = Callable[..., Path]


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return found


def test_a_brighter_site_is_called_brighter(shiftlens: Run, folder_of: Folder, physical_pipeline: Path, tmp_path: Path) -> None:
    dev, site = folder_of("開発", 40, level=90), folder_of("現場", 40, level=90 * 1.5, seed=1)
    done = shiftlens("compare", dev, site, "--pipeline", physical_pipeline, "-o", tmp_path / "報告", "--fail-on-shift")
    assert done.returncode == 1, done.stderr
    assert "brighter" in done.stdout
    first = report(tmp_path / "報告")["attributes"][0]
    assert first["id"] == "exposure"
    assert first["factor"] == pytest.approx(1.5, rel=0.05)


def test_two_halves_of_one_place_do_not_differ(
    shiftlens: Run, folder_of: Folder, physical_pipeline: Path, tmp_path: Path
) -> None:
    words = ["compare", folder_of("a", 40), folder_of("b", 40, seed=1), "--pipeline", physical_pipeline, "-o", "out"]
    done = shiftlens(*words, "--fail-on-shift", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == report(tmp_path / "out")
    assert json.loads(done.stdout)["verdict"]["kind"] == "nothing"


def test_the_whole_demo_finds_what_was_planted(shiftlens: Run, tmp_path: Path) -> None:
    """The README's demo: two spaces, the embedded backbones, heat maps, a repair, one file."""
    for seed, (side, place) in enumerate([("development", "osaka"), ("site", "matsuyama")], 1):
        done = shiftlens("synth", f"parts:{place}", "-n", "60", "--seed", str(seed), "-o", f"images/{side}")
        assert done.returncode == 0, done.stderr
    words = [f"images/{side}/test?note=synthetic" for side in ("development", "site")]
    done = shiftlens("compare", *words, "--repair", "matsuyama-to-osaka", "-o", "out", "--lang", "ja")
    assert done.returncode == 0, done.stderr
    found = report(tmp_path / "out")
    assert {"exposure", "colour-temperature"} <= set(found["verdict"]["leading"])
    repaired = found["sections"]["repair"]["repaired"]
    states = {row["id"]: row["state"] for row in repaired["attributes"]}
    assert {states[name] for name in ("colour-temperature", "vignetting", "tint")} == {"closed"}
    assert set(repaired["opened"]) <= {"texture-strength"}  # a little smoother before, too
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert page.index("ynthetic") < page.index("<h1")
    assert len(page) < 8 * 2**20
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "attributes.csv", "events.jsonl", "outcome.json", "repair.csv", "report.html", "report.json", "run.json", "values",
    ]  # fmt: skip


def test_a_second_run_gives_the_same_bytes(shiftlens: Run, folder_of: Folder, physical_pipeline: Path, tmp_path: Path) -> None:
    dev, site = folder_of("a", 30), folder_of("b", 30, seed=1, level=120)
    for out in ("first", "second"):
        shiftlens("compare", dev, site, "--pipeline", physical_pipeline, "-o", out)
    shiftlens(
        "compare",
        dev,
        site,
        "--pipeline",
        physical_pipeline,
        "-o",
        "third",
        "--workers",
        "1",
        SHIFTLENS_STORE=str(tmp_path / "other"),
    )
    for name in ("report.json", "attributes.csv"):
        first = (tmp_path / "first" / name).read_bytes()
        assert first == (tmp_path / "second" / name).read_bytes()
        assert first == (tmp_path / "third" / name).read_bytes()


def test_killed_at_random_it_resumes_to_the_same_report(folder_of: Folder, physical_pipeline: Path) -> None:
    spec = importlib.util.spec_from_file_location("kill_resume", ROOT / "benchmarks/kill_resume.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sources = [str(folder_of("a", 30)), str(folder_of("b", 30, seed=1, level=120))]
    assert module.trial(sources, str(physical_pipeline), 5, seed=1) == 5


def _broken_site(place: Path) -> dict[str, str]:
    """Add every kind of broken file; give a word of the reason for each."""
    whole = np.random.default_rng(5).integers(60, 180, (96, 96), dtype=np.uint8)
    image = Image.fromarray(whole)
    image.save(place / "whole.jpg")
    data = (place / "whole.jpg").read_bytes()
    (place / "whole.jpg").unlink()
    (place / "truncated.jpg").write_bytes(data[: len(data) // 2])
    (place / "words.jpg").write_text("this is no picture")
    (place / "empty.png").write_bytes(b"")
    Image.new("L", (1, 1)).save(place / "dot.png")
    for name, fill in (("grey-half.png", 128), ("black-half.png", 0)):
        half = whole.copy()
        half[48:] = fill
        Image.fromarray(half).save(place / name)
    (place / "notes.txt").write_text("x")
    return {
        "truncated.jpg": "truncated", "words.jpg": "not an image", "empty.png": "empty", "dot.png": "below 8",
        "grey-half.png": "cut off", "black-half.png": "cut off", "notes.txt": "ending",
    }  # fmt: skip


def test_broken_files_are_set_aside_named_and_counted(
    shiftlens: Run, folder_of: Folder, physical_pipeline: Path, tmp_path: Path
) -> None:
    dev, site = folder_of("a", 30), folder_of("b", 30, seed=1)
    expected = _broken_site(site)
    done = shiftlens("compare", dev, site, "--pipeline", physical_pipeline, "-o", "out")
    assert done.returncode == 0, done.stderr
    found = report(tmp_path / "out")
    aside = {a["id"]: a["reason"] for a in found["set_aside"]}
    assert set(aside) == set(expected)
    for name, word in expected.items():
        assert word in aside[name]
    counts = next(i for i in found["inputs"] if i["name"] == "site")
    assert (counts["used"], counts["set_aside"]) == (30, 7)


def test_hostile_names_are_escaped_wherever_they_stand(
    shiftlens: Run, folder_of: Folder, physical_pipeline: Path, tmp_path: Path
) -> None:
    dev, site = folder_of("a", 30), folder_of("b", 30, seed=1, level=160)
    evil = ["<script>alert(1)<", 'q"uote', "new\nline", "=1+1", "a&b'c"]
    for path, name in zip(sorted(site.iterdir()), evil, strict=False):
        path.rename(site / f"{name}.png")
    (site / "<img src=x onerror=alert(1)>.png").write_bytes(b"nothing")
    assert shiftlens("compare", dev, site, "--pipeline", physical_pipeline, "-o", "out").returncode == 0
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert report(tmp_path / "out")["set_aside"][0]["id"] == "<img src=x onerror=alert(1)>.png"


def test_the_same_folder_twice_is_said(shiftlens: Run, folder_of: Folder, physical_pipeline: Path, tmp_path: Path) -> None:
    dev = folder_of("a", 30)
    done = shiftlens("compare", dev, dev, "--pipeline", physical_pipeline, "-o", "out")
    assert done.returncode == 0, done.stderr
    found = report(tmp_path / "out")
    assert not found["verdict"]["shift"]
    assert any("same" in w["en"] for w in found["warnings"])


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nowhere", "b"], 3, "does not exist"),
        (["empty", "b"], 3, "no file that fits"),
        (["one", "b"], 3, "SL302"),
        (["a", "b", "--seed", "-1"], 2, "--seed"),
        (["a", "b", "--alpha", "7"], 2, "--alpha"),
        (["a", "b", "--site", "nosuch"], 2, "nosuch"),
        (["a", "b", "--device", "abacus"], 2, "abacus"),
        (["a?depth=9", "b"], 2, "depth"),
        (["a"], 2, "SITE"),
    ],
)
def test_wrong_input_and_usage_end_with_their_code_and_a_next_step(
    shiftlens: Run, folder_of: Folder, physical_pipeline: Path, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    folder_of("a", 12)
    folder_of("b", 12, seed=1)
    folder_of("one", 1)
    (tmp_path / "empty").mkdir()
    done = shiftlens("compare", *words, "--pipeline", physical_pipeline, "-o", "out")
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_an_output_place_that_cannot_be_written_is_said_at_once(
    shiftlens: Run, folder_of: Folder, physical_pipeline: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    done = shiftlens("compare", folder_of("a", 12), folder_of("b", 12), "--pipeline", physical_pipeline, "-o", "file/out")
    assert done.returncode == 3
    assert "SL501" in done.stderr
    assert "choose another folder" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to the administrator")
def test_a_read_only_folder_is_said_at_once(shiftlens: Run, folder_of: Folder, physical_pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    done = shiftlens("compare", folder_of("a", 12), folder_of("b", 12), "--pipeline", physical_pipeline, "-o", "locked/out")
    assert done.returncode == 3


@pytest.mark.parametrize("limit", [200, 3_000, 20_000])
def test_a_disk_that_fills_up_leaves_nothing_half_written(
    folder_of: Folder, physical_pipeline: Path, tmp_path: Path, limit: int
) -> None:
    """A limit on file size stands for the full disk: the write fails in the same place, with OSError."""
    out = tmp_path / "out"
    words = ["compare", folder_of("a", 30), folder_of("b", 30, seed=1), "--pipeline", physical_pipeline, "-o", out]
    done = subprocess.run(
        [sys.executable, "-m", "shiftlens", *map(str, words)],
        env=os.environ | {"SHIFTLENS_STORE": str(tmp_path / "store")}, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)), cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "SL501" in done.stderr
    for name in ("report.html", "report.json"):
        assert not (out / name).exists() or json.loads((out / "report.json").read_text())
    assert not list((tmp_path / "store").rglob("*.part")) if (tmp_path / "store").exists() else True


def test_progress_is_silent_where_there_is_no_terminal(shiftlens: Run, folder_of: Folder, physical_pipeline: Path) -> None:
    done = shiftlens("compare", folder_of("a", 12), folder_of("b", 12, seed=1), "--pipeline", physical_pipeline, "-o", "out")
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 2


def test_run_needs_every_input_and_no_other(shiftlens: Run, folder_of: Folder, physical_pipeline: Path) -> None:
    place = folder_of("a", 12)
    for pairs, message in (
        (["-i", f"development={place}"], "'site'"),
        (["-i", f"dev={place}"], "development, site"),
        (["-i", "development"], "name=source"),
    ):
        done = shiftlens("run", physical_pipeline, *pairs, "-o", "out")
        assert done.returncode == 2
        assert message in done.stderr


def test_check_reports_without_running(shiftlens: Run, physical_pipeline: Path, tmp_path: Path) -> None:
    done = shiftlens("check", physical_pipeline)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "ok"
    (tmp_path / "bad.yaml").write_text("pipeline: x\ninputs: {a: images}\nsteps: {s: {use: physicall}}\n")
    done = shiftlens("check", "bad.yaml")
    assert done.returncode == 2
    assert "did you mean 'physical'?" in done.stderr


def test_schemas_are_valid_json_schema(shiftlens: Run) -> None:
    import jsonschema

    for what in ("pipeline", "report", "site", "project", "backbone"):
        jsonschema.Draft202012Validator.check_schema(json.loads(shiftlens("schema", what).stdout))


def test_a_fault_of_our_own_is_not_taken_for_a_difference(tmp_path: Path) -> None:
    code = (
        "import sys, shiftlens.framework.pipelines.compare as api\n"
        "def broken(*a, **k): raise RuntimeError('planted')\n"
        "api.comparison = broken\n"
        "sys.argv = ['shiftlens', 'compare', 'a', 'b', '-o', 'out']\n"
        "from shiftlens.framework.cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 4
    assert "SL000" in done.stderr
    assert "planted" in done.stderr


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    done = subprocess.run(f"{sys.executable} -m shiftlens schema report | head -1", shell=True, capture_output=True, text=True)
    assert done.stdout == "{\n"
    assert done.stderr == ""
