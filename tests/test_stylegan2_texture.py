"""Texture: how much grain there is, not where; and a joint fit that takes it up late."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from shiftlens.plugins.stylegan2.joint_config import JointConfig
from shiftlens.plugins.stylegan2.pair import Joint
from shiftlens.plugins.stylegan2.texture import texture_distance

SIZE = 64


def grain(seed: int, strength: float = 0.1) -> torch.Tensor:
    return strength * torch.randn(4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def test_other_grain_of_the_same_strength_is_near() -> None:
    assert texture_distance(grain(0), grain(0)) == 0
    assert texture_distance(grain(0), grain(1)) < 0.2
    assert (grain(0) - grain(1)).abs().mean() > 0.1  # pixel by pixel they have nothing in common


@pytest.mark.parametrize("factor", [0.5, 2.0, 4.0])
def test_strength_is_a_difference_of_log_powers(factor: float) -> None:
    apart = texture_distance(grain(0, 0.2), grain(0, 0.2 * factor))
    assert apart == pytest.approx(abs(math.log(factor**2)), rel=0.02)


def test_light_and_slow_shading_are_no_texture() -> None:
    ramp = torch.linspace(-0.5, 0.5, SIZE).expand(1, 3, SIZE, SIZE)
    assert texture_distance(grain(0), grain(0) + 0.3) < 1e-3
    assert texture_distance(torch.zeros_like(ramp), ramp) < 0.1
    assert texture_distance(torch.zeros_like(ramp), grain(0, 0.001)) < 0.02  # below what eight bits show


def test_grain_in_one_corner_is_told_from_grain_all_over() -> None:
    corner = torch.zeros(4, 3, SIZE, SIZE)
    corner[..., : SIZE // 2, : SIZE // 2] = grain(0)[..., : SIZE // 2, : SIZE // 2]
    assert texture_distance(corner, grain(1)) > 3 * texture_distance(grain(0), grain(1))


def test_a_gradient_reaches_a_flat_picture() -> None:
    flat = (1e-4 * torch.randn(2, 3, SIZE, SIZE)).requires_grad_(True)
    texture_distance(flat, grain(0)[:2]).backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()
    assert flat.grad.abs().sum() > 0


def joint(**values: Any) -> Joint:
    config = JointConfig.model_validate({"preset": "try", "size": 32, "perceptual": 0.0} | values)
    return Joint(config, SimpleNamespace(layers=()), Accelerator(cpu=True))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "spent", "said"),
    [
        ({}, 0.4, set()),
        ({}, 0.6, {"texture", "adversarial", "judge"}),
        ({"grain_from": 0.2}, 0.4, {"texture", "adversarial", "judge"}),
        ({"adversarial": 0.0}, 0.6, {"texture"}),
        ({"texture": 0.0}, 0.6, {"texture", "adversarial", "judge"}),
        ({"adversarial": 0.0, "texture": 0.0}, 0.6, set()),
    ],
)
def test_noise_comes_in_late_and_only_where_something_wants_it(values: dict[str, Any], spent: float, said: set[str]) -> None:
    torch.manual_seed(0)
    made = joint(**values)
    before = [layer.noise.weight.item() for layer in made.pair.generator.convs]
    losses = made.step(torch.rand(8, 3, 32, 32) - 0.5, 1, spent)
    after = [layer.noise.weight.item() for layer in made.pair.generator.convs]
    assert losses.keys() - {"pixels", "perceptual", "delta", "latent"} == said
    assert all(loss.isfinite() for loss in losses.values())
    assert (before != after) == bool(said)


def test_noise_that_came_in_stays_when_the_budget_grows() -> None:
    torch.manual_seed(0)
    images = torch.rand(8, 3, 32, 32) - 0.5
    early, late, resumed = joint(), joint(), joint()
    early.step(images, 1, 0.1)
    late.step(images, 1, 0.6)
    resumed.restore(early.state())
    assert not resumed.grained
    resumed.restore(late.state())
    assert "texture" in resumed.step(images, 2, 0.2)


@pytest.mark.parametrize("batch", [4, 5, 16])
def test_the_judge_sees_as_many_images_as_pictures(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made, seen = joint(), []
    forward = made.judge.forward
    monkeypatch.setattr(made.judge, "forward", lambda images: (seen.append(len(images)), forward(images))[1])
    made.step(torch.rand(batch, 3, 32, 32) - 0.5, 1, 0.6)
    assert len(set(seen)) == 1
