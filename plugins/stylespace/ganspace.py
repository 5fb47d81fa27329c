"""Principal components of W: after GANSpace (Härkönen et al. 2020, arXiv 2004.02546), for StyleGAN2 in W."""

from __future__ import annotations

import torch
from torch import Tensor

from ...plugin import StyleGenerator
from .signs import with_signs

SAMPLES = 10_000
SEED = 0
BATCH = 1_000


def components(generator: StyleGenerator, most: int) -> tuple[Tensor, Tensor]:
    """Give the mean ``(w_dim,)`` and the orthonormal components ``(count, w_dim)`` of mapped codes, widest first.

    The codes are those of ``SAMPLES`` normal latents of a fixed seed, not truncated, so a generator has one such basis.
    """
    draw = torch.Generator().manual_seed(SEED)
    z = torch.randn(SAMPLES, generator.z_dim, generator=draw)
    place = generator.w_mean.device
    w = torch.cat([generator.mapping(part.to(place)).cpu().double() for part in torch.split(z, BATCH)])
    mean = w.mean(dim=0)
    centred = w - mean
    _, vectors = torch.linalg.eigh(centred.T @ centred)  # ascending
    return mean, with_signs(vectors.T.flip(0)[:most])
