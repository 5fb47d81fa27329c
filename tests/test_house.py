"""The house itself: the façade, the wheel, the documents, the sizes of files."""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from statistics import median
from typing import Any

import pytest

import shiftlens

ROOT = Path(__file__).parent.parent
FLOORS = ("specs", "registry", "framework", "plugins")
MODULES = sorted(p for floor in FLOORS for p in (ROOT / floor).rglob("*.py"))


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    return [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


FACADES = ("plugin", "training", "reporting", "testing")


def test_every_name_of_the_facades_is_there_and_stands_in_one_of_them() -> None:
    modules = [shiftlens, *(importlib.import_module(f"shiftlens.{name}") for name in FACADES)]
    names = [name for module in modules for name in module.__all__]
    assert len(names) == len(set(names)) > 100
    for module in modules:
        assert all(getattr(module, name) is not None for name in module.__all__)


def test_the_rooms_of_the_framework_lie_in_layers() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs/layout.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "0 upward, 0 rooms in circles" in done.stdout


def test_the_drawing_would_show_an_arrow_that_goes_up() -> None:
    layout = _module(ROOT / "docs/layout.py")
    arrows = layout.arrows_of(ROOT) | {("values", "running")}
    assert layout.upward(arrows, layout.layers_of(ROOT)) == [("values", "running")]
    assert {"values", "running"} <= set(layout.circles_of(arrows))


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == shiftlens.__version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    out = tmp_path_factory.mktemp("wheel")
    source = tmp_path_factory.mktemp("source")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(out.glob("*.whl"))) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel: list[str]) -> None:
    kept = {f"shiftlens/{n}" for n in tracked() if n.partition("/")[0] in FLOORS and not n.endswith(".md")}
    own = ("__init__", *FACADES)
    kept |= {f"shiftlens/{name}{ending}" for name in own for ending in (".py", ".pyi")}
    kept |= {"shiftlens/__main__.py", "shiftlens/_facade.py", "shiftlens/py.typed"}
    shipped = {name for name in wheel if not name.partition("/")[0].endswith(".dist-info")}
    assert shipped == kept


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_examples_in_docstrings_hold(path: Path) -> None:
    name = ".".join(("shiftlens", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    failures, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failures == 0


def test_the_reference_is_what_the_code_says() -> None:
    module = _module(ROOT / "docs/reference.py")
    assert (ROOT / "docs/reference.md").read_text(encoding="utf-8") == module.reference(), "run: python docs/reference.py"


def test_links_between_documents_lead_somewhere() -> None:
    pages = [ROOT / n for n in tracked() if n.endswith(".md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_files_are_small() -> None:
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    assert max(lengths.values()) <= 400, max(lengths, key=lengths.__getitem__)
    assert median(n for n in lengths.values() if n > 3) < 150
    tests = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in (ROOT / "tests").rglob("*.py")}
    assert max(tests.values()) <= 400, max(tests, key=tests.__getitem__)


def sentences(docstring: str) -> list[str]:
    text = re.sub(r"::\n\n(    .*\n?|\n)*", ".\n", re.sub(r">>>.*?(?=\n\n|\Z)", "", docstring, flags=re.S))
    paragraphs = re.split(r"\n\s*\n|\n\s*(?=\w+: )|Args:|Raises:|Returns:", text)
    return [sentence for part in paragraphs for sentence in re.split(r"(?<=[.;:!?])\s+", " ".join(part.split()))]


def test_sentences_of_docstrings_have_thirty_words_at_most() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (docstring := ast.get_docstring(node)):
                long = [one for one in sentences(docstring) if len(re.findall(r"[\w`'’/.-]+", one)) > 30]
                assert not long, f"{path.relative_to(ROOT)}: {long[0]}"


def test_what_docstrings_refer_to_stands_where_they_say() -> None:
    known = {f"{name}." + one for name in FACADES for one in importlib.import_module(f"shiftlens.{name}").__all__}
    known |= set(shiftlens.__all__)
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        strange = set(re.findall(r":(?:class|func|meth):`shiftlens\.([\w.]+)`", text)) - known
        assert not strange, f"{path.relative_to(ROOT)}: {strange}"


def test_every_plugin_has_the_same_rooms() -> None:
    for folder in sorted(p for p in (ROOT / "plugins").iterdir() if p.is_dir() and p.name != "__pycache__"):
        assert {"__init__.py", "plugin.py", "config.py", "README.md"} <= {p.name for p in folder.iterdir()}, folder.name


def test_nothing_large_is_tracked() -> None:
    sizes = {name: (ROOT / name).stat().st_size for name in tracked()}
    assert max(sizes.values()) <= 16 * 2**20
