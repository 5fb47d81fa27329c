"""What every step of a training shares: random choices by its number, one mean gradient, averaged weights."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from shiftlens.training import descend, seeded, update_average


class Two:
    """An accelerator of two processes; the other one has the gradients that ``others`` makes of these."""

    num_processes = 2

    def __init__(self, others: Callable[[Tensor], Tensor]) -> None:
        self.others, self.messages = others, 0

    def backward(self, loss: Tensor) -> None:
        loss.backward()

    def reduce(self, mine: Tensor, how: str) -> Tensor:
        assert how == "mean"
        self.messages += 1
        return (mine + self.others(mine)) / 2


def test_processes_step_down_the_mean_of_their_gradients_in_one_message() -> None:
    weights = [nn.Parameter(torch.ones(shape)) for shape in ((2, 3), (4,), (1,))]
    optimisers: list[Any] = [torch.optim.SGD(weights[:1], lr=1.0), torch.optim.SGD(weights[1:], lr=0.5)]
    accelerator = Two(lambda mine: 3 * mine)
    descend(accelerator, weights[0].sum() + (2 * weights[1]).sum(), *optimisers)
    assert torch.equal(weights[0], torch.full((2, 3), 1 - 2.0))
    assert torch.equal(weights[1], torch.full((4,), 1 - 0.5 * 4.0))
    assert torch.equal(weights[2], torch.ones(1)), "it has no part in the loss"
    assert accelerator.messages == 1


def test_a_gradient_of_before_does_not_count_again() -> None:
    weight = nn.Parameter(torch.zeros(1))
    for _ in range(2):
        descend(Two(lambda mine: mine), weight.sum(), torch.optim.SGD([weight], lr=1.0))
    assert weight.item() == -2


@pytest.mark.parametrize(("batch", "steps"), [(1, 100), (10, 10), (50, 2)])
def test_after_a_half_life_half_is_forgotten_whatever_the_batch(batch: int, steps: int) -> None:
    network = nn.Linear(2, 2)
    average = deepcopy(network)
    nn.init.zeros_(network.weight)
    before = average.weight.detach().clone()
    for number in range(1, steps + 1):
        update_average(average, network, images=batch, number=number, half_life=100, ramp=1e9)
    assert torch.allclose(average.weight, before / 2)


def test_early_on_averaged_weights_follow_sooner() -> None:
    network = nn.Linear(1, 1)
    average = deepcopy(network)
    nn.init.zeros_(network.weight)
    before = average.weight.item()
    update_average(average, network, images=8, number=10, half_life=1e6, ramp=0.1)
    assert average.weight.item() == pytest.approx(before / 2), "a tenth of 80 images is the half-life"


def test_choices_follow_from_seed_step_and_process_alone() -> None:
    def drawn(*place: int) -> tuple[int, float]:
        return int(seeded(*place).integers(2**40)), float(torch.rand(1))

    first = drawn(0, 3, 1)
    torch.manual_seed(99)
    assert drawn(0, 3, 1) == first
    assert len({first, drawn(1, 3, 1), drawn(0, 4, 1), drawn(0, 3, 0)}) == 4
