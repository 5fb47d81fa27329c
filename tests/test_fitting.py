"""What fitters share: a training survives a kill, a full disk and NaN; what is saved is whole; budgets end it."""

from __future__ import annotations

import json
import logging
import os
import pickle
import resource
import runpy
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from shiftlens import BackboneUnusable, ComponentFailed, OutputUnusable, TrainingDiverged, UsageError
from shiftlens.framework.fitting.checkpoints import Checkpoints
from shiftlens.training import FitConfig, Training

SAMPLE = runpy.run_path(str(Path(__file__).with_name("fitting_sample.py")))
IDENTITY, training, clock = SAMPLE["IDENTITY"], SAMPLE["training"], SAMPLE["clock"]
forked, in_child = SAMPLE["forked"], SAMPLE["in_child"]


def walk(one: Training, weight: torch.Tensor, body: Callable[[int], None] = lambda step: None) -> Iterator[int]:
    """Train: each step adds its number to the weight."""

    def state() -> dict[str, Any]:
        return {"weight": weight}

    for step in one.steps(state):
        weight.add_(step)
        body(step)
        yield step


# the budget


class Preset(FitConfig):
    presets: ClassVar[dict[str, Any]] = {"cpu": {"minutes": 30, "loss": {"a": 1, "b": 2}}, "gpu": {"steps": 7, "batch": 64}}
    preset: Literal["cpu", "gpu"] = "cpu"
    loss: dict[str, float] = {}


@pytest.mark.parametrize(
    ("given", "minutes", "steps"),
    [
        ({}, 30, None), ({"preset": "gpu"}, None, 7), ({"steps": 5}, None, 5), ({"minutes": 5}, 5, None),
        ({"preset": "gpu", "minutes": 5}, 5, None), ({"minutes": 5, "steps": 9}, 5, 9),
        ({"minutes": None, "steps": None}, 30, None),
    ],
)  # fmt: skip
def test_a_budget_is_one_statement_over_that_of_the_preset(given: dict[str, Any], minutes: float, steps: int) -> None:
    config = Preset.model_validate(given)
    assert (config.minutes, config.steps) == (minutes, steps)
    assert Preset.model_validate(config.model_dump()) == config


def test_a_preset_holds_where_nothing_else_is_said() -> None:
    assert Preset(loss={"b": 5}).loss == {"a": 1, "b": 5}
    assert (Preset(preset="gpu").batch, Preset(preset="gpu", batch=3).batch) == (64, 3)


def test_a_training_is_never_endless() -> None:
    class Endless(FitConfig):
        minutes: float | None = None

    assert FitConfig().minutes
    with pytest.raises(ValidationError, match="needs a budget"):
        Endless()


def test_the_budget_and_the_pace_are_no_part_of_what_a_training_is() -> None:
    assert FitConfig(minutes=1, save_minutes=2).identity() == FitConfig(steps=3, preview_minutes=1, note_steps=3).identity()
    assert FitConfig(batch=3).identity() != FitConfig(batch=4).identity()


def test_steps_end_a_training_and_a_larger_budget_goes_on(tmp_path: Path) -> None:
    weight = torch.zeros(1)
    assert list(walk(training(tmp_path, steps=3), weight)) == [1, 2, 3]
    again = training(tmp_path, steps=5)
    kept = again.restore()
    assert kept is not None
    assert list(walk(again, kept["weight"])) == [4, 5]
    assert kept["weight"].item() == 15
    last = training(tmp_path, steps=5)
    last.restore()
    assert list(walk(last, weight)) == []


def test_minutes_end_a_training_and_are_counted_over_all_sessions(tmp_path: Path, clock: list[float]) -> None:
    def tick(step: int) -> None:
        clock[0] += 30

    one = training(tmp_path, minutes=2, steps=100)
    assert len(list(walk(one, torch.zeros(1), tick))) == 4
    assert one.minutes == pytest.approx(2)
    clock[0] += 9999  # what passes between sessions does not count
    other = training(tmp_path, minutes=3, steps=100)
    other.restore()
    assert list(walk(other, torch.zeros(1), tick)) == [5, 6]


def test_of_two_budgets_the_first_reached_ends(tmp_path: Path, clock: list[float]) -> None:
    said = []
    one = Training(
        tmp_path, FitConfig(minutes=2, steps=3), identity=IDENTITY, progress=lambda done, total: said.append((done, total))
    )
    for _ in one.steps(dict):
        clock[0] += 30
    assert said == [(1, 3), (2, 3), (3, 3)]


