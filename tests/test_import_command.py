"""``shiftlens backbones import``, as a person types it."""

from __future__ import annotations

import hashlib
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import torch
import yaml
from safetensors.torch import load_file

from shiftlens import BackboneSpec
from shiftlens.framework.cli.main import main
from shiftlens.framework.fitting.importing import name_of

SAMPLES = runpy.run_path(str(Path(__file__).with_name("import_samples.py")))
W = SAMPLES["W"]
Shiftlens = Callable[..., CompletedProcess[str]]


@pytest.fixture
def backbones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shiftlens:
    """``shiftlens backbones …`` in this process, with a folder of backbones of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHIFTLENS_BACKBONES", str(tmp_path / "user"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["shiftlens", "backbones", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return CompletedProcess(sys.argv, int(left.value.code or 0), said.out, said.err)

    return run


def card(folder: Path) -> BackboneSpec:
    return BackboneSpec.model_validate(yaml.safe_load((folder / "backbone.yaml").read_text(encoding="utf-8")))


def test_an_imported_backbone_is_known_by_its_name(backbones: Shiftlens, tmp_path: Path) -> None:
    path = SAMPLES["nvidia_pickle"](tmp_path / "Plates 32.pkl")
    done = backbones("import", path, "--licence", "our own")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "plates-32: nvidia, 32 px, style-generator, licence our own", str(tmp_path / "user" / "plates-32")
    ]  # fmt: skip
    spec = card(tmp_path / "user" / "plates-32")
    assert (spec.family, spec.input_size, spec.licence, spec.provides) == ("stylegan2", 32, "our own", {"style-generator"})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    assert spec.trained_on == f"imported from Plates 32.pkl (nvidia, sha256 {digest}…)"
    assert "plates-32" in backbones("list").stdout
    assert "✓ plates-32: generator.safetensors" in backbones("verify", "plates-32").stdout
    network = SAMPLES["nvidia_generator"]()
    found = load_file(tmp_path / "user" / "plates-32" / "generator.safetensors")
    assert torch.equal(found["convs.0.conv.weight"][0], network.synthesis.b8.conv0.weight)


def test_what_was_estimated_is_said_and_written_into_the_card(backbones: Shiftlens, tmp_path: Path) -> None:
    done = backbones("import", SAMPLES["rosinality_file"](tmp_path / "r.pt"), "-o", tmp_path / "here")
    assert "note: latent_avg is missing; estimated from 10000 z, seed 0" in done.stdout
    assert card(tmp_path / "here").options == {"latent_avg": "estimated from 10000 z, seed 0"}
    assert card(tmp_path / "here").name == "here"


def test_directions_and_a_generator_make_a_new_backbone(backbones: Shiftlens, tmp_path: Path) -> None:
    backbones("import", SAMPLES["nvidia_pickle"](tmp_path / "n.pkl"), "--name", "plain", "--licence", "ours")
    done = backbones("import", SAMPLES["directions_file"](tmp_path / "age.pt"), "--into", "plain", "--name", "aged")
    assert done.returncode == 0, done.stderr
    assert f"note: directions: age ({W},)" in done.stdout
    made = card(tmp_path / "user" / "aged")
    assert set(made.files) == {"generator.safetensors", "directions.safetensors"}
    assert made.licence == "ours"
    assert "age.pt (directions" in made.trained_on
    assert made.files["generator.safetensors"] == card(tmp_path / "user" / "plain").files["generator.safetensors"]


def test_a_hostile_file_is_refused_and_nothing_is_written(shiftlens: Shiftlens, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path = SAMPLES["nvidia_pickle"](tmp_path / "n.pkl", augment_pipe=SAMPLES["Calls"](os.system, f"touch {mark}"))
    done = shiftlens("backbones", "import", path, SHIFTLENS_BACKBONES=str(tmp_path / "user"))
    assert done.returncode == 4
    assert "SL403" in done.stderr
    assert "system" in done.stderr
    assert "next: nothing was run" in done.stderr
    assert not mark.exists()
    assert not (tmp_path / "user").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--name", "Not A Name"], 2, "name"), (["--as", "nvidea"], 2, "did you mean 'nvidia'"),
        (["--as", "e4e"], 4, "no state_dict"), (["--into", "nothing"], 2, "no backbone 'nothing'"),
    ],
)  # fmt: skip
def test_wrong_words_are_explained_and_nothing_is_written(
    backbones: Shiftlens, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    done = backbones("import", SAMPLES["nvidia_pickle"](tmp_path / "n.pkl"), *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert not (tmp_path / "user").exists()


def test_a_backbone_that_is_there_is_not_replaced(backbones: Shiftlens, tmp_path: Path) -> None:
    path = SAMPLES["nvidia_pickle"](tmp_path / "n.pkl")
    backbones("import", path)
    before = (tmp_path / "user" / "n" / "backbone.yaml").read_bytes()
    again = backbones("import", path)
    assert again.returncode == 2
    assert "holds a backbone already" in again.stderr
    assert (tmp_path / "user" / "n" / "backbone.yaml").read_bytes() == before


def test_a_missing_file_is_named(backbones: Shiftlens, tmp_path: Path) -> None:
    done = backbones("import", tmp_path / "nothing.pkl")
    assert done.returncode == 4
    assert "nothing.pkl cannot be read: No such file" in done.stderr


@pytest.mark.parametrize(
    ("file", "name"), [("FFHQ 256.pkl", "ffhq-256"), ("a_b.c.pt", "a_b.c"), ("工場.pt", "imported"), ("-x-.pt", "x")]
)
def test_a_name_is_made_of_that_of_the_file(file: str, name: str) -> None:
    assert name_of(Path(file)) == name
