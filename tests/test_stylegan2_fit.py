"""Fitters ``stylegan2`` and ``style-encoder``: they learn, survive, and leave a backbone that loads."""

from __future__ import annotations

import hashlib
import json
import math
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Collection
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from shiftlens import BackboneSpec, ShiftlensError, TooFewImages, TrainingDiverged, UsageError
from shiftlens.framework.host.host import discover
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import Context, Fitter, ImageSet, StyleModel
from shiftlens.plugins.stylegan2 import encoder_fit, gan_fit, joint
from shiftlens.plugins.stylegan2.encoder_fit import EncoderFitter
from shiftlens.plugins.stylegan2.encoder_step import POOL, EncoderStep, Pool, active_deltas, fresh
from shiftlens.plugins.stylegan2.family import Stylegan2Family
from shiftlens.plugins.stylegan2.fit_config import EncoderFitConfig, GanConfig
from shiftlens.plugins.stylegan2.gan import Gan
from shiftlens.plugins.stylegan2.gan_fit import GanFitter
from shiftlens.plugins.stylegan2.generator import Generator
from shiftlens.plugins.stylegan2.joint import JointFitter
from shiftlens.plugins.stylegan2.joint_config import JointConfig
from shiftlens.plugins.stylegan2.model import Stylegan2
from shiftlens.plugins.stylegan2.pair import Joint
from shiftlens.training import load_tensors

TINY = {"preset": "try", "size": 32, "w_dim": 16, "channel_base": 256, "channel_max": 16}
STEPS = 6


class TinyFeatures:
    """A random network that answers as :class:`shiftlens.Features`."""

    size = 32
    layers = ("a", "b", "c", "d", "final")

    def __init__(self) -> None:
        torch.manual_seed(9)
        widths = [3, 4, 6, 8, 8, 8]
        self._steps = [nn.Conv2d(a, b, 3, 2, 1).requires_grad_(False) for a, b in pairwise(widths)]

    def activations(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        found, x = {}, images
        for name, step in zip(self.layers, self._steps, strict=True):
            x = torch.tanh(step(x))
            if name in layers:
                found[name] = x
        return found

    def maps(self, batch: np.ndarray, layer: str) -> np.ndarray:
        images = torch.from_numpy(batch).permute(0, 3, 1, 2) / 127.5 - 1
        return self.activations(images, {layer})[layer].numpy()


def parts(count: int = 64) -> ImageSet:
    return open_source(f"parts:osaka?n={count}&size=64", "images", discover())


def style(seed: int = 0) -> Generator:
    """A generator whose mean code is that of its mapping."""
    torch.manual_seed(seed)
    network = Generator(32, w_dim=16, mapping=2, channel_base=256, channel_max=16).eval().requires_grad_(False)
    network.latent_avg.copy_(network.mapping(torch.randn(200, 16)).mean(0))
    return network


def fitter(kind: str, folder: Path, **values: Any) -> Fitter:
    """Make either fitter, ready for a handful of steps that each leave a checkpoint."""
    values = {"steps": STEPS, "save_minutes": 1e-6, "note_steps": 1, "preview_minutes": 1e-6} | values
    context = Context(folder=folder, workers=1)
    if kind == "stylegan2":
        config = GanConfig.model_validate(TINY | {"path": 2.0} | values)
        return GanFitter(config, backbone=TinyFeatures(), context=context)
    if kind == "joint":
        config = JointConfig.model_validate(TINY | {"grain_from": 0.5} | values)
        return JointFitter(config, backbone=TinyFeatures(), context=context)
    config = EncoderFitConfig.model_validate({"preset": "try", "channel_base": 256, "channel_max": 16} | values)
    slots = {"style": Stylegan2(style()), "features": TinyFeatures()}
    return EncoderFitter(config, backbone=slots, context=context)


def fit(kind: str, folder: Path, **values: Any) -> BackboneSpec:
    spec: BackboneSpec = fitter(kind, folder, **values).fit(images=parts())
    return spec


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.safetensors")}


def loaded(spec: BackboneSpec) -> StyleModel:
    return Stylegan2Family().load(spec, {name: Path(spec.source.path or "") / name for name in spec.files})


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, BackboneSpec]]:
    """Fit each fitter once, undisturbed."""
    kept: dict[str, tuple[Path, BackboneSpec]] = {}

    def give(kind: str) -> tuple[Path, BackboneSpec]:
        if kind not in kept:
            folder = tmp_path_factory.mktemp(kind)
            kept[kind] = folder, fit(kind, folder)
        return kept[kind]

    return give