def test_processes_that_train_together_stop_at_the_same_step(tmp_path: Path) -> None:
    def work(rank: int) -> None:
        torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=rank, world_size=2)
        one = Training(tmp_path / "t", FitConfig(minutes=0.2 / 60, note_steps=5), identity=IDENTITY, main=rank == 0)
        for _ in one.steps(dict):
            time.sleep(0.01 * (1 + rank))
            torch.distributed.barrier()
        (tmp_path / f"{rank}.txt").write_text(str(one.step))

    other = forked(lambda: work(1))
    assert in_child(lambda: work(0)) == 0
    os.waitpid(other, 0)
    steps = [(tmp_path / f"{rank}.txt").read_text() for rank in (0, 1)]
    assert steps[0] == steps[1] != "0"
    assert json.loads((tmp_path / "t/training.json").read_text()) == IDENTITY


def test_processes_that_train_together_agree_on_what_is_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clock runs half as fast again; what is done from a share of the budget on needs all processes."""

    def work(rank: int) -> None:
        torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=rank, world_size=2)
        now = [0.0]
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        one = Training(tmp_path / "t", FitConfig(minutes=10, steps=8), identity=IDENTITY, main=rank == 0)
        found = []
        for _ in one.steps(dict):
            now[0] += 60 * (1 + 0.5 * rank)
            found.append(one.spent())
        (tmp_path / f"{rank}.json").write_text(json.dumps(found))

    other = forked(lambda: work(1))
    assert in_child(lambda: work(0)) == 0
    os.waitpid(other, 0)
    found = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1)]
    assert found[0] == found[1] == pytest.approx([step / 8 for step in range(1, 9)])


@pytest.mark.parametrize(
    ("budget", "share"),
    [({"minutes": 4, "steps": 100}, 0.25), ({"steps": 5}, 0.2), ({"minutes": 4, "steps": 2}, 0.5), ({"minutes": 0.5}, 1.0)],
)
def test_what_is_spent_is_of_the_budget_that_ends_first(
    tmp_path: Path, clock: list[float], budget: dict[str, float], share: float
) -> None:
    one = training(tmp_path, **budget)
    for _ in one.steps(dict):
        clock[0] += 60
        assert one.spent() == pytest.approx(share)
        assert one.spent(0) == pytest.approx(min(1.0, 1 / budget["minutes"]) if "minutes" in budget else 0)
        break


# kills


def test_a_kill_at_any_moment_of_saving_leaves_a_good_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call by which a save touches the disk is the last one of some child."""
    Checkpoints(tmp_path / "start").save({"step": 1, "minutes": 0.0, "state": {"weight": torch.full((9999,), 1.0)}})

    def save_and_die(folder: Path, calls: int) -> None:
        left = [calls]

        def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any, **named: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given, **named)

            return call

        def by_halves(content: Any, file: Any) -> None:
            file.write(b"PK\x03\x04 half of it")
            file.flush()
            deadly(lambda: None)()
            file.seek(0)
            real_save(content, file)

        real_save = torch.save
        monkeypatch.setattr(torch, "save", by_halves)
        monkeypatch.setattr(Path, "replace", deadly(Path.replace))
        monkeypatch.setattr(os, "fsync", deadly(os.fsync))
        checkpoints = Checkpoints(folder)
        for step in (2, 3):
            checkpoints.save({"step": step, "minutes": 0.0, "state": {"weight": torch.full((9999,), float(step))}})

    seen, status, calls = set(), -signal.SIGKILL, 0
    while status == -signal.SIGKILL:
        folder = tmp_path / f"at{calls}"
        folder.mkdir()
        (folder / "checkpoint.pt").write_bytes((tmp_path / "start/checkpoint.pt").read_bytes())
        status = in_child(lambda folder=folder, calls=calls: save_and_die(folder, calls))
        content = Checkpoints(folder).load()
        assert content is not None
        assert (content["state"]["weight"] == content["step"]).all()
        seen.add(content["step"])
        calls += 1
    assert status == 0
    assert seen == {1, 2, 3}
    assert calls > 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_end_of_the_step_and_saves(tmp_path: Path, number: int) -> None:
    before = signal.getsignal(number)
    weight = torch.zeros(1)

    def stop(step: int) -> None:
        if step == 4:
            os.kill(os.getpid(), number)
            time.sleep(0.05)
            weight.add_(100)

    with pytest.raises(KeyboardInterrupt):
        list(walk(training(tmp_path), weight, stop))
    assert signal.getsignal(number) is before
    again = training(tmp_path)
    kept = again.restore()
    assert kept is not None
    assert (again.step, kept["weight"].item()) == (4, 110)


def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    def stop(step: int) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
        pytest.fail("went on")

    with pytest.raises(KeyboardInterrupt):
        list(walk(training(tmp_path), torch.zeros(1), stop))


