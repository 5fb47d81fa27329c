"""``mcdut`` learns: one training of 500 steps on drawn domains, small enough for one core."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor

from shiftlens.plugins.mcdut.data import Batch, as_tensor
from shiftlens.plugins.mcdut.fit_config import McdutConfig
from shiftlens.plugins.mcdut.model import Mcdut
from shiftlens.plugins.mcdut.networks import Networks
from shiftlens.plugins.mcdut.step import Step
from shiftlens.plugins.mcdut.structure import edge_f1
from shiftlens.plugins.mcdut.views import anywhere
from shiftlens.training import frechet_distance

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mcdut-learns")]
STEPS, LOAD, CROP, PATCHES = 500, 40, 32, 32
CONFIG: dict[str, Any] = {
    "preset": "mcdut-paper", "ngf": 8, "ndf": 8, "blocks": 2, "layers": [0, 4, 8, 12, 13], "load": LOAD, "crop": CROP,
    "patches": PATCHES, "width": 16, "rate": 5e-4, "batch": 2, "steps": STEPS,
}  # fmt: skip


def drawn(count: int, seed: int, *, there: bool) -> NDArray[np.uint8]:
    """Draw blots on a ground; in the target domain darker, reddish and striped."""
    draws = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        blots = gaussian_filter(draws.normal(size=(LOAD, LOAD)), 3)
        grey = np.where(blots > np.quantile(blots, 0.6), 0.85, 0.45)[..., None] + draws.normal(0, 0.02, (LOAD, LOAD, 1))
        picture = np.repeat(grey, 3, axis=2)
        if there:
            stripes = 0.9 + 0.1 * np.sign(np.sin(np.arange(LOAD) * np.pi / 2 + 0.1))[:, None, None]
            picture = picture * np.array([0.8, 0.5, 0.4]) * stripes
        found.append(np.clip(picture * 255, 0, 255).astype(np.uint8))
    return np.stack(found)


class Trained(NamedTuple):
    model: Mcdut
    losses: list[dict[str, float]]
    accuracy: list[float]


@pytest.fixture(scope="module")
def trained() -> Trained:
    torch.manual_seed(0)
    sides = [drawn(4, 1, there=False), drawn(4, 2, there=True)]
    networks = Networks(McdutConfig.model_validate(CONFIG), Accelerator(cpu=True))
    step, losses, accuracy = Step(networks), [], []
    for number in range(1, STEPS + 1):
        draws = np.random.default_rng([0, number])
        pictures = [torch.stack([as_tensor(one) for one in draws.choice(side, 2)]) for side in sides]
        windows = [[anywhere(LOAD, CROP, draws) for _ in range(2)] for _ in sides]
        given = Batch(*pictures, *windows)
        losses.append({name: float(loss) for name, loss in step.step(given, draws, number, 0).items()})
        if number % 10 == 0:
            accuracy.append(judged(networks, *pictures))
    return Trained(Mcdut(networks.average.eval()), losses, accuracy)


@torch.no_grad()
def judged(networks: Networks, source: Tensor, target: Tensor) -> float:
    """Give the share of patches that the discriminator takes for what they are."""
    made, real = networks.judge(networks.generator(source)), networks.judge(target)
    return float(torch.cat([(made < 0.5).flatten(), (real > 0.5).flatten()]).float().mean())


def mean(losses: list[dict[str, float]], name: str) -> float:
    return float(np.mean([one[name] for one in losses]))


def test_the_contrastive_loss_falls_well_below_chance(trained: Trained) -> None:
    chance = np.log(1 + 3 * PATCHES)
    assert mean(trained.losses[:3], "nce") > 0.9 * chance
    assert mean(trained.losses[-50:], "nce") < 0.6 * chance


def test_the_discriminator_does_not_stay_sure_of_everything(trained: Trained) -> None:
    assert min(trained.accuracy) < 0.95


def test_embeddings_do_not_collapse(trained: Trained) -> None:
    assert min(one["spread"] for one in trained.losses if "spread" in one) > 1e-3
    assert mean(trained.losses[-50:], "consistency") < mean(trained.losses[:10], "consistency")


def test_translated_images_come_nearer_to_the_target_and_keep_their_edges(trained: Trained) -> None:
    here, there = (drawn(60, seed, there=there).astype(np.float32) / 255 for seed, there in ((3, False), (4, True)))
    made = trained.model.pictures(list(here))
    before, after = (frechet_distance(colours(there), colours(some)) for some in (list(here), made))
    assert after < 0.3 * before
    assert np.mean([edge_f1(a, b) for a, b in zip(here, made, strict=True)]) > 0.6


def colours(pictures: Any) -> NDArray[np.float64]:
    """Mean and deviation of each channel, and of differences between rows."""
    stack = np.asarray(pictures, np.float64)
    rows = np.diff(stack, axis=1)
    return np.concatenate([stack.mean((1, 2)), stack.std((1, 2)), rows.std((1, 2))], axis=1)
