"""The camera: where a point of the world lies in the picture, and what lens and sensor make of the light."""

from __future__ import annotations

import torch
from torch import Tensor

from .draws import Lot, key, uniform

FIELD = 60.0
"""Width of the picture in mm at magnification 1."""
_DISTANCE = 250.0
"""Camera to part in mm: gives a tilted view its perspective."""
_MOTION_TAPS = torch.linspace(-0.5, 0.5, 9)
_LUMINANCE = torch.tensor([0.2126, 0.7152, 0.0722])


def factor(lot: Lot, name: str, *, planes: int = 2, dtype: torch.dtype = torch.float32) -> Tensor:
    """Give a factor as ``(images, 1, …)`` with ``planes`` axes of length 1."""
    return torch.from_numpy(lot.factors[name]).to(dtype).reshape(-1, *[1] * planes)


def ground_points(lot: Lot, samples: int) -> tuple[Tensor, Tensor]:
    """Give x, y in mm, ``(images, samples, samples)``, of what each sample sees on the plane of the part's face.

    The middle of the picture is the origin, x runs right, y up.
    """
    at = (torch.arange(samples) + 0.5) / samples - 0.5
    scale, tilt = factor(lot, "scale"), torch.deg2rad(factor(lot, "tilt"))
    u, v = at[None, None, :] * FIELD / scale, -at[None, :, None] * FIELD / scale
    y = v * _DISTANCE / (_DISTANCE * torch.cos(tilt) - v * torch.sin(tilt))
    x = u * (_DISTANCE + y * torch.sin(tilt)) / _DISTANCE
    return x, y.expand_as(x)


def on_the_part(lot: Lot, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Give points of the world in the frame of the part."""
    x, y = x - factor(lot, "offset_x"), y + factor(lot, "offset_y")
    turn = torch.deg2rad(factor(lot, "rotation"))
    return x * torch.cos(turn) + y * torch.sin(turn), y * torch.cos(turn) - x * torch.sin(turn)


def project(lot: Lot, x: Tensor, y: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Give the pixel (column, row; 0 is the left or upper edge) of points of the part: the exact inverse of the two above.

    ``x`` and ``y`` are ``(images, points)`` in mm, ``float64``.
    """

    def of(name: str) -> Tensor:
        return factor(lot, name, planes=1, dtype=torch.float64)

    turn, tilt = torch.deg2rad(of("rotation")), torch.deg2rad(of("tilt"))
    wx = x * torch.cos(turn) - y * torch.sin(turn) + of("offset_x")
    wy = y * torch.cos(turn) + x * torch.sin(turn) - of("offset_y")
    nearer = _DISTANCE / (_DISTANCE + wy * torch.sin(tilt)) * of("scale") / FIELD
    return (wx * nearer + 0.5) * size, (0.5 - wy * torch.cos(tilt) * nearer) * size


def lens(lot: Lot, light: Tensor, size: int) -> Tensor:
    """Gather samples ``(images, 3, samples, samples)`` into pixels ``(images, 3, size, size)``, blurred by focus and motion.

    A pixel is the mean over its square, over the way of the belt, under a Gaussian; as two matrix products.
    """
    samples = light.shape[-1]
    pixel = FIELD / size
    sigma = torch.sqrt((factor(lot, "defocus") / pixel) ** 2 + 0.25**2)
    across = _gather(size, samples, sigma, factor(lot, "motion_blur") / pixel)
    down = _gather(size, samples, sigma, None)
    return down[:, None] @ light @ across[:, None].transpose(-1, -2)


def _gather(size: int, samples: int, sigma: Tensor, way: Tensor | None) -> Tensor:
    """Give weights ``(images, size, samples)`` that sum to 1 over the samples; ``sigma`` and ``way`` in pixels, as planes."""
    each = samples // size
    # Weights depend on how far sample and pixel are apart, so they are worked out once for each such distance.
    apart = ((torch.arange(samples + each * (size - 1)) - each * (size - 1) + 0.5) / each - 0.5)[None, None]
    shifts = [torch.zeros(1)] if way is None else [way * tap for tap in _MOTION_TAPS]
    total = torch.stack([_box_under_gauss(apart + shift, sigma) for shift in shifts]).sum(0)[:, 0]
    places = torch.arange(samples)[None, :] - each * torch.arange(size)[:, None] + each * (size - 1)
    weights = total[:, places]
    return weights / weights.sum(-1, keepdim=True)


def _box_under_gauss(apart: Tensor, sigma: Tensor) -> Tensor:
    root = sigma * 2**0.5
    return torch.erf((apart + 0.5) / root) - torch.erf((apart - 0.5) / root)


def sensor(lot: Lot, light: Tensor) -> Tensor:
    """Turn light ``(images, 3, size, size)`` into values 0..1 as stored: vignetting, dust, haze, exposure, noise, colours.

    The sensor is linear up to full scale, where it clips.
    """
    size = light.shape[-1]
    at = ((torch.arange(size) + 0.5) / size - 0.5) * 2**0.5
    radius = at[:, None] ** 2 + at[None, :] ** 2
    light = light * torch.exp2(-factor(lot, "vignetting") * radius)[:, None]
    light = light * _dust(lot, size)[:, None]
    haze = factor(lot, "haze", planes=3) / 100
    light = light * (1 - haze) + haze * light.mean(dim=(2, 3), keepdim=True)
    green = factor(lot, "green_gain", planes=1) * torch.tensor([0.0, 1.0, 0.0])
    light = light * torch.exp2(factor(lot, "exposure", planes=1) + green)[..., None, None]
    read = factor(lot, "read_noise", planes=3) / 100
    spread = torch.sqrt(light.clamp(0, 1) / factor(lot, "full_well", planes=3) + read**2)
    seen = (light + spread * _grain(lot, size)).clamp(max=1)
    grey = (seen * _LUMINANCE[:, None, None]).sum(1, keepdim=True)
    return (grey + factor(lot, "saturation", planes=3) * (seen - grey)).clamp(0, 1)


def _grain(lot: Lot, size: int) -> Tensor:
    seed = key(lot.seed, "sensor")
    streams = [torch.Generator().manual_seed((seed + int(i) * 0x9E3779B97F4A7C15) % 2**63) for i in lot.index]
    return torch.stack([torch.randn(3, size, size, generator=stream) for stream in streams])


def _dust(lot: Lot, size: int) -> Tensor:
    """Give what specks on the glass let through, ``(images, size, size)``."""
    clear = torch.ones(len(lot), size, size)
    rows = (torch.arange(size) + 0.5) * (FIELD / size)
    for i, (x, y, radius, depth) in _specks(lot):
        r = torch.hypot(rows[None, :] - x * FIELD, rows[:, None] - y * FIELD)
        clear[i] *= 1 - depth * torch.sigmoid((radius - r) / 0.25)
    return clear


def _specks(lot: Lot) -> list[tuple[int, tuple[float, float, float, float]]]:
    """Choose specks: a Poisson number an image; each with place (share of the picture), radius in mm, and depth."""
    import numpy as np
    from scipy.stats import poisson

    counts = poisson.ppf(lot.of_image("dust"), np.maximum(lot.factors["dust"], 1e-9)).astype(int)
    found = []
    for i, count in enumerate(counts):
        counter = lot.index[i] * 1000 + np.arange(count)
        x, y, r, depth = (uniform(lot.seed, f"dust/{what}", counter) for what in ("x", "y", "radius", "depth"))
        found += [(i, (float(x[k]), float(y[k]), 0.65 + 0.6 * float(r[k]), 0.4 + 0.3 * float(depth[k]))) for k in range(count)]
    return found