KINDS = ("stylegan2", "style-encoder", "joint")
Done = Callable[[str], tuple[Path, BackboneSpec]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_leaves_a_backbone_metrics_and_a_preview(done: Done, kind: str) -> None:
    folder, spec = done(kind)
    model = loaded(spec)
    assert model.generator.synthesis(w=model.generator.mapping(torch.zeros(1, 16))).images.shape == (1, 3, 32, 32)
    noted = lines(folder)
    assert [line["step"] for line in noted] == list(range(1, STEPS + 1))
    assert all(math.isfinite(number) for line in noted for number in line.values())
    assert (folder / "preview.png").stat().st_size > 1000
    assert all(math.isfinite(figure) for figure in spec.quality.values())
    assert "osaka" in spec.trained_on


def test_the_gan_says_how_far_its_samples_are_from_images_beside_images_from_images(done: Done) -> None:
    quality = done("stylegan2")[1].quality
    assert quality["fd_efflite0"] > quality["fd_efflite0_real"] >= 0
    assert quality["fd_images"] == 32
    assert done("stylegan2")[1].provides == {"style-generator"}


def test_the_encoder_says_what_its_reconstructions_are_worth(done: Done) -> None:
    spec = done("style-encoder")[1]
    model = loaded(spec)
    assert set(spec.quality) >= {"psnr", "pd_efflite0", "error_limit"}
    assert model.error_limit == spec.quality["error_limit"] > 0
    assert model.encoder is not None
    assert model.encoder.encode(torch.zeros(2, 3, 32, 32)).shape == (2, 8, 16)
    assert spec.provides == {"style-generator", "style-encoder"}


def test_the_joint_fit_says_both(done: Done) -> None:
    folder, spec = done("joint")
    model = loaded(spec)
    assert set(spec.quality) >= {"psnr", "pd_efflite0", "error_limit", "fd_efflite0", "fd_efflite0_real"}
    assert model.error_limit == spec.quality["error_limit"] > 0
    assert model.encoder is not None
    assert model.encoder.encode(torch.zeros(2, 3, 32, 32)).shape == (2, 8, 16)
    assert {"adversarial", "judge"} <= set(lines(folder)[-1]), "the discriminator began"
    assert "judge" not in lines(folder)[0]


def test_the_generator_of_an_encoder_stays_as_it_is(done: Done) -> None:
    before = style().state_dict()
    after = load_tensors(done("style-encoder")[0] / "generator.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_fit_goes_on_to_the_same_weights(
    done: Done, kind: str, tmp_path: Path, killed_fit: Callable[..., None]
) -> None:
    killed_fit(__file__, kind, tmp_path)
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3]
    fit(kind, tmp_path)
    assert digests(tmp_path) == digests(done(kind)[0])
    assert [line["step"] for line in lines(tmp_path)] == list(range(1, STEPS + 1))


TOGETHER = """
import json, os, runpy
from pathlib import Path
import torch
torch.set_num_threads(1)
fit = runpy.run_path({file!r})["fit"]
from shiftlens import Training
rank = int(os.environ["RANK"])
Training.minutes = property(lambda self: self.step * (1 + rank))
spec = fit("joint", Path({folder!r}), steps=None, minutes=6)
(Path({folder!r}) / f"weights-{{rank}}.json").write_text(json.dumps(dict(spec.files)))
"""


