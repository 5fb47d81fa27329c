"""Translating again: what is there and whole is not made again, whoever made it; translators of others."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import shiftlens as facade
from shiftlens.framework.translation.work import A_LANE
from shiftlens.plugin import ImageRef, ImageSet, Picture
from shiftlens.plugins.mcdut import translator
from shiftlens.testing import Pictures

SAMPLE = runpy.run_path(str(Path(__file__).with_name("translate_sample.py")))
saved, here = SAMPLE["saved"], SAMPLE["here"]
surface, site, table, pictures, run = (SAMPLE[name] for name in ("surface", "site", "table", "pictures", "run"))


# again


KILLED = """
import os, signal
real, calls = os.fsync, []
def deadly(file):
    calls.append(file)
    if len(calls) == 10:  # the record, an event, three images with an event each, an event
        os.kill(os.getpid(), signal.SIGKILL)
    real(file)
os.fsync = deadly
import shiftlens
shiftlens.translate("site", out="out", backbone="half", workers=1)
"""


def test_a_run_that_was_killed_goes_on_and_ends_as_if_it_was_not(here: Path) -> None:
    site(here / "site", 6)
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, env=env)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    out = here / "out"
    done = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert len(done) == 3
    assert len(list(out.rglob("*.part"))) == 1
    assert not (out / "translated.csv").exists()  # it is there when all is
    with (out / "events.jsonl").open("ab") as events:
        events.write(b'{"event": "image_wri')
    made = run("site")
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert not list(out.rglob("*.part"))
    whole = run("site", out="whole")
    assert pictures(out) == pictures(here / "whole")
    assert (out / "translated.csv").read_bytes() == (here / "whole/translated.csv").read_bytes()
    assert made.repaired == whole.repaired == {"affine": 10}


def test_what_is_there_and_whole_is_not_made_again(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = site(here / "site")
    first = run(folder)
    before = pictures(here / "out")
    (here / "out/colour.png").write_bytes(b"changed by somebody")
    (here / "out/deep.png").unlink()
    seen: list[str] = []
    real = translator.McdutTranslator.translate
    monkeypatch.setattr(
        translator.McdutTranslator,
        "translate",
        lambda self, images: (seen.extend(r.id for r in images.refs), real(self, images))[1],
    )
    again = run(folder)
    assert seen == ["broken.png", "colour.png", "deep.tif"]  # what cannot be read is tried again
    assert pictures(here / "out") == before
    assert again == first


def test_a_folder_holds_only_what_the_last_run_wrote(here: Path) -> None:
    folder = site(here / "site")
    run(folder)
    halves = pictures(here / "out")
    shutil.rmtree(folder / "lot1")
    Image.fromarray(surface(20).astype(np.uint8)).save(folder / "new.png")
    run(folder)
    assert set(pictures(here / "out")) == {"colour.jpg.png", "colour.png", "deep.png", "new.png", "twin.png"}
    assert not (here / "out/lot1").exists()
    run(folder, backbone="shut")
    assert pictures(here / "out")["deep.png"] != halves["deep.png"]
    assert {row["repair"] for row in table(here / "out").values() if row["file"]} == {"none"}


def test_a_list_of_files_in_the_record_cannot_remove_others(here: Path) -> None:
    run(site(here / "site"))
    (here / "precious.png").write_bytes(b"-")
    line = {"event": "image_written", "file": "../precious.png", "key": "k", "sha256": "s", "facts": {}}
    with (here / "out/events.jsonl").open("a", encoding="utf-8") as events:
        events.write(json.dumps(line) + "\n")
    run(here / "site")
    assert (here / "precious.png").exists()


# translators of others


INVERTER = """
from shiftlens.plugin import Card, Picture, Translator, hookimpl

class Inverted:
    def __init__(self, source): self.source = source
    def picture(self, ref, *, at_least=None):
        picture = self.source.picture(ref)
        return Picture(picture.pixels.max() - picture.pixels, picture.white)

class Inverter(Translator):
    most = 0
    def translate(self, images):
        Inverter.most = max(Inverter.most, len(images))
        refs = images.refs[:-1] if "forgets" in images.origin else images.refs
        if "raises" in images.origin:
            raise ZeroDivisionError("planted")
        return images.select(refs).remade(Inverted(images.source))

@hookimpl
def shiftlens_translators():
    return [Card(id="inverter", version=1, target="inverter:Inverter")]
"""


@pytest.fixture
def plugin(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A translator of a plugin that says nothing of what it did, installed as pip would do it."""
    info = here / "installed/inverter-1.0.dist-info"
    info.mkdir(parents=True)
    (here / "installed/inverter.py").write_text(INVERTER)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: inverter\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[shiftlens]\ninverter = inverter\n")
    monkeypatch.syspath_prepend(here / "installed")
    yield lambda: sys.modules["inverter"].Inverter
    sys.modules.pop("inverter", None)


def own_images(count: int, origin: str = "own") -> ImageSet:
    found = {f"{i}": Picture(surface(i).astype(np.uint8), 255.0) for i in range(count)}
    refs = tuple(ImageRef(name, f"digest-{name}", name) for name in found)
    return ImageSet("own", refs, Pictures(found), origin=origin)


def test_a_translator_of_a_plugin_is_used_and_never_gets_all_at_once(here: Path, plugin: Callable[[], Any]) -> None:
    images = own_images(3 * A_LANE)
    made = facade.translate(images, out="out", use="inverter", workers=1)
    assert made.said.en == "24 repaired by inverter"
    assert plugin().most == A_LANE
    first = images.source.picture(images.refs[0]).pixels
    np.testing.assert_array_equal(np.asarray(Image.open("out/0.png")), first.max() - first)


def test_whose_fault_it_was_is_said(here: Path, plugin: Callable[[], Any]) -> None:
    with pytest.raises(facade.ComponentFailed, match=r"inverter of inverter 1\.0 raised ZeroDivisionError: planted"):
        facade.translate(own_images(3, "raises"), out="out", use="inverter")
    assert "ZeroDivisionError" in (here / "out/events.jsonl").read_text()
    with pytest.raises(
        facade.PromiseBroken, match=r"inverter of inverter 1\.0: 2 images came, the 3 that it got were promised"
    ):
        facade.translate(own_images(3, "forgets"), out="out", use="inverter")


# the command, as people call it


def test_the_command_says_where_it_fails_and_how(shiftlens: Any, here: Path, saved: Path) -> None:
    site(here / "site")
    done = shiftlens("translate", "site", "--with", "half", "-o", "out", SHIFTLENS_BACKBONES=str(saved))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "7 repaired by affine, 2 set aside (reasons in translated.csv)\n"
    refused = shiftlens("translate", "site", "--with", "half", "-o", "site/out", SHIFTLENS_BACKBONES=str(saved))
    assert refused.returncode == 2
    assert refused.stderr.startswith("SL102 -o 'site/out' lies in the folder of images 'site'\n  next: ")
