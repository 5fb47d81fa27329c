"""A kept run is data from anywhere: what does not hold is refused, nothing outside its folder is touched."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shiftlens import RunOutcome, ShiftlensError
from shiftlens.plugin import Card, Encoder, ImageSet, Latents
from shiftlens.testing import sample_images

planted = runpy.run_path(str(Path(__file__).with_name("planted.py")))
host_with, offers, session_of, run_steps, levels_of = (
    planted[name] for name in ("host_with", "offers", "session_of", "run_steps", "levels_of")
)
STEPS = {"codes": {"use": "planted", "inputs": {"images": "site"}}}


class Planted(Encoder):
    """The mean level."""

    def encode(self, images: ImageSet) -> Latents:
        made: Latents = levels_of(images)
        return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A report's folder with a run that is kept."""
    hooks = offers(encoders=[Card(id="planted", version=1, target="planted_kept:Planted")])
    session = session_of(host_with("planted_kept", hooks, Planted=Planted), tmp_path)
    run_steps(session, STEPS, {"site": sample_images(6, name="site", broken=None)}, tmp_path)
    return tmp_path / "out"


def every(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def key_of(folder: Path) -> str:
    key: str = json.loads((folder / "outcome.json").read_text())["steps"]["codes"]["pieces"][0]
    return key


def changed(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        record = json.loads((folder / "outcome.json").read_text())
        change(record)
        (folder / "outcome.json").write_text(json.dumps(record))

    return spoil


SPOILED: dict[str, Callable[[Path], Any]] = {
    "no JSON": lambda folder: (folder / "outcome.json").write_text("{"),
    "deep": lambda folder: (folder / "outcome.json").write_text("[" * 100_000),
    "a list": lambda folder: (folder / "outcome.json").write_text("[]"),
    "a folder": lambda folder: ((folder / "outcome.json").unlink(), (folder / "outcome.json").mkdir()),
    "bytes": lambda folder: (folder / "outcome.json").write_bytes(b"\xff\xfe"),
    "a way out": changed(lambda r: r["steps"]["codes"].update(pieces=["../../outside"])),
    "no pieces": changed(lambda r: r["steps"]["codes"].update(pieces=[])),
    "a key of nothing": changed(lambda r: r["steps"]["codes"].update(pieces=["0" * 64])),
    "no such role": changed(lambda r: r["steps"]["codes"].update(role="__class__")),
    "another role": changed(lambda r: r["steps"]["codes"].update(role="translator")),
    "a circle": changed(lambda r: r["wiring"].update(codes={"images": "codes"})),
    "no such input": changed(lambda r: r["wiring"].update(codes={"images": "there"})),
    "no wiring": changed(lambda r: r.update(wiring={})),
    "no order": changed(lambda r: r.update(order=["other"])),
    "a foreign language": changed(lambda r: r.update(language="<script>")),
    "no manifest": lambda folder: (folder / "run.json").unlink(),
    "not finished": lambda folder: (folder / "run.json").write_text("{}"),
    "no value": lambda folder: next((folder / "values").rglob("*.npz")).unlink(),
    "half a value": lambda folder: (one := next((folder / "values").rglob("*.npz"))).write_bytes(one.read_bytes()[:200]),
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_what_does_not_hold_is_refused_and_stays_as_it_is(folder: Path, spoil: Callable[[Path], Any]) -> None:
    spoil(folder)
    before = every(folder.parent)
    with pytest.raises(ShiftlensError) as caught:
        RunOutcome.open(folder)
    assert str(folder) in caught.value.message
    assert every(folder.parent) == before


def test_a_kept_run_stands_alone_and_is_not_touched_by_reading(folder: Path, tmp_path: Path) -> None:
    kept = next((folder / "values").rglob("*.npz"))
    stored = next((tmp_path / "store").rglob(kept.name))
    assert not kept.samefile(stored)  # one that is damaged in the store is whole in the report
    stored.write_bytes(b"")
    before = every(folder)
    codes = RunOutcome.open(folder).values["codes"].values
    assert codes.tolist() == levels_of(sample_images(6, name="site", broken=None)).values.tolist()
    assert every(folder) == before


def test_what_a_run_did_not_write_is_not_removed_by_the_next(folder: Path, tmp_path: Path) -> None:
    mine = folder / "values" / "mine.txt"
    mine.write_text("mine")
    first = key_of(folder)
    beside = folder / "values" / first[:2] / "notes.txt"
    beside.write_text("mine too")
    hooks = offers(encoders=[Card(id="planted", version=2, target="planted_kept:Planted")])
    session = session_of(host_with("planted_kept", hooks, Planted=Planted), tmp_path)
    run_steps(session, STEPS, {"site": sample_images(6, name="site", broken=None)}, tmp_path)
    assert (mine.read_text(), beside.read_text()) == ("mine", "mine too")
    assert key_of(folder) != first
    assert len(list((folder / "values").rglob("*.npz"))) == 1


def test_a_run_that_fails_leaves_no_earlier_one_behind(folder: Path, tmp_path: Path) -> None:
    class Failing(Encoder):
        def encode(self, images: ImageSet) -> Latents:
            raise ValueError(len(images))

    hooks = offers(encoders=[Card(id="planted", version=3, target="planted_kept:Failing")])
    session = session_of(host_with("planted_kept", hooks, Failing=Failing), tmp_path)
    with pytest.raises(ShiftlensError):
        run_steps(session, STEPS, {"site": sample_images(6, name="site", broken=None)}, tmp_path)
    with pytest.raises(ShiftlensError, match="holds no finished run"):
        RunOutcome.open(folder)
