"""The engine and its store: whole or not at all, resumed where it was, every fault named."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftlens import ComponentFailed, OutputUnusable, TooFewImages, UsageError
from shiftlens.framework.host.host import Host, discover
from shiftlens.framework.running.engine import Engine
from shiftlens.framework.running.outcome import RunOutcome
from shiftlens.framework.running.pieces import SHARD
from shiftlens.framework.running.planner import make_plan
from shiftlens.framework.running.session import Session
from shiftlens.framework.running.store import Store
from shiftlens.framework.running.workshop import Workshop
from shiftlens.plugin import Card, Encoder, ImageSet, Latents, hookimpl
from shiftlens.registry.catalogue import Catalogue
from shiftlens.registry.layers import Layers
from shiftlens.testing import sample_images, sample_latents

DIFF = {
    "use": "stylediff",
    "inputs": {"reference": "a", "target": "b"},
    "with": {"permutations": 100, "bootstrap": 50, "self_splits": 0},
}


class Counting(Encoder):
    """Mean and spread of the level; counts its calls."""

    calls: list[int] = []
    fault: str = ""

    def encode(self, images: ImageSet) -> Latents:
        Counting.calls.append(len(images))
        if Counting.fault == "raise":
            raise RuntimeError("planted")
        if Counting.fault == "type":
            return "nonsense"  # type: ignore[return-value]
        rows, ids, groups, aside = [], [], [], []
        for ref, picture in images.decoded():
            if not hasattr(picture, "unit"):
                aside.append(picture)
                continue
            rows.append([picture.unit().mean(), picture.unit().std(), 0.0])
            ids.append(ref.id)
            groups.append(ref.group)
        template = sample_latents(1, 3).space
        values = np.array(rows, np.float32).reshape(-1, 3)
        if Counting.fault == "shape":
            values = values[:, :2]
        if Counting.fault == "infinite":
            values[0, 0] = np.inf
        if Counting.fault == "stranger":
            ids[0] = "somebody-else.png"
        space = template.model_copy(update={"key": self.context.space_key})
        return Latents(
            space=space, images=images.name, ids=tuple(ids), groups=tuple(groups), values=values, set_aside=tuple(aside)
        )


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def host(heard: list[str]) -> Iterator[Host]:
    module = types.ModuleType("planted_engine")

    @hookimpl
    def shiftlens_encoders() -> list[Card]:
        return [Card(id="counting", version=1, target="planted_engine:Counting")]

    @hookimpl
    def shiftlens_step_finished(step: str, reused: bool) -> None:
        heard.append(f"{step}:{reused}")
        raise RuntimeError("a listener's own fault")

    vars(module).update(
        Counting=Counting, shiftlens_encoders=shiftlens_encoders, shiftlens_step_finished=shiftlens_step_finished
    )
    sys.modules["planted_engine"] = module
    Counting.calls, Counting.fault = [], ""
    built_in = [p for p in entry_points(group="shiftlens") if p.name == "stylediff"]
    yield discover(points=[*built_in, EntryPoint("planted", "planted_engine", "shiftlens")])
    del sys.modules["planted_engine"]


def run(host: Host, folder: Path, inputs: Mapping[str, ImageSet] | None = None, **settings: Any) -> RunOutcome:
    steps = {
        "a": {"use": "counting", "inputs": {"images": "left"}},
        "b": {"use": "counting", "inputs": {"images": "right"}},
        "diff": DIFF,
    }
    data = {"pipeline": "p", "inputs": {"left": "images", "right": "images"}, "steps": steps}
    layers = Layers.read(folder=folder, command_line=settings)
    plan = make_plan(data, host, layers, Catalogue())
    shop = Workshop.of(Session(host, layers, layers.resolve(), Catalogue()))
    inputs = inputs or {"left": sample_images(30, name="left"), "right": sample_images(30, seed=1, name="right")}
    return Engine(shop, Store(folder / "store"), folder / "out").run(plan, inputs)


def test_a_run_gives_every_value_and_records_what_it_did(host: Host, tmp_path: Path) -> None:
    outcome = run(host, tmp_path)
    assert list(outcome.values) == ["a", "b", "diff"]
    manifest = json.loads((tmp_path / "out/run.json").read_text())
    assert manifest["spec"]["steps"]["diff"]["use"] == "stylediff@1"
    assert manifest["inputs"]["left"]["images"] == 30
    assert {"python", "numpy", "shiftlens"} <= set(manifest["versions"])
    events = [json.loads(line)["event"] for line in (tmp_path / "out/events.jsonl").read_text().splitlines()]
    assert (events[0], events[-1]) == ("run_started", "run_finished")


def test_what_is_done_is_not_done_again(host: Host, tmp_path: Path, heard: list[str]) -> None:
    first = run(host, tmp_path)
    calls = len(Counting.calls)
    second = run(host, tmp_path)
    assert len(Counting.calls) == calls
    assert heard == ["a:False", "b:False", "diff:False", "a:True", "b:True", "diff:True"]
    assert first.values["diff"].digest() == second.values["diff"].digest()


def test_a_listener_that_raises_is_recorded_and_does_no_harm(host: Host, tmp_path: Path) -> None:
    run(host, tmp_path)
    assert "a listener's own fault" in (tmp_path / "out/events.jsonl").read_text()


def test_another_seed_scores_again_but_does_not_encode_again(host: Host, tmp_path: Path, heard: list[str]) -> None:
    run(host, tmp_path)
    calls = len(Counting.calls)
    run(host, tmp_path, seed=7)
    assert len(Counting.calls) == calls
    assert heard[-1] == "diff:False"


def test_a_changed_image_is_encoded_again(host: Host, tmp_path: Path) -> None:
    right = sample_images(30, seed=1, name="right")
    run(host, tmp_path, {"left": sample_images(30, name="left"), "right": right})
    calls = len(Counting.calls)
    run(host, tmp_path, {"left": sample_images(30, name="left"), "right": sample_images(30, seed=2, name="right")})
    assert len(Counting.calls) == calls + 1


def test_only_the_shards_that_are_missing_are_encoded(host: Host, tmp_path: Path) -> None:
    few, many = sample_images(SHARD, name="left"), sample_images(SHARD + 5, name="left")
    right = sample_images(30, seed=1, name="right")
    run(host, tmp_path, {"left": few, "right": right})
    Counting.calls.clear()
    outcome = run(host, tmp_path, {"left": many, "right": right})
    assert Counting.calls == [5]
    assert len(outcome.values["a"].ids) == SHARD + 5 - 1


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not really", None])
def test_a_damaged_store_entry_counts_as_missing(host: Host, tmp_path: Path, damage: bytes | None) -> None:
    first = run(host, tmp_path)
    for path in (tmp_path / "store").glob("??/*.npz"):
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if damage is None else damage)
    second = run(host, tmp_path)
    assert first.values["diff"].digest() == second.values["diff"].digest()


def test_a_flipped_byte_in_the_store_is_noticed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save("ab" * 32, sample_latents())
    path = next(tmp_path.glob("??/*.npz"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    assert store.load("ab" * 32, Latents) is None


def test_a_value_comes_back_as_it_was(tmp_path: Path) -> None:
    latents = sample_latents()
    Store(tmp_path).save("ab" * 32, latents)
    back = Store(tmp_path).load("ab" * 32, Latents)
    assert back is not None
    assert back.digest() == latents.digest()
    assert back.space == latents.space


def test_the_store_forgets_what_was_used_longest_ago(tmp_path: Path) -> None:
    import os

    store = Store(tmp_path)
    for i in range(4):
        store.save(f"{i}{i}" * 32, sample_latents(seed=i))
        os.utime(next(tmp_path.glob(f"{i}{i}/*.npz")), (i, i))
    size = next(tmp_path.glob("33/*.npz")).stat().st_size
    store.prune(2 * size)
    assert [store.path(64 * name).exists() for name in "0123"] == [False, False, True, True]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("raise", "RuntimeError: planted"),
        ("type", "str came, Latents was promised"),
        ("shape", "Latents.values: shape"),
        ("infinite", "an infinite number came"),
        ("stranger", "somebody-else.png"),
    ],
)
def test_a_component_that_misbehaves_is_named(host: Host, tmp_path: Path, fault: str, message: str) -> None:
    Counting.fault = fault
    with pytest.raises(ComponentFailed, match="counting of") as caught:
        run(host, tmp_path)
    assert message in str(caught.value)
    assert caught.value.exit_code == 4


def test_too_few_images_is_an_error_of_the_input(host: Host, tmp_path: Path) -> None:
    with pytest.raises(TooFewImages):
        run(host, tmp_path, {"left": sample_images(3, name="left"), "right": sample_images(30, name="right")})


def test_a_store_that_cannot_be_written_is_an_error_that_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputUnusable, match="file"):
        Store(tmp_path / "file").save("ab" * 32, sample_latents())


def test_nothing_half_written_is_left_when_a_write_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OutputUnusable, match="No space left"):
        Store(tmp_path).save("ab" * 32, sample_latents())
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_an_unknown_option_of_a_source_is_not_taken_for_a_folder(host: Host) -> None:
    from shiftlens.framework.running.sources import open_source

    with pytest.raises(UsageError):
        open_source("parts:osaka?n=5", "development", host)
