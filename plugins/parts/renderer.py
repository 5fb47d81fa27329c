"""Pictures of parts: scene, light, lens, sensor; a block at a time, so that no picture depends on its company."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from . import light as lamps
from .camera import factor, lens, sensor
from .config import PartsSite
from .defects import share
from .draws import Lot, lot_of
from .scene import Scene, scene_of
from .surface import ribs, texture, weave

VERSION = 1
"""Goes up whenever a pixel or a number of the truth changes."""
SUPERSAMPLING = 2
_SAMPLES_A_BLOCK = 2**17
_GAIN = 1.0
_GROUND_TINT = {"belt": (0.93, 1.0, 0.97), "tray": (1.0, 0.985, 0.95), "mat": (0.84, 0.96, 1.12)}
_GROUND_FINE = {"belt": (0.07, 0.035), "tray": (0.025, 0.015), "mat": (0.05, 0.05)}
"""How much blotches and grit change the reflectance of a ground, standard deviation."""
_OIL = torch.tensor([0.42, 0.52, 0.66])
"""Share of red, green and blue that a stain takes."""


@dataclass(frozen=True)
class World:
    """A site from which images are taken: image ``i`` is fixed by this and ``i`` alone."""

    site: PartsSite
    seed: int = 0
    size: int = 128
    views: int = 1
    like: PartsSite | None = None

    def lot(self, index: Sequence[int] | NDArray[np.int64]) -> Lot:
        """Give all choices of the images ``index``."""
        return lot_of(self.site, self.seed, np.asarray(index, np.int64), views=self.views, like=self.like)

    @property
    def block(self) -> int:
        """Images that are always rendered together."""
        return max(1, _SAMPLES_A_BLOCK // (self.size * SUPERSAMPLING) ** 2)


@dataclass(frozen=True)
class Rendering:
    """Images ``(images, size, size, 3)`` ``uint8`` before any JPEG, and masks ``(images, size, size)`` bool.

    ``part`` is the metal itself, without its holes; ``defects`` has one mask for each defect that occurs.
    """

    pixels: NDArray[np.uint8]
    part: NDArray[np.bool_]
    defects: dict[str, NDArray[np.bool_]]


def render(world: World, index: Sequence[int] | NDArray[np.int64]) -> Rendering:
    """Render the images ``index``.

    Whole blocks are rendered whatever part of them is asked for, so that an image is the same to the
    bit in every company.
    """
    index = np.asarray(index, np.int64)
    blocks = {int(b): render_block(world, int(b)) for b in dict.fromkeys(index // world.block)}
    at = [(blocks[int(i) // world.block], int(i) % world.block) for i in index]
    names = sorted({name for block in blocks.values() for name in block.defects})
    nothing = np.zeros((world.size, world.size), np.bool_)
    return Rendering(
        pixels=np.stack([block.pixels[k] for block, k in at]),
        part=np.stack([block.part[k] for block, k in at]),
        defects={n: np.stack([b.defects[n][k] if n in b.defects else nothing for b, k in at]) for n in names},
    )


def render_block(world: World, block: int) -> Rendering:
    """Render the images ``block * world.block`` and following."""
    lot = world.lot(np.arange(block * world.block, (block + 1) * world.block))
    with torch.inference_mode():
        scene = scene_of(lot, world.size * SUPERSAMPLING)
        light = lens(lot, _radiance(world.site.ground, lot, scene), world.size)
        values = sensor(lot, light)
        pixels = (values * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
        return Rendering(
            pixels=pixels,
            part=_mask(scene.cover, world.size, 0.5),
            defects={name: _mask(mask, world.size, 0.25) for name, mask in scene.defects.items()},
        )


def jpeg(pixels: NDArray[np.uint8], quality: float) -> bytes:
    """Give one image as a JPEG file, colours at full resolution as cameras for inspection store them."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=round(quality), subsampling=0)
    return file.getvalue()


def _mask(plane: Tensor, size: int, least: float) -> NDArray[np.bool_]:
    return np.asarray(adaptive_avg_pool2d(plane[:, None], size)[:, 0].numpy() >= least)


