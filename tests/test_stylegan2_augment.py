"""Adaptive augmentation and the penalties of adversarial training, against what they are on paper."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from shiftlens.plugins.stylegan2.augment import MOST, adjusted, augmented, colours, placed, positions
from shiftlens.plugins.stylegan2.losses import against_made, against_real, gradient_penalty, path_lengths


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(64, 3, 16, 16) * 2 - 1


def number(value: float) -> Tensor:
    return torch.tensor(value)


def test_nothing_is_changed_at_probability_zero(images: Tensor) -> None:
    assert torch.equal(augmented(images, number(0.0)), images)


@pytest.mark.parametrize("p", [0.02, 0.1, 0.5])
def test_as_many_pictures_are_left_alone_as_chance_says(p: float) -> None:
    """Some changes are drawn and yet leave the picture alone, so the share is at least that of no draw at all."""
    place, moved = positions(4000, 16, number(p))
    colour, tinted = colours(4000, number(p))
    assert 1 - p < float((~moved).float().mean()) ** (1 / 8) < 1
    assert float((~moved).float().mean()) >= (1 - p) ** 8 - 0.03
    assert float((~tinted).float().mean()) >= (1 - p) ** 5 - 0.03
    assert (place[~moved] == torch.eye(3)).all()
    assert (colour[~tinted] - torch.eye(4)).abs().max() < 1e-4


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_mirrors_and_quarter_turns_lose_nothing(images: Tensor, quarters: int, mirrored: bool) -> None:
    angle = quarters * math.pi / 2
    turn = [[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]]
    place = torch.tensor(turn) @ torch.diag(torch.tensor([-1.0 if mirrored else 1.0, 1.0, 1.0]))
    wanted = torch.rot90(images, quarters, (2, 3))
    assert (placed(images, place.repeat(64, 1, 1)) - (wanted.flip(3) if mirrored else wanted)).abs().max() < 1e-5


def test_shifts_by_whole_pixels_lose_nothing_and_mirror_the_border(images: Tensor) -> None:
    place = torch.eye(3).repeat(64, 1, 1)
    place[:, 0, 2] = -2 * 2 / 16
    shifted = placed(images, place)
    assert (shifted[..., 2:] - images[..., :-2]).abs().max() < 1e-5
    assert (shifted[..., :2] - images[..., :2].flip(3)).abs().max() < 1e-5


def test_every_kind_of_change_is_drawn() -> None:
    place, _ = positions(3000, 16, number(0.8))
    linear = place[:, :2, :2]
    determinant = torch.linalg.det(linear)
    assert 0.35 < float((determinant < 0).float().mean()) < 0.45, "mirrored in half of the cases drawn"
    assert determinant.abs().log2().std() == pytest.approx(2 * 0.2 * math.sqrt(0.8), rel=0.1), "areas"
    singular = torch.linalg.svdvals(linear)
    assert (singular[:, 0] / singular[:, 1]).log2().std() > 0.1, "stretched"
    shift = place[:, :2, 2]
    assert 0.15 < shift.std() < 0.5, "shifted"


def test_shifts_by_whole_pixels_and_by_parts_of_them_are_drawn(images: Tensor) -> None:
    side = images.shape[-1]
    place, _ = positions(3000, side, number(0.3))
    straight = place[(place[:, :2, :2] == torch.eye(2)).all(dim=(1, 2))]
    pixels = straight[:, :2, 2] * side / 2
    whole = (pixels - pixels.round()).abs().amax(dim=1) < 1e-4
    assert 0.1 < float((~whole).float().mean()) < 0.5
    assert pixels[whole].abs().max() == 2


def test_grey_pictures_keep_their_grey_axis() -> None:
    """Turning hues and saturation moves no grey; the other colour changes keep it grey."""
    colour, _ = colours(500, number(0.8))
    grey = torch.tensor([0.3, 0.3, 0.3, 1.0])
    shown = colour @ grey
    assert (shown[:, :3].amax(dim=1) - shown[:, :3].amin(dim=1)).max() < 1e-4
    assert (shown[:, 3] - 1).abs().max() < 1e-6


def test_saturated_colours_are_turned_and_faded() -> None:
    colour, _ = colours(2000, number(0.8))
    red = (colour @ torch.tensor([1.0, -1.0, -1.0, 1.0]))[:, :3]
    strongest = red.argmax(dim=1)
    assert {0, 1, 2} == set(strongest.tolist())
    chroma = red - red.mean(dim=1, keepdim=True)
    assert chroma.norm(dim=1).log2().std() > 0.5


def test_gradients_reach_the_picture_that_was_sampled(images: Tensor) -> None:
    given = images.clone().requires_grad_(True)
    augmented(given, number(0.6)).square().sum().backward()
    assert given.grad is not None
    assert given.grad.isfinite().all()
    assert (given.grad.flatten(1).abs().sum(dim=1) > 0).all()


def test_the_probability_follows_how_sure_the_discriminator_is() -> None:
    p = number(0.0)
    for _ in range(50):
        p = adjusted(p, number(0.9), 64, target=0.6, until=6400)
    assert p == pytest.approx(0.5, abs=1e-5)
    assert adjusted(p, number(0.1), 64, target=0.6, until=6400) == pytest.approx(0.49, abs=1e-5)
    assert adjusted(number(MOST), number(0.9), 640, target=0.6, until=6400) == pytest.approx(MOST)
    assert adjusted(number(0.0), number(0.1), 640, target=0.6, until=6400) == 0


def test_losses_are_the_logarithms_of_the_paper() -> None:
    logits = torch.tensor([-3.0, 0.0, 2.0])
    real = torch.sigmoid(logits)
    assert against_real(logits) == pytest.approx(float(-real.log().mean()), rel=1e-5)
    assert against_made(logits) == pytest.approx(float(-(1 - real).log().mean()), rel=1e-5)


@pytest.mark.parametrize(
    ("judge", "expected"),
    [
        (lambda x: 2 * x.flatten(1)[:, 0] - 3 * x.flatten(1)[:, 5], lambda _: 13.0),
        (lambda x: x.square().flatten(1).sum(1), lambda x: float(4 * x.square().flatten(1).sum(1).mean())),
    ],
)
def test_the_gradient_penalty_is_the_mean_squared_slope(
    images: Tensor, judge: Callable[[Tensor], Tensor], expected: Callable[[Tensor], float]
) -> None:
    assert float(gradient_penalty(judge, images).detach()) == pytest.approx(expected(images), rel=1e-5)


def test_the_length_of_a_path_is_how_far_the_picture_moves_for_its_code() -> None:
    """Of a picture that is its code times a matrix, it is the norm of that matrix's product with the direction."""
    matrix = torch.randn(2 * 4, 3 * 6 * 6)
    codes = torch.randn(5, 2, 4).requires_grad_(True)
    images = (codes.flatten(1) @ matrix).view(5, 3, 6, 6)
    torch.manual_seed(1)
    found = path_lengths(images, codes)
    torch.manual_seed(1)
    direction = torch.randn(5, 3, 6, 6) / 6
    plain = (direction.flatten(1) @ matrix.T).view(5, 2, 4).square().sum(2).mean(1).sqrt()
    assert (found - plain).abs().max() < 1e-5
