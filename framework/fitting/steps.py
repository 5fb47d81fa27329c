"""What a step of a training does whatever it trains: its random choices, its descent, and weights that are averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor, nn


def seeded(seed: int, number: int, process: int) -> np.random.Generator:
    """Seed torch, and give numbers for numpy, from the step alone: a training that resumes draws what it would have drawn.

    Args:
        seed: of the training.
        number: of the step.
        process: which of those that train together this is; each draws for itself.
    """
    import torch

    draws = np.random.default_rng([seed, number, process])
    torch.manual_seed(int(draws.integers(2**62)))
    return draws


def descend(accelerator: Any, loss: Tensor, *optimisers: Any) -> None:
    """Step down the gradient of ``loss``, a mean over all processes, with every one of ``optimisers``.

    Args:
        accelerator: that of the package accelerate, which also prepared the optimisers.
        loss: one number.
        optimisers: of the parameters that learn.
    """
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    accelerator.backward(loss)
    if accelerator.num_processes > 1:
        _share(accelerator, [group for optimiser in optimisers for group in optimiser.param_groups])
    for optimiser in optimisers:
        optimiser.step()


def _share(accelerator: Any, groups: list[dict[str, Any]]) -> None:
    """Let all processes have the mean of their gradients, in one message."""
    import torch

    gradients = [p.grad for group in groups for p in group["params"] if p.grad is not None]
    mean = accelerator.reduce(torch.cat([gradient.flatten() for gradient in gradients]), "mean")
    for gradient, part in zip(gradients, mean.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def update_average(
    average: nn.Module, network: nn.Module, *, images: int, number: int, half_life: float, ramp: float = 0.05
) -> None:
    """Let averaged weights follow a network's after a step.

    Args:
        average: what follows, a copy of ``network``.
        network: what learns.
        images: of a step, over all processes.
        number: of the step, from 1.
        half_life: after so many images half of what was is forgotten.
        ramp: early on sooner, after this share of the images so far.
    """
    import torch

    half = min(half_life, ramp * images * number)
    with torch.no_grad():
        for old, new in zip(average.parameters(), network.parameters(), strict=True):
            old.lerp_(new, 1 - 0.5 ** (images / half))