def _radiance(ground: str, lot: Lot, scene: Scene) -> Tensor:
    """Give the light that reaches the lens, ``(images, 3, samples, samples)``."""
    height = scene.cover * scene.top
    open_room = lamps.contact(height)
    ambient = factor(lot, "ambient")
    tilt = torch.deg2rad(factor(lot, "tilt"))
    view = (torch.zeros_like(tilt), -torch.sin(tilt), torch.cos(tilt))
    normal = lamps.normal_of(scene.slope_x, scene.slope_y)
    alpha = (factor(lot, "roughness") * (1 + 0.05 * scene.mottle)).clamp(0.05, 1)
    alpha = torch.sqrt(alpha**2 + (0.5 * torch.deg2rad(factor(lot, "lamp_size"))) ** 2)
    brushed = torch.from_numpy(lot.brushed)[:, None, None]
    dull = torch.where(brushed, 0.14, 0.34)
    metal, floor = torch.zeros_like(height), torch.zeros_like(height)
    for which in ("lamp", "fill"):
        to_lamp, strength = lamps.lamp_at(lot, which, scene.x, scene.y)
        strength = strength * lamps.shadow(lot, which, height)
        diffuse = lamps.dot(normal, to_lamp).clamp(min=0)
        shine = lamps.microfacet(normal, to_lamp, view, alpha).clamp(max=12)
        metal += strength * ((1 - dull) * shine + dull * diffuse)
        floor += strength * to_lamp[2].clamp(min=0)
    # The room as metal mirrors it: bright ceiling, darker walls.
    up = 2 * normal[2] * lamps.dot(normal, view) - view[2]
    room_metal = ambient * open_room * (0.45 + 0.75 * up.clamp(min=0) ** 2)
    level, tint = _metal_tone(lot, scene)
    level = level * scene.cover
    below, below_tint = _ground_tone(ground, lot, scene)
    below = below * (1 - scene.cover)
    lamp_colour, room_colour = lamps.colours(lot)
    planes = [metal * level, room_metal * level, floor * below, ambient * open_room**1.5 * below]
    tints = [tint * lamp_colour, tint * room_colour, below_tint * lamp_colour, below_tint * room_colour]
    if "stain" in scene.defects:
        planes += [planes[0] * scene.stain, planes[1] * scene.stain]
        tints += [-_OIL * tints[0], -_OIL * tints[1]]
    # Light of one colour each, mixed into red, green and blue by one product of matrices.
    mixed = torch.stack(tints, dim=2) @ torch.stack(planes, dim=1).flatten(2)
    return _GAIN * mixed.reshape(len(lot), 3, *scene.cover.shape[1:])


def _metal_tone(lot: Lot, scene: Scene) -> tuple[Tensor, Tensor]:
    """Give the reflectance of the metal at each place, and its tint ``(images, 3)``."""
    warm = (share(lot, "metal/tint") - 0.35) * 0.03
    tint = torch.cat([1 + warm, torch.ones_like(warm), 1 - 1.3 * warm], dim=2)[:, 0]
    level = factor(lot, "reflectance") / 100 * (1 + 0.035 * scene.mottle)
    level = level * (1 - 0.4 * scene.code.clamp(max=1.6))
    if "scratch" in scene.defects:
        level = level * (1 + 0.55 * scene.bare)
    if "crack" in scene.defects:
        level = level * (1 - 0.88 * scene.dark)
    return level, tint


def _ground_tone(ground: str, lot: Lot, scene: Scene) -> tuple[Tensor, Tensor]:
    """Give reflectance and tint ``(images, 3)`` of the ground, whose pattern moves on from image to image."""
    dx, dy = (torch.from_numpy(lot.of_image(f"ground/{axis}")).float()[:, None, None] * 64 for axis in "xy")
    x, y = scene.x + dx, scene.y + dy
    fine = texture(x, y, torch.zeros(len(lot), 1, 1, dtype=torch.bool))
    pattern = {"belt": lambda: weave(x, y), "tray": lambda: ribs(x), "mat": lambda: 1 + 0.05 * fine[:, 0]}[ground]()
    blotches, grit = _GROUND_FINE[ground]
    level = factor(lot, "ground_reflectance") / 100 * pattern * (1 + blotches * fine[:, 2] + grit * fine[:, 1]).clamp(min=0.3)
    return level, torch.tensor(_GROUND_TINT[ground]).expand(len(lot), 3)
