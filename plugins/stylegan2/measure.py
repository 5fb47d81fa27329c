"""What a fitted encoder and generator are worth, on images that they were not trained on."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ...plugin import Features, StyleEncoder, StyleGenerator, reconstruction_error
from ...training import frechet_distance, pooled_features
from .perceptual import Perceptual
from .tensors import as_pixels

BATCH, SYNTHESISED = 16, 32
MOST_SAMPLES = 1000


@torch.inference_mode()
def reconstructed(
    encoder: StyleEncoder, generator: StyleGenerator, images: Tensor, noise: Literal["fixed", "none"] = "fixed"
) -> Tensor:
    """Give the images made again from their codes, ``(images, 3, size, size)``."""
    made = [generator.synthesis(w=encoder.encode(some), noise=noise).images for some in torch.split(images, BATCH)]
    return torch.cat(made).clamp(-1, 1)


def psnr(images: Tensor, made: Tensor) -> float:
    """Give the mean over images of the signal-to-noise ratio in dB, both ``(images, 3, rows, columns)`` in -1..1."""
    square = ((images - made) / 2).square().mean(dim=(1, 2, 3)).clamp_min(1e-12)
    return float((-10 * torch.log10(square)).mean())


@torch.inference_mode()
def fidelity(images: Tensor, made: Tensor, features: Features) -> dict[str, float]:
    """Give the figures of a reconstruction.

    ``psnr`` as :func:`psnr`; ``pd_efflite0`` the perceptual distance (named after the default network);
    ``error_limit`` the error that 99 % of the images stay below.
    """
    perceptual = Perceptual(features)
    pairs = zip(torch.split(images, BATCH), torch.split(made, BATCH), strict=True)
    apart = torch.cat([perceptual.between(perceptual.of(one), perceptual.of(other)) for one, other in pairs])
    return {
        "psnr": round(psnr(images, made), 3),
        "pd_efflite0": round(float(apart.mean()), 5),
        "error_limit": round(float(torch.quantile(reconstruction_error(images, made), 0.99)), 5),
    }


@torch.inference_mode()
def sampled(generator: StyleGenerator, count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Give ``(count, size, size, 3)`` made of z of ``seed``, with the generator's own noise."""
    z = torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(seed)).to(generator.w_mean.device)
    parts = [generator.synthesis(w=generator.mapping(some)).images for some in torch.split(z, SYNTHESISED)]
    return as_pixels(torch.cat(parts))


def of_samples(generator: StyleGenerator, pixels: NDArray[np.uint8], features: Features) -> dict[str, float]:
    """Give the :func:`realism` of up to 1000 samples, beside images of a training set ``(images, size, size, 3)``."""
    count = min(MOST_SAMPLES, len(pixels) // 2)
    real = np.sort(np.random.default_rng(1).choice(len(pixels), 2 * count, replace=False))
    return realism(pixels[real], sampled(generator, count, seed=1), features)


def realism(images: NDArray[np.uint8], made: NDArray[np.uint8], features: Features, seed: int = 0) -> dict[str, float]:
    """Give the Fréchet distances of EfficientNet-Lite0 features: made images against images, and images against others.

    Args:
        images: ``(images, rows, columns, 3)``; at least twice as many as ``made``, halves of which are the baseline.
        made: ``(made, rows, columns, 3)``.
        features: the network.
        seed: of the halves.
    """
    order = np.random.default_rng(seed).permutation(len(images))
    count = min(len(made), len(images) // 2)
    one, other = (pooled(images[np.sort(part)], features) for part in (order[:count], order[count : 2 * count]))
    return {
        "fd_efflite0": round(frechet_distance(one, pooled(made[:count], features)), 3),
        "fd_efflite0_real": round(frechet_distance(one, other), 3),
        "fd_images": float(count),
    }


def pooled(images: NDArray[np.uint8], features: Features) -> NDArray[np.float32]:
    """Give the means of a layer's maps, ``(images, channels)``; pictures are scaled to the network's square."""
    return pooled_features((_scaled(row, features.size) for row in images), features)


def _scaled(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    if pixels.shape[0] == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))
