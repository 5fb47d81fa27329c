"""The policy of plugins holds everywhere, and a plugin's contributions are asked for once a process."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PLUGIN = """
import os
from pathlib import Path

from shiftlens.plugin import Card, hookimpl


def noted(what):
    with Path(os.environ["NOTED"]).open("a") as file:
        file.write(what + "\\n")


noted("imported")


@hookimpl
def shiftlens_commands():
    noted("commands")
    return [Card(id="greet", version=1, target="marked:greet")]


@hookimpl
def shiftlens_fitters():
    noted("fitters")
    return [Card(id="marked-fit", version=1, target="marked:Fit", title="Marked")]


def __getattr__(name):
    noted(f"target {name}")
    import click

    return click.command("greet")(lambda: click.echo("hello")) if name == "greet" else None
"""
WAYS = [
    ["greet"],
    ["fit", "marked-fit", "--help"],
    ["fit", "--help"],
    ["schema", "greet"],
    ["plugins", "list"],
    ["explain", "seed"],
]


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    place = tmp_path / "packages"
    facts = place / "marked_plugin-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: marked-plugin\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[shiftlens]\nmarked = marked\n")
    (place / "marked.py").write_text(PLUGIN)
    return place


@pytest.fixture
def noted(shiftlens: Run, marked: Path, tmp_path: Path) -> Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]]:
    def run(*words: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        done = shiftlens(*words, PYTHONPATH=str(marked), NOTED=str(tmp_path / "noted"))
        place = tmp_path / "noted"
        return done, place.read_text().splitlines() if place.exists() else []

    return run


def test_an_enabled_plugin_is_imported_and_asked_once(noted: Callable[..., object]) -> None:
    done, notes = noted("greet")
    assert done.stdout == "hello\n"
    assert sorted(notes) == ["commands", "fitters", "imported", "target greet"]


@pytest.mark.parametrize("name", ["marked-plugin", "marked"])
@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_what_a_project_disables_is_not_even_imported(
    noted: Callable[..., object], tmp_path: Path, words: list[str], name: str
) -> None:
    (tmp_path / "shiftlens.yaml").write_text(f"plugins: {{disable: [{name}]}}\n")
    done, notes = noted(*words)
    assert notes == [], done.stderr
    assert "hello" not in done.stdout
    if words[-1] in ("greet", "marked-fit"):
        assert done.returncode == 2


def test_one_built_in_plugin_can_be_disabled(shiftlens: Run, tmp_path: Path) -> None:
    (tmp_path / "shiftlens.yaml").write_text("plugins: {disable: [mcdut]}\n")
    fitters = shiftlens("fit", "--help").stdout
    assert "stylegan2" in fitters
    assert "mcdut" not in fitters


@pytest.mark.parametrize("how", [["--site", "quiet"], ["--site=quiet"]], ids=" ".join)
@pytest.mark.parametrize("words", [["greet"], ["fit", "marked-fit"]], ids=" ".join)
def test_what_a_site_disables_is_not_even_imported(
    noted: Callable[..., object], tmp_path: Path, words: list[str], how: list[str]
) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites/quiet.yaml").write_text("site: quiet\nplugins: {disable: [marked-plugin]}\n")
    done, notes = noted(*words, *how)
    assert (notes, done.returncode) == ([], 2), done.stderr


def test_every_way_to_plugins_goes_by_the_policy() -> None:
    root = Path(__file__).parent.parent
    own = {path.relative_to(root).as_posix() for path in (root / "framework").rglob("*.py") if "discover(" in path.read_text()}
    assert own == {"framework/host/host.py", "framework/running/session.py"}


def test_contributions_are_asked_for_once_a_process_whatever_the_policy(noted: Callable[..., object]) -> None:
    done, notes = noted("fit", "--help")
    assert done.returncode == 0
    assert "marked-fit" in done.stdout
    assert sorted(notes) == ["commands", "fitters", "imported"]
