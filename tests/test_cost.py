"""What costs nothing must cost nothing: no model library is imported before a run needs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "timm", "diffusers", "skimage", "matplotlib", "scipy")


def imported_by(code: str, cwd: Path) -> set[str]:
    script = f"import sys, json\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('@' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=cwd, capture_output=True, text=True, timeout=60)
    assert "@" in done.stdout, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stdout.rpartition("@")[2])}


@pytest.mark.parametrize(
    "words",
    [
        ["--help"], ["--version"], ["plugins", "list"], ["plugins", "info", "features"], ["schema", "pipeline"],
        ["backbones", "list"], ["sites", "list"], ["explain", "backbones.features"], ["compare", "--help"],
        ["translate", "--help"],
        ["check", "PIPELINE"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_commands_that_only_tell_import_no_model_library(words: list[str], tmp_path: Path, physical_pipeline: Path) -> None:
    argv = ["shiftlens", *(str(physical_pipeline) if w == "PIPELINE" else w for w in words)]
    found = imported_by(f"sys.argv = {argv!r}; from shiftlens.framework.cli.main import main; main()", tmp_path)
    assert not found & set(HEAVY)


def test_help_imports_not_even_pydantic(tmp_path: Path) -> None:
    code = "sys.argv = ['shiftlens', '--help']; from shiftlens.framework.cli.main import main; main()"
    assert not imported_by(code, tmp_path) & {"pydantic", "numpy", "yaml", "rich"}


def test_importing_the_package_imports_nothing_else(tmp_path: Path) -> None:
    assert not imported_by("import shiftlens", tmp_path) & {"pydantic", "numpy", "yaml", *HEAVY}


def test_hook_specs_cards_and_specs_import_no_model_library(tmp_path: Path) -> None:
    modules = ("framework.contract.hookspecs", "framework.contract.cards", "specs.report", "framework.running.planner")
    assert not imported_by(f"import {', '.join(f'shiftlens.{name}' for name in modules)}", tmp_path) & set(HEAVY)