def test_processes_whose_clocks_differ_end_with_equal_weights(tmp_path: Path) -> None:
    """By its own clock the second process would begin with the discriminator a step before the first."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    code = TOGETHER.format(file=__file__, folder=str(tmp_path))
    running = []
    for rank in ("0", "1"):
        env = os.environ | place | {"RANK": rank, "LOCAL_RANK": rank, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
        running.append(subprocess.Popen([sys.executable, "-c", code], env=env, stderr=subprocess.PIPE, text=True))
    try:
        said = [one.communicate(timeout=300)[1] for one in running]
    finally:
        for one in running:
            one.kill()
            one.wait()
    assert [one.returncode for one in running] == [0, 0], said
    first, second = (json.loads((tmp_path / f"weights-{rank}.json").read_text()) for rank in (0, 1))
    assert first == second == digests(tmp_path) != {}
    noted = lines(tmp_path)
    assert ["judge" in line for line in noted] == [False, False, True, True, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_that_diverges_leaves_the_last_good_checkpoint(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = {"stylegan2": gan_fit, "style-encoder": encoder_fit, "joint": joint}[kind]
    plain, calls = module.as_tensor, []

    def spoilt(pixels: np.ndarray, device: Any = "cpu") -> Tensor:
        calls.append(len(pixels))
        found: Tensor = plain(pixels, device)
        return found * math.nan if len(calls) > 3 else found

    monkeypatch.setattr(module, "as_tensor", spoilt)
    with pytest.raises(TrainingDiverged, match=r"is nan in step [34].*the last good one is of step [23]"):
        fit(kind, tmp_path, preview_minutes=60)
    assert not (tmp_path / "backbone.yaml").exists()
    monkeypatch.undo()
    assert loaded(fit(kind, tmp_path, preview_minutes=60)).generator.size == 32


@pytest.mark.parametrize("kind", KINDS)
def test_three_images_are_too_few(kind: str, tmp_path: Path) -> None:
    with pytest.raises(TooFewImages, match="images: 3 usable images, 32 are needed"):
        fitter(kind, tmp_path).fit(images=parts(3))


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_another_training_is_refused(done: Done, kind: str) -> None:
    with pytest.raises(UsageError, match="batch was 8, now 6"):
        fit(kind, done(kind)[0], batch=6)


def test_an_encoder_of_another_generator_is_another_training(done: Done) -> None:
    other = fitter("style-encoder", done("style-encoder")[0])
    other.backbone["style"] = Stylegan2(style(seed=1))
    with pytest.raises(UsageError, match="generator was"):
        other.fit(images=parts())


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_without_a_folder_says_so(kind: str) -> None:
    one = fitter(kind, Path())
    one.context = Context()
    with pytest.raises(UsageError, match="works in a folder"):
        one.fit(images=parts())


def test_e4e_is_for_codes_of_512(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="codes of 512, the generator's are of 16"):
        fitter("style-encoder", tmp_path, architecture="e4e").fit(images=parts())


def test_e4e_fits_any_generator_of_its_codes() -> None:
    with torch.device("meta"):
        generator = Generator(32, channel_base=256, channel_max=16)
    generator.latent_avg = torch.ones(512)
    with torch.device("meta"):
        encoder = fresh(EncoderFitConfig(architecture="e4e"), generator)
    assert (encoder.n_w, encoder.w_dim, encoder.size) == (8, 512, 256)


def test_a_generator_of_another_family_is_refused(tmp_path: Path) -> None:
    other = fitter("style-encoder", tmp_path)
    other.backbone["style"] = Stylegan2(object())  # type: ignore[arg-type]
    with pytest.raises(ShiftlensError, match="not object"):
        other.fit(images=parts())


@pytest.fixture(scope="module")
def batch() -> Tensor:
    return torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(3)) * 2 - 1


def test_an_encoder_learns_one_batch_by_heart() -> None:
    torch.manual_seed(0)
    config = EncoderFitConfig(preset="try", channel_base=512, channel_max=32, rate=3e-3, adversarial=0.0)
    generator = style()
    images = generator.synthesis(w=generator.mapping(torch.randn(8, 16))).images
    work = EncoderStep(config, generator, TinyFeatures(), Accelerator(cpu=True))
    losses = [work.step(images, number, 0.5) for number in range(1, 41)]
    for name in ("pixels", "perceptual", "cosine"):
        assert losses[-1][name] < 0.5 * losses[0][name], name


def test_a_pair_learns_one_batch_by_heart(batch: Tensor) -> None:
    torch.manual_seed(0)
    work = Joint(JointConfig.model_validate(TINY | {"rate": 2e-3}), TinyFeatures(), Accelerator(cpu=True))
    smooth = nn.functional.avg_pool2d(batch, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    losses = [work.step(smooth, number, 0.1) for number in range(1, 121)]
    assert losses[-1]["pixels"] < 0.5 * losses[0]["pixels"]


def test_the_mapping_learns_how_codes_are_spread() -> None:
    torch.manual_seed(0)
    work = Joint(JointConfig.model_validate(TINY), TinyFeatures(), Accelerator(cpu=True))
    work.codes = 0.5 * torch.randn(400, 16) + torch.linspace(-2, 2, 16)
    work._set_rates(1000, 0.0)
    losses = []
    for _ in range(300):
        losses.append(work._apart())
        work.optimiser.zero_grad()
        losses[-1].backward()
        work.optimiser.step()
    assert losses[-1] < 0.1 * losses[0]
    mapped = work.pair.generator.mapping(torch.randn(500, 16)).detach()
    assert (mapped.mean(0) - torch.linspace(-2, 2, 16)).abs().max() < 0.5


def test_a_discriminator_learns_one_batch_by_heart(batch: Tensor) -> None:
    torch.manual_seed(0)
    gan = Gan(GanConfig.model_validate(TINY | {"augment": False}), Accelerator(cpu=True))
    losses = [gan.step(batch, number)["discriminator"] for number in range(1, 41)]
    assert losses[0] == pytest.approx(2 * math.log(2), abs=0.3)
    assert torch.stack(losses[-5:]).mean() < 0.7 * losses[0]


def test_averaged_weights_lie_behind_and_forget_the_beginning(batch: Tensor) -> None:
    torch.manual_seed(0)
    gan = Gan(GanConfig.model_validate(TINY), Accelerator(cpu=True))
    name = "convs.0.conv.weight"
    first = gan.generator.state_dict()[name].clone()
    for number in range(1, 21):
        gan.step(batch, number)
    now, average = (network.state_dict()[name] for network in (gan.generator, gan.average))
    assert 0 < (now - average).norm() < 0.5 * (now - first).norm()


def test_styles_are_mixed_of_two_codes_at_one_place() -> None:
    torch.manual_seed(0)
    for mixing, most in ((0.0, 1), (1.0, 2)):
        gan = Gan(GanConfig.model_validate(TINY | {"mixing": mixing}), Accelerator(cpu=True))
        changes = (gan.codes(32).diff(dim=1).abs().amax(dim=2) > 0).sum(dim=1)
        assert set(changes.tolist()) == {most - 1}


def test_deltas_come_in_one_after_the_other() -> None:
    found = [active_deltas(share / 100, 17, 0.1, 0.28) for share in range(101)]
    assert found[:10] == [0] * 10
    assert found[28:] == [17] * 73
    assert all(0 <= b - a <= 1 for a, b in pairwise(found))


def test_before_deltas_come_in_all_codes_are_the_first(batch: Tensor) -> None:
    torch.manual_seed(0)
    work = EncoderStep(EncoderFitConfig(preset="try"), style(), TinyFeatures(), Accelerator(cpu=True))
    assert work.step(batch, 1, 0.0)["delta"] == 0
    assert work.step(batch, 2, 0.2)["delta"] > 0


def test_a_pool_gives_half_of_the_codes_from_before() -> None:
    torch.manual_seed(0)
    pool = Pool(2)
    shown = [torch.full((10, 2), float(turn)) for turn in range(20)]
    given = [pool.exchanged(codes) for codes in shown]
    assert all(torch.equal(a, b) for a, b in zip(shown[:5], given[:5], strict=True))
    assert pool.codes.shape == (POOL, 2)
    old = torch.cat([(codes[:, 0] < turn).float() for turn, codes in enumerate(given) if turn >= 5]).mean()
    assert 0.3 < old < 0.6
