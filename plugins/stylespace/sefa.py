"""Directions without data: after SeFa (Shen and Zhou 2021, arXiv 2007.06600), eigenvectors of the style layers' weights."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from ...plugin import StyleGenerator
from .signs import with_signs


def affine(generator: StyleGenerator) -> Tensor:
    """Give the weights ``(w_dim, sum of widths)`` of all layers that turn codes into styles, which are affine in the code."""
    unit = torch.eye(generator.w_dim, dtype=generator.w_mean.dtype, device=generator.w_mean.device)
    weights: Tensor = (generator.styles(unit) - generator.styles(torch.zeros_like(unit))).cpu().double()
    return weights


def directions(generator: StyleGenerator, codes: Collection[int], most: int) -> Tensor:
    """Give orthonormal directions ``(count, w_dim)`` that change the styles most, strongest first.

    Args:
        generator: whose layers are looked at.
        codes: indices of codes; only the layers that these style take part.
        most: number of directions.
    """
    taken = torch.cat([torch.full((layer.width,), layer.w in codes) for layer in generator.layers])
    weights = affine(generator)[:, taken]
    weights = weights / weights.norm(dim=0, keepdim=True).clamp(min=torch.finfo(weights.dtype).tiny)
    _, vectors = torch.linalg.eigh(weights @ weights.T)  # ascending
    return with_signs(vectors.T.flip(0)[:most])
