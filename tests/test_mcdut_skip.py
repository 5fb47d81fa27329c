"""The generator that begins as a cheap repair and learns only what is to be added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from pydantic import ValidationError

from shiftlens.framework.values.images import ImageRef, ImageSet
from shiftlens.framework.values.pictures import Picture
from shiftlens.plugin import Context
from shiftlens.plugins.mcdut.cheap import Floats
from shiftlens.plugins.mcdut.cheap import fitted as fitted_repairs
from shiftlens.plugins.mcdut.fit import McdutFitter
from shiftlens.plugins.mcdut.fit_config import McdutConfig
from shiftlens.plugins.mcdut.model import Mcdut
from shiftlens.plugins.mcdut.network import Generator
from shiftlens.plugins.mcdut.networks import Networks
from shiftlens.plugins.mcdut.tiling import tiled
from shiftlens.testing import Pictures
from shiftlens.training import load_tensors

TINY: dict[str, Any] = {
    "preset": "small", "minutes": None, "load": 36, "crop": 32, "ngf": 4, "ndf": 4, "blocks": 1, "layers": [0, 4, 8],
    "patches": 16, "width": 16, "planted": 3, "average": 0.0, "save_minutes": 60, "preview_minutes": 60,
}  # fmt: skip
QUARTER_LEVEL = 0.5 / 255


def drawn(count: int, gain: float, seed: int) -> list[Floats]:
    draws = np.random.default_rng(seed)
    blots = [np.kron(draws.random((5, 5, 3)), np.ones((8, 8, 1))) for _ in range(count)]
    return [np.clip(gain * (0.2 + 0.4 * one), 0, 1).astype(np.float32) for one in blots]


def listed(pictures: list[Floats], name: str) -> ImageSet:
    found = {f"{name}{i}": Picture(np.rint(one * 255).astype(np.uint8), 255.0) for i, one in enumerate(pictures)}
    refs = tuple(ImageRef(id_, f"{name} {id_}", id_) for id_ in found)
    return ImageSet(name, refs, Pictures(found))


def fitted(folder: Path, **options: Any) -> Mcdut:
    config = McdutConfig.model_validate(TINY | options)
    images = listed(drawn(14, 1.0, 0), "site"), listed(drawn(14, 0.6, 1), "development")
    McdutFitter(config, context=Context(folder=folder, workers=1)).fit(*images)
    return Mcdut(Generator.from_tensors(load_tensors(folder / "generator.safetensors")).eval())


def test_it_begins_as_the_repair_by_covariance() -> None:
    site, development = drawn(6, 1.0, 0), [one[..., ::-1] * 0.5 + 0.1 for one in drawn(6, 1.0, 1)]
    networks = Networks(McdutConfig.model_validate(TINY | {"steps": 1}), Accelerator(cpu=True))
    repair = fitted_repairs(site, development)["covariance"]
    networks.begin(repair)
    torch.nn.init.zeros_(networks.generator.model[-2].weight)
    for picture, made in zip(site, Mcdut(networks.generator.eval()).pictures(site), strict=True):
        np.testing.assert_allclose(made, repair(picture), atol=QUARTER_LEVEL)


def test_black_and_white_stay_within_half_a_grey_level() -> None:
    network = Generator(4, 1, skip=True).eval()
    torch.nn.init.zeros_(network.model[-2].weight)
    torch.nn.init.zeros_(network.model[-2].bias)
    ends = torch.tensor([-1.0, 1.0]).repeat_interleave(3 * 64).reshape(2, 3, 8, 8)
    assert (network(ends) - ends).abs().max() < 1 / 255


def test_its_tensors_say_it_and_come_back_bit_for_bit() -> None:
    network = Generator(4, 1, skip=True, smooth=5)
    network.skip.copy_(torch.rand(4, 3))
    again = Generator.from_tensors(network.state_dict())
    images = torch.rand(2, 3, 16, 20) * 2 - 1
    assert (again.shape.skip, again.shape.smooth) == (True, 5)
    assert torch.equal(again(images), network(images))
    assert "skip" not in Generator(4, 1).state_dict()
    assert not Generator.from_tensors(Generator(4, 1).state_dict()).shape.skip


def test_tiles_give_what_one_pass_gives() -> None:
    network = Generator(8, 2, skip=True, smooth=9).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, 0, 0.1)
    image = torch.rand(1, 3, 96, 136) * 2 - 1
    with torch.inference_mode():
        assert (tiled(network, image, 48) - network(image)).abs().max() < 2e-5


def test_a_fitted_one_keeps_the_map_that_it_began_with(tmp_path: Path) -> None:
    found = fitted(tmp_path / "one", steps=1).generator.skip
    assert np.diag(found[:3].numpy()) == pytest.approx(0.6, abs=0.15)
    assert (found[3] < 0).all()


def test_restraint_keeps_it_nearer_to_what_it_began_with(tmp_path: Path) -> None:
    pictures = drawn(8, 1.0, 7)
    batch = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) * 2 - 1
    changed = []
    for name, weight in (("free", 0.0), ("held", 300.0)):
        network = fitted(tmp_path / name, steps=30, rate=2e-3, restraint=weight).generator
        with torch.inference_mode():
            changed.append(float((network(batch) - network.start(batch)).abs().mean()))
    assert changed[1] < 0.7 * changed[0]


def test_restraint_without_a_skip_is_refused() -> None:
    with pytest.raises(ValidationError, match="without skip nothing is"):
        McdutConfig.model_validate(TINY | {"steps": 1, "skip": False, "smooth": 0})


@pytest.mark.parametrize("seed", range(3))
def test_what_is_smooth_adds_nothing_small(seed: int) -> None:
    """Whatever its weights, a network with a blur changes neighbours alike, so no small thing can appear or vanish."""
    network = Generator(8, 1, skip=True, smooth=25).eval()
    torch.manual_seed(seed)
    with torch.inference_mode():
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, 0, 0.1)
        images = 0.6 * torch.rand(1, 3, 64, 64) - 0.3
        raw = network.model[:-1](images)
        added = network(images).atanh() - network.start(images).atanh()
    assert raw.diff(dim=3).abs().max() > 0.2 * raw.abs().max()
    assert added.diff(dim=3).abs().max() < 0.1 * raw.abs().max()
    torch.testing.assert_close(added.mean(), raw.mean(), atol=0.1 * float(raw.std()), rtol=0)


def test_a_blur_with_no_middle_is_refused() -> None:
    with pytest.raises(ValidationError, match="smooth: 24 is even"):
        McdutConfig.model_validate(TINY | {"steps": 1, "smooth": 24})
