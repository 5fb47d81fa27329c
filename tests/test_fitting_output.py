"""What a training shows and saves: metrics, previews, squares of pictures, backbones."""

from __future__ import annotations

import json
import os
import runpy
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from shiftlens import BackboneUnusable, SpecError, TooFewImages, UsageError
from shiftlens.framework.fitting.preview import grid
from shiftlens.framework.fitting.ranks import own_device
from shiftlens.plugin import Picture, square
from shiftlens.registry.catalogue import Catalogue
from shiftlens.registry.saved import read_card
from shiftlens.testing import sample_images
from shiftlens.training import FitConfig, Training, load_tensors, save_backbone, squares

SAMPLE = runpy.run_path(str(Path(__file__).with_name("fitting_sample.py")))
IDENTITY, CONFIG, training = SAMPLE["IDENTITY"], SAMPLE["CONFIG"], SAMPLE["training"]
clock, in_child = SAMPLE["clock"], SAMPLE["in_child"]


# metrics and previews


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_metrics_are_means_with_images_per_second(tmp_path: Path, clock: list[float]) -> None:
    one = training(tmp_path, steps=6)
    for step in one.steps(dict):
        clock[0] += 0.5
        one.note(2, loss=torch.tensor(float(step)), **({"rare": 8.0} if step == 2 else {}))
    assert [(line["step"], line["loss"], line["images_per_second"]) for line in lines(tmp_path)] == [
        (4, 2.5, 4.0),
        (6, 5.5, 4.0),
    ]
    assert (lines(tmp_path)[0]["rare"], "rare" in lines(tmp_path)[1]) == (8.0, False)
    assert lines(tmp_path)[0]["minutes"] == pytest.approx(2 / 60, abs=1e-3)


def test_tensors_are_not_read_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = training(tmp_path, steps=8)
    reads = []
    real = torch.Tensor.tolist
    monkeypatch.setattr(torch.Tensor, "tolist", lambda t: reads.append(one.step) or real(t))
    for _ in one.steps(dict):
        one.note(2, loss=torch.tensor(1.0), other=torch.tensor(2.0))
    assert reads == [4, 8]


def test_lines_beyond_the_checkpoint_are_written_once(tmp_path: Path) -> None:
    one = training(tmp_path, steps=8)
    for _ in one.steps(dict):
        one.note(2, loss=1.0)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 12, "loss": 1.0}\n{"step": 16, "lo')
    again = training(tmp_path, steps=12)
    again.restore()
    for _ in again.steps(dict):
        again.note(2, loss=1.0)
    assert [line["step"] for line in lines(tmp_path)] == [4, 8, 12]


def test_a_preview_is_due_at_once_and_then_by_the_clock(tmp_path: Path, clock: list[float]) -> None:
    one = training(tmp_path, steps=12, preview_minutes=2)
    made = []
    for step in one.steps(dict):
        clock[0] += 60
        if one.preview_due:
            one.preview(np.full((1, 2, 8, 8, 3), step, np.uint8))
            made.append(step)
    assert made == [1, 3, 5, 7, 9, 11]
    assert sorted(path.stem for path in (tmp_path / "previews").iterdir()) == ["00000001", "00000003", "00000007"]
    with Image.open(tmp_path / "preview.png") as image:
        assert (image.size, image.getpixel((0, 0)), image.getpixel((8, 0))) == ((18, 8), (11, 11, 11), (255, 255, 255))


def test_a_grid_shows_every_picture_in_its_place() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (2, 3, 5, 4, 3), dtype=np.uint8)
    whole = grid(pictures, gap=1)
    for row in range(2):
        for column in range(3):
            np.testing.assert_array_equal(whole[row * 6 : row * 6 + 5, column * 5 : column * 5 + 4], pictures[row, column])


def test_only_the_main_process_writes(tmp_path: Path) -> None:
    other = Training(tmp_path, FitConfig(**CONFIG), identity=IDENTITY, main=False)
    for _ in other.steps(dict):
        other.note(1, loss=1.0)
        assert not other.preview_due
        other.preview(np.zeros((1, 1, 8, 8, 3), np.uint8))
    assert not list(tmp_path.iterdir())


# pictures


def test_squares_are_the_pictures_and_the_broken_one_is_named(tmp_path: Path) -> None:
    images = sample_images(9)
    found = squares(images, 16, tmp_path)
    assert found.pixels.shape == (8, 16, 16, 3)
    assert [one.id for one in found.set_aside] == ["2.png"]
    for ref, pixels in zip(found.refs, found.pixels, strict=True):
        np.testing.assert_array_equal(pixels, square(images.source.picture(ref), 16))


