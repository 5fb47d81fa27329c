"""``shiftlens fit`` with a toy fitter: fit, kill, resume, use by name; every wrong word is named."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shiftlens as facade
from shiftlens import (
    ComponentFailed,
    OutputUnusable,
    ShiftlensError,
    SpecError,
    TrainingDiverged,
    UnknownName,
    UsageError,
    plugin,
)
from shiftlens.framework.cli.pairs import budget_of, nested_values
from shiftlens.framework.files.lock import locked
from shiftlens.framework.running.engine import Engine
from shiftlens.framework.running.planner import make_plan
from shiftlens.framework.running.session import session
from shiftlens.framework.running.store import Store
from shiftlens.framework.running.workshop import Workshop
from shiftlens.training import load_tensors

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Folder = Callable[..., Path]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the toy plugin, installed as pip would do it."""
    site = tmp_path_factory.mktemp("site")
    shutil.copy(Path(__file__).with_name("toy_fitter.py"), site)
    (site / "toy-1.0.dist-info").mkdir()
    (site / "toy-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (site / "toy-1.0.dist-info/entry_points.txt").write_text("[shiftlens]\ntoy = toy_fitter\n")
    return site


@pytest.fixture
def here(toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process with the toy plugin, its own folder of backbones, and a working folder."""
    monkeypatch.syspath_prepend(toy)
    monkeypatch.setenv("SHIFTLENS_BACKBONES", str(tmp_path / "backbones"))
    monkeypatch.setenv("SHIFTLENS_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("toy_fitter", None)


def weight(folder: Path) -> np.ndarray:
    return load_tensors(folder / "toy.safetensors")["weight"].numpy()


def fit(images: Path, **words: Any) -> Any:
    given = {"out": "fits/one", "config": {"steps": 12}, **words}
    return facade.fit("toy", given.pop("sources", {"images": images}), **given)


# the whole cycle


def test_fit_kill_resume_and_use_by_name(shiftlens: Run, toy: Path, here: Path, folder_of: Folder, tmp_path: Path) -> None:
    images = folder_of("images", 12)
    words = ["fit", "toy", "--images", images, "--budget", "120steps", "--with", "save_minutes=0.001", "--with", "note_steps=5"]
    command = [sys.executable, "-m", "shiftlens", *map(str, words), "--name", "killed"]
    own = {
        "SHIFTLENS_BACKBONES": str(tmp_path / "backbones"),
        "OMP_NUM_THREADS": "1",
        "TOY_PAUSE": "0.1",
        "PYTHONPATH": str(toy),
    }
    process = subprocess.Popen(command, cwd=tmp_path, env=os.environ | own, stderr=subprocess.PIPE)
    folder = tmp_path / "backbones/killed"
    while not (folder / "metrics.jsonl").exists() or len((folder / "metrics.jsonl").read_text().splitlines()) < 6:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stderr is not None
    assert b"images/s  loss" in process.stderr.read()
    assert not (folder / "backbone.yaml").exists()
    first = (folder / "metrics.jsonl").read_text().splitlines()[0]

    resumed = shiftlens(*words, "--name", "killed", PYTHONPATH=str(toy))
    assert resumed.returncode == 0, resumed.stderr
    assert f"killed: codes\n  in {folder}\n  error: " in resumed.stdout
    assert "as the backbone of a site: backbones: {toy: killed}" in resumed.stdout
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    assert lines[0] == first  # it went on, and did not begin anew
    steps = [json.loads(line)["step"] for line in lines]
    assert (steps[-1], sorted(set(steps))) == (120, steps)

    whole = shiftlens(*words, "-o", "fits/whole", PYTHONPATH=str(toy))
    assert whole.returncode == 0, whole.stderr
    np.testing.assert_array_equal(weight(folder), weight(tmp_path / "fits/whole"))

    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = shiftlens(*words, "--name", "killed", "--json", PYTHONPATH=str(toy))
    facts = json.loads(again.stdout)
    assert (again.returncode, facts["finished_before"], facts["name"]) == (0, True, "killed")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "fit.lock"} == {
        path: changed for path, changed in before.items() if path.name != "fit.lock"
    }

    pipeline = tmp_path / "codes.yaml"
    pipeline.write_text(
        "pipeline: codes\ninputs: {images: images}\n"
        "steps:\n  by-name: {use: toy-codes, inputs: {images: images}, backbone: killed}\n"
        "  by-path: {use: toy-codes, inputs: {images: images}, backbone: fits/whole}\n"
    )
    facade.run(pipeline, {"images": images}, out=here / "out")
    manifest = json.loads((here / "out/run.json").read_text())
    assert manifest["backbones"]["killed"]["digest"] == manifest["backbones"]["whole"]["digest"]


def test_two_processes_do_not_train_in_one_folder(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "fits", lock="fit.lock", doing="training"),
        pytest.raises(UsageError, match="another process is training there"),
        locked(tmp_path / "fits", lock="fit.lock", doing="training"),
    ):
        pass
    with locked(tmp_path / "fits", lock="fit.lock", doing="training"):
        pass


def test_an_interrupted_training_says_how_to_go_on(toy: Path, folder_of: Folder, tmp_path: Path) -> None:
    words = ["fit", "toy", "--images", folder_of("images", 4), "--budget", "2h", "-o", "fits/one", "--with", "note_steps=1"]
    command = [sys.executable, "-m", "shiftlens", *map(str, words)]
    own = {"PYTHONPATH": str(toy), "TOY_PAUSE": "0.01", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=tmp_path, env=os.environ | own, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "fits/one/metrics.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the same command again" in said
    assert (tmp_path / "fits/one/checkpoint.pt").exists()


def test_a_larger_budget_goes_on_from_a_finished_training(here: Path, folder_of: Folder) -> None:
    images = folder_of("images", 6)
    first = fit(images, config={"steps": 12})
    assert first.quality["error"] > fit(images, config={"steps": 60}).quality["error"]
    np.testing.assert_array_equal(weight(here / "fits/one"), weight(_straight(images)))


def _straight(images: Path) -> Path:
    fit(images, out="fits/straight", config={"steps": 60})
    return Path("fits/straight")


def test_a_finished_backbone_that_was_lost_or_changed_is_made_again(here: Path, folder_of: Folder) -> None:
    images = folder_of("images", 6)
    digests = fit(images).files
    (here / "fits/one/toy.safetensors").write_bytes(b"changed")
    assert fit(images).files == digests
    (here / "fits/one/backbone.yaml").unlink()
    assert fit(images).files == digests
    assert (here / "fits/one/backbone.yaml").exists()


# what the command line says


def test_the_fitters_are_listed_without_importing_one(toy: Path, tmp_path: Path) -> None:
    code = "import sys; sys.argv = ['shiftlens', 'fit', '--help']\ntry:\n    from shiftlens.framework.cli.main import main\n"
    code += "    main()\nexcept SystemExit: pass\nprint({'torch', 'timm'} & set(sys.modules))"
    env = os.environ | {"PYTHONPATH": str(toy)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert "toy" in done.stdout
    assert "Linear codes" in done.stdout
    assert done.stdout.endswith("set()\n"), done.stdout + done.stderr


def test_the_help_of_a_fitter_has_its_ports_and_its_preset(shiftlens: Run, toy: Path) -> None:
    said = " ".join(shiftlens("fit", "toy", "--help", PYTHONPATH=str(toy)).stdout.split())
    assert "--images SRC Source of images: a folder, a CSV list, or scheme:place. [required]" in said
    assert "--extra SRC Source of images: a folder, a CSV list, or scheme:place. May be left out." in said
    assert "--preset NAME" in said
    assert "--budget BUDGET" in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["tooy", "--images", "images"], 2, ["SL103 no fitter 'tooy'", "did you mean 'toy'?"]),
        (["toy"], 2, ["Missing option '--images'"]),
        (["toy", "--pictures", "images"], 2, ["No such option"]),
        (["toy", "--images", "images"], 2, ["SL102", "--name plant-2, or -o fits/plant-2"]),
        (["toy", "--images", "images", "--name", "a", "-o", "b"], 2, ["either a name or a folder"]),
        (["toy", "--images", "images", "--name", "../plant"], 2, ["--name '../plant' is no name"]),
        (["toy", "--images", "images", "-o", "Fits/Plant 2"], 2, ["'Plant 2' is no name"]),
        (["toy", "--images", "images", "--name", "efficientnet-lite0"], 2, ["another backbone of that name (plugin)"]),
        (["toy", "--images", "images", "-o", "images"], 2, ["holds something else than a training"]),
        (["toy", "--images", "nowhere", "-o", "fits/one"], 3, ["images: folder 'nowhere' does not exist"]),
        (
            ["toy", "--images", "images", "-o", "fits/one", "--preset", "quik", "--with", "rate=fast", "--with", "code=3",
             "--backbone", "style=x"],
            2,
            ["fit toy: 4 problems", "preset: input should be 'quick' or 'long', found 'quik'", "rate: ",
             "code: unknown key; did you mean 'codes'?", "backbones.style: toy has no such slot"],
        ),
        (["toy", "--images", "images", "-o", "fits/one", "--with", "rate"], 2, ["--with 'rate' is not KEY=VALUE"]),
        (["toy", "--images", "images", "-o", "fits/one", "--with", "rate=[1"], 2, ["'[1'"]),
        (["toy", "--images", "images", "-o", "fits/one", "--budget", "soon"], 2, ["write 30m, 2h or 500steps"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_a_wrong_word_is_named(
    shiftlens: Run, toy: Path, folder_of: Folder, tmp_path: Path, words: list[str], code: int, said: list[str]
) -> None:
    folder_of("images", 3)
    done = shiftlens("fit", *words, PYTHONPATH=str(toy))
    assert done.returncode == code, done.stderr
    for one in said:
        assert one in done.stderr, done.stderr
    assert not (tmp_path / "fits/one").exists() or not list((tmp_path / "fits/one").glob("*.json"))


def test_nan_ends_it_and_leaves_no_card(here: Path, folder_of: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_NAN_AT", "7")
    with pytest.raises(TrainingDiverged, match="loss is nan in step 7") as caught:
        fit(folder_of("images", 4), config={"steps": 40, "note_steps": 3})
    assert caught.value.exit_code == 4
    assert not (here / "fits/one/backbone.yaml").exists()


def test_budgets_and_options_read_as_people_write_them() -> None:
    assert budget_of(["1.5h"], {}) == {"minutes": 90.0}
    assert budget_of(["30m", "1step"], {}) == {"minutes": 30.0, "steps": 1}
    assert nested_values(["a.b=1", "a.c=x y", "d=", "e=1e-3", "f=2024-01-01"][:2]) == {"a": {"b": 1, "c": "x y"}}
    assert nested_values(["f=2024-01-01"]) == {"f": "2024-01-01"}
    for wrong in (["2h", "30m"], ["0x3"], ["-1m"], ["1e9steps"]):
        with pytest.raises(UsageError):
            budget_of(wrong, {})
    with pytest.raises(UsageError, match="twice"):
        budget_of(["5steps"], {"steps": 3})
    for twice in (["a=1", "a=2"], ["a=1", "a.b=2"], ["a.b=2", "a=1"], [".=1"]):
        with pytest.raises(UsageError):
            nested_values(twice)
    for hostile in ("a=!!python/object/apply:os.system [ls]", "a=&x [*x]", "a={1: 2}"):
        with pytest.raises(SpecError):
            nested_values([hostile])


# in Python


def test_a_port_that_is_not_there_or_missing_is_named(here: Path, folder_of: Folder) -> None:
    with pytest.raises(SpecError) as caught:
        fit(folder_of("images", 4), sources={"image": "x"}, config={"batch": 0})
    assert len(caught.value.problems) == 3
    assert "image: no such input; did you mean 'images'?" in str(caught.value)
    assert "images: no source" in str(caught.value)


def test_other_images_or_options_in_the_same_folder_are_refused(here: Path, folder_of: Folder) -> None:
    images = folder_of("images", 4)
    fit(images)
    with pytest.raises(UsageError, match=r"images\.images was"):
        fit(folder_of("others", 4, seed=1))
    with pytest.raises(UsageError, match=r"config\.rate was 0\.5, now 0\.2"):
        fit(images, config={"steps": 12, "rate": 0.2})
    with pytest.raises(UsageError, match="seed was 0, now 1"):
        fit(images, seed=1)


def test_a_site_sets_options_of_a_fitter_and_forbids_it(here: Path, folder_of: Folder) -> None:
    images = folder_of("images", 4)
    Path("osaka.yaml").write_text("site: osaka\ncomponents: {toy: {codes: 5}}\n")
    fit(images, site="osaka.yaml")
    assert weight(here / "fits/one").shape == (5, 192)
    Path("osaka.yaml").write_text("site: osaka\nforbid: {components: [toy]}\n")
    with pytest.raises(ShiftlensError, match="forbids"):
        fit(images, site="osaka.yaml")


def test_a_budget_of_the_command_replaces_that_of_the_site(here: Path, folder_of: Folder) -> None:
    Path("osaka.yaml").write_text("site: osaka\ncomponents: {toy: {minutes: 0.000001}}\n")
    images = folder_of("images", 4)
    fit(images, site="osaka.yaml", config={"note_steps": 1})
    fit(images, site="osaka.yaml", out="fits/two", config={"steps": 9, "note_steps": 1})
    lines = [len((here / "fits" / name / "metrics.jsonl").read_text().splitlines()) for name in ("one", "two")]
    assert lines == [1, 9]


@pytest.mark.parametrize(
    ("fault", "said"),
    [("raise RuntimeError('planted')", "toy of toy 1.0 raised RuntimeError: planted"), ("return 3", "gave int"),
     ("return shiftlens.BackboneSpec(name='x', family='toy', source={'path': '.'})", "left no backbone.yaml")],
)  # fmt: skip
def test_a_fitter_that_misbehaves_is_named(
    here: Path, folder_of: Folder, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    import toy_fitter

    body = f"def planted(self, images: ImageSet, extra: ImageSet | None = None):\n    import shiftlens\n    {fault}"
    space: dict[str, Any] = vars(toy_fitter)
    exec(body, space)
    monkeypatch.setattr(toy_fitter.ToyFitter, "fit", space["planted"])
    with pytest.raises(ComponentFailed) as caught:
        fit(folder_of("images", 4))
    assert said in str(caught.value)


def test_a_fitter_whose_ports_cannot_be_read_is_named(here: Path, folder_of: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    import toy_fitter

    monkeypatch.setattr(toy_fitter.ToyFitter, "fit", lambda self, **images: None)
    with pytest.raises(ComponentFailed, match="'images' of its fit is no ImageSet"):
        fit(folder_of("images", 4))


def test_a_place_that_cannot_be_written_is_named(here: Path, folder_of: Folder) -> None:
    Path("file").write_text("x")
    for place in ("file", "file/one"):
        with pytest.raises(OutputUnusable, match="file"):
            fit(folder_of("images", 4), out=place)


# several backbones in one component


def test_a_component_with_two_needs_gets_a_model_a_slot(here: Path, folder_of: Folder) -> None:
    images = folder_of("images", 5)
    fit(images, out=None, name="one")
    fit(images, out="fits/two", seed=1, config={"steps": 12, "codes": 2})
    encode = {"use": "toy-pair", "inputs": {"images": "images"}, "backbone": "one"}
    data = {"pipeline": "p", "inputs": {"images": "images"}, "steps": {"pair": encode}}
    Path("shiftlens.yaml").write_text("backbones: {second: fits/two}\n")
    current = session()
    plan = make_plan(data, current.host, current.layers, current.catalogue)
    assert [spec.name for spec in plan.steps[0].backbones.values()] == ["one", "two"]
    assert plan.filled()["steps"]["pair"]["backbone"] == "one"
    from shiftlens.framework.running.sources import open_source

    inputs = {"images": open_source(str(images), "images", current.host)}
    engine = Engine(Workshop.of(current), Store(here / "store"), here / "out")
    latents = engine.run(plan, inputs).values["pair"]
    assert [d.id for d in latents.space.dimensions] == ["toy.0", "toy.1", "toy.2", "second.0", "second.1"]
    manifest = json.loads((here / "out/run.json").read_text())
    assert latents.space.backbone == manifest["backbones"]["one"]["digest"]
    assert set(manifest["backbones"]) == {"one", "two"}
    key = latents.space.key
    fit(images, out="fits/third", seed=2, config={"steps": 12, "codes": 2})
    Path("shiftlens.yaml").write_text("backbones: {second: fits/third}\n")
    other = session()
    plan = make_plan(data, other.host, other.layers, other.catalogue)
    engine = Engine(Workshop.of(other), Store(here / "store"), here / "out")
    assert engine.run(plan, inputs).values["pair"].space.key != key


def test_what_is_wrong_with_each_slot_is_said_at_once(here: Path, folder_of: Folder) -> None:
    encode = {"use": "toy-pair", "inputs": {"images": "images"}, "backbone": "efficientnet-lite0"}
    data = {"pipeline": "p", "inputs": {"images": "images"}, "steps": {"pair": encode, "lone": {**encode, "backbone": None}}}
    current = session(command_line={"backbones": {"second": "nothing"}})
    with pytest.raises(SpecError) as caught:
        make_plan(data, current.host, current.layers, current.catalogue)
    said = str(caught.value)
    assert "steps.pair.backbone: 'efficientnet-lite0' provides features, toy-pair needs codes" in said
    assert "steps.pair: slot 'second': no backbone 'nothing'" in said
    assert "steps.lone: no backbone is chosen for the slot 'toy'" in said
    assert len(caught.value.problems) == 4


def test_plugins_info_shows_every_need(shiftlens: Run, toy: Path) -> None:
    (facts,) = json.loads(shiftlens("plugins", "info", "toy-pair", "--json", PYTHONPATH=str(toy)).stdout)
    assert [need["slot"] for need in facts["needs"]] == ["toy", "second"]
    assert "in the slot second that provides codes" in shiftlens("plugins", "info", "toy-pair", PYTHONPATH=str(toy)).stdout


def test_a_slot_that_is_needed_twice_is_no_card() -> None:
    need = plugin.Need(slot="s", protocol="p")
    with pytest.raises(ValueError, match="needed twice"):
        plugin.Card(id="e", version=1, target="m:E", needs=(need, need))
    assert plugin.Card(id="e", version=1, target="m:E").needs == ()
    assert plugin.Card(id="e", version=1, target="m:E", needs=None).needs == ()


def test_an_unknown_fitter_is_named_in_python(here: Path) -> None:
    with pytest.raises(UnknownName, match="no fitter 'toyy'"):
        facade.fit("toyy", {}, out="fits/x")
