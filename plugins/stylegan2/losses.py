"""Penalties that keep an adversarial training steady. They differentiate twice, so they run without mixed precision."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def against_real(logits: Tensor) -> Tensor:
    """Give what it costs to take real for made, a mean; what is made pays it for not being taken for real."""
    return F.softplus(-logits.float()).mean()


def against_made(logits: Tensor) -> Tensor:
    """Give what it costs to take made for real, a mean."""
    return F.softplus(logits.float()).mean()


def gradient_penalty(judge: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Give the mean squared norm of the logits' gradient at real inputs (R1, Mescheder et al. 2018, arXiv 1801.04406).

    Args:
        judge: gives ``(inputs,)``.
        real: ``(inputs, …)``.
    """
    real = real.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(judge(real).sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(dim=1).mean()


def path_lengths(images: Tensor, codes: Tensor) -> Tensor:
    """Give ``(images,)``: how far a picture moves in a random direction for a step of its code (Karras et al. 2020).

    Args:
        images: ``(images, 3, rows, columns)``, made of ``codes``.
        codes: ``(images, n_w, w_dim)``, part of the graph of ``images``.
    """
    direction = torch.randn_like(images) / math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad((images * direction).sum(), codes, create_graph=True)
    return gradient.square().sum(dim=2).mean(dim=1).sqrt()
