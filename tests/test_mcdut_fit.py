"""Fitter ``mcdut``: data as published, a backbone that loads, and trainings that survive."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from shiftlens import BackboneSpec, TooFewImages, TrainingDiverged, UsageError
from shiftlens.framework.contract.ports import ports_of_fitter
from shiftlens.plugin import Context, ImageRef, ImageSet, Picture
from shiftlens.plugins.mcdut import data
from shiftlens.plugins.mcdut.data import Draws, Side, held_out
from shiftlens.plugins.mcdut.family import McdutFamily
from shiftlens.plugins.mcdut.fit import McdutFitter
from shiftlens.plugins.mcdut.fit_config import McdutConfig
from shiftlens.plugins.mcdut.model import Mcdut
from shiftlens.plugins.mcdut.stack import scaled, stacked
from shiftlens.testing import Pictures
from shiftlens.training import load_tensors

STEPS = 5
TINY: dict[str, Any] = {
    "preset": "small", "minutes": None, "steps": STEPS, "load": 36, "crop": 32, "ngf": 4, "ndf": 4, "blocks": 1,
    "layers": [0, 4, 8, 12], "patches": 16, "width": 16, "views": {}, "consistency": {}, "dca": "coordinate", "keep": "all",
    "average": 0.1, "planted": 12, "save_minutes": 1e-6, "note_steps": 1, "preview_minutes": 60,
}  # fmt: skip


class TinyFeatures:
    """A random network that answers as :class:`shiftlens.Features`."""

    size = 32
    layers = ("a", "b", "c", "d")

    def maps(self, batch: np.ndarray, layer: str) -> np.ndarray:
        weights = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
        return np.maximum(batch.astype(np.float32) / 127.5 - 1, 0).dot(weights).transpose(0, 3, 1, 2)

    def activations(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        raise AssertionError("distances are of pooled maps, a fit needs no activations")


def pictures(count: int, name: str, *, gain: float = 1.0, side: int = 40, groups: int | None = None) -> ImageSet:
    draws, found = np.random.default_rng(len(name)), {}
    for i in range(count):
        blots = np.kron(draws.random((5, 5)), np.ones((side // 5, side // 5)))
        grey = np.clip((0.25 + 0.4 * blots + draws.normal(0, 0.01, blots.shape)) * gain, 0, 1)
        found[f"{i}.png"] = Picture(np.rint(grey * 255).astype(np.uint8), 255.0)
    refs = tuple(ImageRef(n, f"{name}-{n}-{gain}-{side}", f"{name}:{i % groups if groups else i}") for i, n in enumerate(found))
    return ImageSet(name, refs, Pictures(found), origin=f"drawn {name}")


def fit(folder: Path, **values: Any) -> BackboneSpec:
    config = McdutConfig.model_validate(TINY | values)
    fitter = McdutFitter(config, backbone=TinyFeatures(), context=Context(folder=folder, workers=1))
    return fitter.fit(source=pictures(16, "site", gain=1.5), target=pictures(14, "dev"))


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.safetensors")}


def loaded(spec: BackboneSpec) -> Mcdut:
    return McdutFamily().load(spec, {name: Path(spec.source.path or "") / name for name in spec.files})


Done = tuple[Path, BackboneSpec]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("mcdut")
    return folder, fit(folder)


def test_the_fitter_asks_for_two_sets_of_images() -> None:
    assert list(ports_of_fitter(McdutFitter, "mcdut")) == ["source", "target"]


def test_a_fit_leaves_a_backbone_with_all_its_networks(done: Done) -> None:
    folder, spec = done
    names = {"generator", "heads", "discriminator", "consistency", "repairs"}
    assert set(spec.files) == {f"{name}.safetensors" for name in names}
    assert spec.provides == {"translator"}
    assert "drawn site" in spec.trained_on
    assert "drawn dev" in spec.trained_on
    model = loaded(spec)
    assert model.generator.shape.attention == "coordinate"
    made = model.translate(torch.zeros(1, 3, 32, 36))
    assert made.shape == (1, 3, 32, 36)
    assert (folder / "preview.png").stat().st_size > 500


def test_metrics_are_finite_and_say_the_rate(done: Done) -> None:
    noted = lines(done[0])
    assert [line["step"] for line in noted] == list(range(1, STEPS + 1))
    assert {"gan", "nce", "consistency", "discriminator", "rate"} <= noted[0].keys()
    assert all(math.isfinite(number) for line in noted for number in line.values())
    rates = [line["rate"] for line in noted]
    assert rates[0] == pytest.approx(2e-4)
    assert rates[-1] < rates[0]


def test_embedding_networks_are_saved_and_come_back(done: Done) -> None:
    tensors = load_tensors(done[0] / "consistency.safetensors")
    kept = torch.load(done[0] / "checkpoint.pt", weights_only=True)["state"]["networks"]
    for name in ("real", "fake"):
        for part, tensor in kept[name].items():
            assert torch.equal(tensors[f"{name}.{part}"], tensor)


def test_the_card_says_what_was_measured_on_held_out_images(done: Done) -> None:
    folder, spec = done
    assert {
        "kept",
        "invented",
        "held_ok",
        "kd_efflite0_before",
        "kd_efflite0_after",
        "kd_efflite0_target",
        "planted",
    } <= spec.quality.keys()
    table = json.loads((folder / "safety.json").read_text())
    assert [row["name"] for row in table["rows"]] == [
        "none", "affine", "histogram", "covariance", "mtf", "affine-mtf", "network"
    ]  # fmt: skip
    assert table["verdict"] == spec.options["verdict"]


def test_where_the_light_alone_differs_a_cheap_repair_wins(done: Done) -> None:
    verdict = loaded(done[1]).verdict
    assert verdict is not None
    assert verdict.winner == "affine"


def test_a_killed_fit_goes_on_to_the_same_weights(done: Done, tmp_path: Path, killed_fit: Callable[..., None]) -> None:
    killed_fit(__file__, tmp_path)
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3]
    fit(tmp_path)
    assert digests(tmp_path) == digests(done[0])
    assert [line["step"] for line in lines(tmp_path)] == list(range(1, STEPS + 1))


def test_the_same_seed_gives_the_same_losses_for_20_steps(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        fit(tmp_path / name, steps=20, keep="generator")
    traces = [
        [{k: v for k, v in line.items() if k not in ("minutes", "images_per_second")} for line in lines(tmp_path / name)]
        for name in ("a", "b")
    ]
    assert len(traces[0]) == 20
    assert traces[0] == traces[1]


def test_a_fit_that_diverges_leaves_the_last_good_checkpoint(
    done: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, calls = data.as_tensor, []

    def spoilt(pixels: np.ndarray) -> Tensor:
        calls.append(1)
        return plain(pixels) * (math.nan if len(calls) > 6 else 1)

    monkeypatch.setattr(data, "as_tensor", spoilt)
    with pytest.raises(TrainingDiverged, match=r"is nan in step 4.*the last good one is of step 3"):
        fit(tmp_path)
    assert not (tmp_path / "backbone.yaml").exists()
    monkeypatch.undo()
    fit(tmp_path)
    assert digests(tmp_path) == digests(done[0])


def test_three_images_are_too_few(tmp_path: Path) -> None:
    fitter = McdutFitter(McdutConfig.model_validate(TINY), context=Context(folder=tmp_path))
    with pytest.raises(TooFewImages, match="site: 3 usable images, 12 are needed"):
        fitter.fit(source=pictures(3, "site"), target=pictures(14, "dev"))


def test_images_smaller_than_their_crops_are_named(tmp_path: Path) -> None:
    fitter = McdutFitter(McdutConfig.model_validate(TINY), context=Context(folder=tmp_path))
    with pytest.raises(TooFewImages, match=r"0 usable images, 12 are needed; 0.png: 30 × 30 px is less than load: 36"):
        fitter.fit(source=pictures(14, "site", side=30), target=pictures(14, "dev"))


def test_images_of_one_group_cannot_be_held_out(tmp_path: Path) -> None:
    fitter = McdutFitter(McdutConfig.model_validate(TINY), context=Context(folder=tmp_path))
    with pytest.raises(TooFewImages, match="its 14 images are of too few groups to hold some out whole"):
        fitter.fit(source=pictures(14, "site", groups=1), target=pictures(14, "dev"))


def test_a_decoding_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def prepare(picture: Picture) -> np.ndarray:
        if any(tmp_path.iterdir()):
            raise KeyboardInterrupt
        raise AssertionError("nothing is written before the first picture is")

    with pytest.raises(KeyboardInterrupt):
        stacked(pictures(3, "site"), prepare, "key", tmp_path, at_least=None, workers=1)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_training_is_refused(done: Done) -> None:
    with pytest.raises(UsageError, match=r"nce was 1.0, now 2.0"):
        fit(done[0], nce=2.0)


def sides(tmp_path: Path, **values: Any) -> tuple[Side, Side, McdutConfig]:
    config = McdutConfig.model_validate(TINY | {"preset": "cut", "steps": 5, "schedule": "epochs"} | values)
    context = Context(workers=1)
    one, other = pictures(20, "site", side=45), pictures(14, "dev", side=60)
    return Side(one, config, tmp_path, context), Side(other, config, tmp_path, context), config


def test_the_source_is_walked_and_the_target_is_drawn(tmp_path: Path) -> None:
    source, target, config = sides(tmp_path, resize="none", batch=2)
    draws = Draws(source, target, config, seed=0)
    assert draws.length == 16
    assert [draws.epoch(number) for number in (1, 8, 9)] == [0, 0, 1]
    assert draws.steps(400) == 3200
    seen: list[int] = []
    plain = draws._picture

    def watched(side: Side, row: int, *rest: Any) -> Tensor:
        if side is source:
            seen.append(row)
        return plain(side, row, *rest)

    draws._picture = watched  # type: ignore[method-assign]
    for number in range(1, 17):
        given = draws.batch(number, draws.random(number), settled=False)
        assert given.source.shape == (2, 3, 36, 36)
        assert all(at.top + at.side <= 36 for at in given.source_at)
    assert sorted(seen[:16]) == sorted(seen[16:]) == source.rows.tolist()
    assert seen[:16] != seen[16:]


def test_several_processes_share_an_epoch(tmp_path: Path) -> None:
    source, target, config = sides(tmp_path, resize="none")
    both = [Draws(source, target, config, seed=0, process=i, processes=2) for i in range(2)]
    orders = [[int(one._ordered(0)[number]) for number in range(one.length)] for one in both]
    assert orders[0] == orders[1]
    assert both[0].epoch(9) == 1
    batches = [one.batch(1, one.random(1), settled=False).source for one in both]
    assert not torch.equal(*batches)


def test_from_the_first_decaying_epoch_on_pictures_are_scaled_straight_to_crops(tmp_path: Path) -> None:
    source, target, config = sides(tmp_path, resize="square")
    draws = Draws(source, target, config, seed=0)
    before, after = (draws.batch(1, draws.random(1), settled=settled) for settled in (False, True))
    assert (before.source.shape[-1], after.source.shape[-1]) == (36, 32)
    assert after.source_at[0] == (0, 0, 32)
    row = source.rows[draws._ordered(0)[0] % len(source.rows)]
    wanted = scaled(32)(source.images.source.picture(source.images.refs[int(row)]))
    options = [data.as_tensor(one) for one in (wanted, wanted[:, ::-1])]
    assert any(torch.equal(after.source[0], one) for one in options)


def test_whole_groups_are_held_out() -> None:
    groups = [f"tile {i // 3}" for i in range(60)]
    held = held_out(groups, 0.1, seed=1)
    rest = {groups[i] for i in range(60) if i not in held}
    assert 4 <= len(held) <= 8
    assert not rest & {groups[i] for i in held}


def test_without_a_folder_a_fit_says_so() -> None:
    with pytest.raises(UsageError, match="works in a folder"):
        McdutFitter().fit(source=pictures(14, "site"), target=pictures(14, "dev"))