# damage


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Checkpoints of steps 3 and 5."""
    for steps in (3, 5):
        one = training(tmp_path, steps=steps)
        kept = one.restore()
        list(walk(one, kept["weight"] if kept else torch.zeros(50_000)))
    return tmp_path


class Evil:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.place}/executed",)


def damaged(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "flipped":
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "another's":
        torch.save({"weights": torch.zeros(3)}, path)
    elif how == "hostile":
        torch.save({"step": 9, "minutes": 0.0, "state": {"weight": Evil(path.parent)}}, path)
    else:
        path.write_bytes(pickle.dumps(Evil(path.parent)))


HOWS = ["cut", "flipped", "empty", "another's", "hostile", "hostile pickle"]


@pytest.mark.parametrize("how", HOWS)
def test_a_damaged_or_hostile_checkpoint_gives_way_to_the_one_before(
    saved: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    damaged(saved / "checkpoint.pt", how)
    one = training(saved)
    with caplog.at_level(logging.WARNING):
        kept = one.restore()
    assert kept is not None
    assert (one.step, kept["weight"][0].item()) == (3, 6)
    assert "checkpoint.pt" in caplog.text
    assert not (saved / "executed").exists()


@pytest.mark.parametrize("how", HOWS)
def test_where_none_can_be_read_it_is_an_error_and_not_a_new_beginning(saved: Path, how: str) -> None:
    for name in ("checkpoint.pt", "checkpoint.previous.pt"):
        damaged(saved / name, how)
    with pytest.raises(BackboneUnusable, match=r"checkpoint\.previous\.pt"):
        training(saved).restore()
    assert not (saved / "executed").exists()


def test_a_full_disk_is_named_and_the_last_good_checkpoint_loads(saved: Path) -> None:
    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        one = training(saved, steps=9)
        kept = one.restore()
        assert kept is not None
        with pytest.raises(OutputUnusable, match=r"checkpoint.*full"):
            list(walk(one, kept["weight"]))

    assert in_child(fill) == 0
    assert not list(saved.glob(".*.part"))
    one = training(saved)
    assert one.restore() is not None
    assert one.step == 5


def test_another_training_in_the_same_folder_is_refused_by_name(saved: Path) -> None:
    other = {"fitter": "toy", "images": {"here": "cd"}, "config": {"rate": 0.7}, "seed": 3}
    with pytest.raises(UsageError) as caught:
        training(saved, other)
    for said in (
        "config.rate was 0.5, now 0.7",
        "images.here was 'ab', now 'cd'",
        "seed was 'nothing', now 3",
        "another folder",
    ):
        assert said in str(caught.value)
    training(saved, steps=99, minutes=5)  # a budget is no other training


def test_a_state_that_could_not_be_read_again_is_refused_when_it_is_saved(tmp_path: Path) -> None:
    one = training(tmp_path, steps=1)
    with pytest.raises(ComponentFailed, match=r"state\.draws is a ndarray"):
        list(one.steps(lambda: {"draws": np.zeros(3)}))


# NaN


@pytest.mark.parametrize("kind", [float, torch.tensor])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_no_number_names_itself_its_step_and_what_is_left(
    tmp_path: Path, kind: Callable[[float], Any], value: float
) -> None:
    list(walk(training(tmp_path, steps=5), torch.zeros(1)))
    one = training(tmp_path, steps=20)
    one.restore()

    def train() -> None:
        for step in one.steps(dict):
            one.note(2, loss=kind(1.0), path=kind(value if step == 7 else 0.1))

    with pytest.raises(TrainingDiverged, match=rf"path is {value} in step 7; .* of step 5") as caught:
        train()
    assert caught.value.exit_code == 4
    assert one.step <= 8
    again = training(tmp_path)
    assert again.restore() is not None
    assert again.step == 5


def test_what_diverged_between_two_lines_is_not_saved(tmp_path: Path) -> None:
    one = training(tmp_path, steps=3, note_steps=1000)

    def train() -> None:
        for step in one.steps(dict):
            one.note(2, loss=torch.tensor(float("nan") if step == 2 else 1.0))

    with pytest.raises(TrainingDiverged, match="in step 2"):
        train()
    assert not (tmp_path / "checkpoint.pt").exists()


def test_weights_that_are_nan_are_not_saved(saved: Path) -> None:
    one = training(saved, steps=9)
    one.restore()
    with pytest.raises(TrainingDiverged, match=r"state\.optimiser\.0\[1\] holds NaN"):
        for _ in one.steps(lambda: {"optimiser": {0: [1, torch.tensor([float("nan")])]}}):
            pass
    assert torch.load(saved / "checkpoint.pt", weights_only=True)["step"] == 5
