"""Renders two small sets of machined plates with a known difference, for ``make demo``.

The site is lit 1.3 times as brightly by a warmer lamp; the plates are the same kind. Run it as
``python examples/plates.py FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, gaussian_filter1d

SIZE = 192
IMAGES = 60
WARM = np.array([1.10, 1.0, 0.86])

Plane = NDArray[np.float64]


def rounded_box(x: Plane, y: Plane, half: tuple[float, float], radius: float) -> Plane:
    """Signed distance to a rounded rectangle about the origin, negative inside."""
    dx, dy = np.abs(x) - half[0] + radius, np.abs(y) - half[1] + radius
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return outside + np.minimum(np.maximum(dx, dy), 0) - radius


def plate(rng: np.random.Generator) -> tuple[Plane, Plane, Plane]:
    """Give the height field, the mask and the brushed texture of one plate, ``(SIZE, SIZE)`` each."""
    grid = np.linspace(-1, 1, SIZE)
    x, y = np.meshgrid(grid, grid)
    angle = np.deg2rad(rng.normal(0, 4))
    x, y = x - rng.normal(0, 0.04), y - rng.normal(0, 0.04)
    x, y = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    half = (rng.normal(0.66, 0.015), rng.normal(0.46, 0.015))
    solid = rounded_box(x, y, half, 0.12)
    for cx, cy in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        solid = np.maximum(solid, 0.075 - np.hypot(x - cx * (half[0] - 0.16), y - cy * (half[1] - 0.16)))
    solid = np.maximum(solid, 0.17 - np.hypot(x, y))
    height = 0.06 * np.clip(-solid / 0.05, 0, 1)
    grain = gaussian_filter1d(rng.normal(0, 1, (SIZE, SIZE)), 9, axis=1)
    return height, np.clip(0.5 - solid * SIZE / 2, 0, 1), grain


def photograph(rng: np.random.Generator, level: float, lamp: Plane) -> Image.Image:
    """Light one plate with a lamp of colour ``lamp`` and take an 8-bit picture of it."""
    height, mask, grain = plate(rng)
    slope_y, slope_x = np.gradient(height + 0.0006 * grain, 2 / SIZE)
    normal = np.stack([-slope_x, -slope_y, np.ones_like(slope_x)])
    normal /= np.linalg.norm(normal, axis=0)
    towards = np.array([-0.45, -0.55, 0.70]) / np.linalg.norm([-0.45, -0.55, 0.70])
    halfway = towards + np.array([0, 0, 1])
    halfway /= np.linalg.norm(halfway)
    diffuse = np.clip(np.tensordot(towards, normal, 1), 0, 1)
    gloss = np.clip(np.tensordot(halfway, normal, 1), 0, 1) ** 40
    metal = 0.20 + 0.42 * diffuse + 0.20 * gloss
    shadow = gaussian_filter(np.roll(mask, (5, 4), axis=(0, 1)), 4)
    ground = 0.16 * (1 - 0.6 * shadow) + 0.004 * gaussian_filter(rng.normal(0, 1, (SIZE, SIZE)), 1) * SIZE / 20
    light = level * rng.normal(1, 0.025) * (mask * metal + (1 - mask) * ground)
    signal = light[..., None] * lamp
    noisy = signal + rng.normal(0, 1, signal.shape) * np.sqrt(0.00002 + 0.00012 * signal)
    return Image.fromarray(np.rint(np.clip(noisy, 0, 1) * 255).astype(np.uint8))


def render(folder: Path) -> None:
    """Write ``folder/development`` and ``folder/site``."""
    for seed, (name, level, lamp) in enumerate((("development", 0.62, np.ones(3)), ("site", 0.62 * 1.3, WARM))):
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed)
        for number in range(IMAGES):
            photograph(rng, level, lamp).save(place / f"plate_{number:03d}.png")


if __name__ == "__main__":
    render(Path(sys.argv[1] if len(sys.argv) > 1 else "demo-images"))