@pytest.mark.parametrize("damage", [None, b"", b"\x93NUMPY nonsense", "cut"])
def test_squares_are_decoded_once_unless_the_file_is_damaged(tmp_path: Path, damage: bytes | str | None) -> None:
    first = np.array(squares(sample_images(9), 16, tmp_path).pixels)
    path = next(tmp_path.glob("images-*.npy"))
    if damage is not None:
        path.write_bytes(path.read_bytes()[:500] if damage == "cut" else bytes(damage))  # type: ignore[arg-type]

    class Counting:
        calls = 0

        def picture(self, ref: Any, *, at_least: int | None = None) -> Picture:
            Counting.calls += 1
            return sample_images(9).source.picture(ref)

    images = sample_images(9)
    again = squares(type(images)(images.name, images.refs, Counting()), 16, tmp_path)
    np.testing.assert_array_equal(again.pixels, first)
    assert Counting.calls == (0 if damage is None else 9)
    assert len(squares(sample_images(9, seed=1), 16, tmp_path)) == 8
    assert len(list(tmp_path.glob("images-*.npy"))) == 2


def test_fewer_than_two_pictures_are_too_few(tmp_path: Path) -> None:
    images = sample_images(3)
    with pytest.raises(TooFewImages, match=r"1 of 2 .* 2\.png: planted"):
        squares(images.select(images.refs[1:]), 16, tmp_path)
    with pytest.raises(TooFewImages, match="0 of 1"):
        squares(images.select(images.refs[2:]), 16, tmp_path)


# saving


def save(folder: Path, **changed: Any) -> Any:
    words: dict[str, Any] = {
        "name": "plant-2", "family": "toy", "files": {"toy.safetensors": {"weight": torch.arange(6.0).reshape(2, 3).T}},
        "provides": ["codes"], "licence": "internal", "input_size": 8, "quality": {"psnr": 21.5}, "options": {"encoder": None},
    }  # fmt: skip
    return save_backbone(folder, **{**words, **changed})


def test_a_saved_backbone_reads_back_bit_by_bit_with_its_digests(tmp_path: Path) -> None:
    spec = save(tmp_path / "プラント")
    assert read_card(tmp_path / "プラント") == spec
    files, digest = Catalogue().verified(spec)
    assert len(digest) == 64
    assert set(spec.files) == {"toy.safetensors"}
    torch.testing.assert_close(
        load_tensors(files["toy.safetensors"])["weight"], torch.arange(6.0).reshape(2, 3).T, rtol=0, atol=0
    )
    (tmp_path / "プラント").rename(tmp_path / "moved")
    assert Catalogue().verified(read_card(tmp_path / "moved"))[1] == digest


def test_only_the_first_of_several_processes_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    promised = save(tmp_path)
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("RANK", "0")
    assert save(tmp_path) == promised == read_card(tmp_path)


def test_each_process_has_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert [own_device(name) for name in ("cpu", "cuda", "cuda:1", "mps")] == ["cpu", "cuda:3", "cuda:1", "mps"]


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"files": {"a.safetensors": {"w": torch.tensor([1.0, float("nan")])}}}, BackboneUnusable, "first 'w'"),
        ({"files": {"a.safetensors": {"w": torch.tensor([float("inf")])}}}, BackboneUnusable, "a.safetensors hold NaN or inf"),
        ({"quality": {"fd": float("nan")}}, BackboneUnusable, "quality fd is nan"),
        ({"files": {"../a.safetensors": {}}}, UsageError, "'../a.safetensors'"),
        ({"files": {"a.pkl": {}}}, UsageError, "'a.pkl'"),
        ({"files": {}}, UsageError, "no file"),
        ({"name": "../x"}, SpecError, "name"),
    ],
)
def test_a_backbone_that_would_not_hold_is_not_saved(tmp_path: Path, changed: Any, error: Any, said: str) -> None:
    with pytest.raises(error) as caught:
        save(tmp_path, **changed)
    assert said in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_save_that_is_killed_leaves_no_card_that_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path)

    def killed() -> None:
        monkeypatch.setattr("shiftlens.framework.fitting.saving.write_text", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        save(tmp_path, files={"toy.safetensors": {"weight": torch.zeros(3)}})

    assert in_child(killed) == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ["toy.safetensors"]
