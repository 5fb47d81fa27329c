"""Lamps and how metal and ground answer them: black-body colour, microfacets, soft and contact shadow."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate

from .camera import FIELD, factor
from .draws import Lot

_WAVELENGTHS = torch.tensor([0.600, 0.540, 0.450])
"""Where red, green and blue of the sensor are sensitive, in µm."""
_C2 = 14387.77
"""Second radiation constant in µm·K (CODATA 2018)."""
_ROOM = 6000.0
"""Colour temperature of the room's light in K."""
_STEPS = 8
Vector = tuple[Tensor, Tensor, Tensor]


def black_body(kelvin: Tensor, white: Tensor) -> Tensor:
    """Give red, green and blue ``(images, 3)`` of a black body where one at ``white`` K is neutral; green is 1."""

    def radiance(t: Tensor) -> Tensor:
        values = 1 / torch.expm1(_C2 / (_WAVELENGTHS * t[:, None]))
        return values / values[:, 1:2]

    return radiance(kelvin) / radiance(white)


def colours(lot: Lot) -> tuple[Tensor, Tensor]:
    """Give the colour of the lamps and of the room, ``(images, 3)`` each, as this camera shows them."""
    lamp, white = (factor(lot, name, planes=0) for name in ("lamp_temperature", "white_balance"))
    return tuple(black_body(t, white) for t in (lamp, torch.full_like(lamp, _ROOM)))  # type: ignore[return-value]


def lamp_at(lot: Lot, which: str, x: Tensor, y: Tensor) -> tuple[Vector, Tensor]:
    """Give the unit vector to the lamp and its strength (power over distance squared, 1 at the middle) at each place."""
    azimuth = torch.deg2rad(factor(lot, f"{which}_azimuth"))
    elevation, distance = torch.deg2rad(factor(lot, "lamp_elevation")), factor(lot, "lamp_distance")
    flat = torch.cos(elevation) * distance
    dx, dy, dz = flat * torch.cos(azimuth) - x, flat * torch.sin(azimuth) - y, torch.sin(elevation) * distance
    squared = dx * dx + dy * dy + dz * dz
    inverse = torch.rsqrt(squared)
    return (dx * inverse, dy * inverse, dz * inverse), factor(lot, f"{which}_power") * distance**2 / squared


def normal_of(slope_x: Tensor, slope_y: Tensor) -> Vector:
    """Give the unit normal of a surface of these slopes."""
    z = torch.rsqrt(1 + slope_x * slope_x + slope_y * slope_y)
    return -slope_x * z, -slope_y * z, z


def dot(a: Vector, b: Vector) -> Tensor:
    """Give the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def microfacet(normal: Vector, light: Vector, view: Vector, alpha: Tensor) -> Tensor:
    """Give π · D · V · (n·l) of the GGX distribution (Walter et al. 2007), visibility after Hammon 2017; without Fresnel."""
    half = tuple(a + b for a, b in zip(light, view, strict=True))
    inverse = torch.rsqrt(half[0] ** 2 + half[1] ** 2 + half[2] ** 2)
    nl, nv = dot(normal, light).clamp(min=0), dot(normal, view).clamp(min=1e-3)
    nh = dot(normal, half) * inverse  # type: ignore[arg-type]
    a2 = alpha * alpha
    spread = nh * nh * (a2 - 1) + 1
    visible = 0.5 / torch.lerp(2 * nl * nv, nl + nv, alpha).clamp(min=1e-4)
    return a2 / (spread * spread) * visible * nl


def shadow(lot: Lot, which: str, height: Tensor) -> Tensor:
    """Give the share of the lamp that each place still sees, 0 to 1, for a plane of heights in mm.

    Walks towards the lamp at half the resolution; as much of the lamp is hidden as edges on the way
    stand above its lower rim.
    """
    low = avg_pool2d(height[:, None], 2)
    count = low.shape[-1]
    scale = factor(lot, "scale", planes=3)
    azimuth, elevation = (torch.deg2rad(factor(lot, name, planes=3)) for name in (f"{which}_azimuth", "lamp_elevation"))
    size = torch.deg2rad(factor(lot, "lamp_size", planes=3))
    reach = factor(lot, "thickness", planes=3) * 1.25 / torch.tan(elevation)
    # Tangents of the angles of the lamp's lower and upper rim.
    bottom, top = (torch.tan((elevation + side * size).clamp(0.02, 1.53)) for side in (-1, 1))
    span = top - bottom
    lowest = bottom / span
    at = (torch.arange(count) + 0.5) * (2 / count) - 1
    mesh = torch.stack(torch.meshgrid(at, at, indexing="xy"), dim=-1)[None]
    toward = torch.cat([torch.cos(azimuth), -torch.sin(azimuth)], dim=-1) * (2 * scale / FIELD)
    hidden = torch.zeros_like(low)
    for k in range(1, _STEPS + 1):
        way = reach * (k - 0.5) / _STEPS
        there = grid_sample(low, mesh + toward * way, align_corners=False)
        hidden = torch.maximum(hidden, (there - low) * (1 / (way * span)) - lowest)
    return interpolate(1 - hidden.clamp(max=1), scale_factor=2, mode="bilinear", align_corners=False)[:, 0]


def contact(height: Tensor) -> Tensor:
    """Give the share of the room that low places near high ones still see: darker in holes and along the foot of a part."""
    low = avg_pool2d(height[:, None], 4)
    radius = max(1, round(low.shape[-1] * 3.0 / FIELD))
    wide = avg_pool2d(low, 2 * radius + 1, stride=1, padding=radius, count_include_pad=False)
    wide = avg_pool2d(wide, 2 * radius + 1, stride=1, padding=radius, count_include_pad=False)
    walls = interpolate(wide, size=height.shape[-2:], mode="bilinear", align_corners=False)[:, 0] - height
    return 1 / (1 + (walls / 2.2).clamp(min=0))
