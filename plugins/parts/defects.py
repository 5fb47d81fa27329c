"""Defects: each changes the outline, the height or the tone of the parts that have it, and says where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .draws import Lot, uniform
from .shapes import step

Distance = Callable[[Tensor, Tensor], Tensor]
_CANDIDATES = 32
_REACH = 19.0
_STENCIL = torch.tensor([0, 0.05, -0.05, 0, 0]), torch.tensor([0, 0, 0, 0.05, -0.05])


@dataclass
class Spot:
    """Where defects of some parts sit, each ``(parts, 1, 1)``: a point well inside the metal, a point of the edge, and a way.

    ``inside_x``, ``inside_y``, ``edge_x``, ``edge_y`` in mm; ``inward`` is the angle from the edge to the inside.
    """

    inside_x: Tensor
    inside_y: Tensor
    edge_x: Tensor
    edge_y: Tensor
    inward: Tensor


def share(lot: Lot, name: str) -> Tensor:
    """Give a number in 0..1 of each part, as ``(parts, 1, 1)``."""
    return torch.from_numpy(lot.of_part(name)).float()[:, None, None]


def sizes(lot: Lot) -> Tensor:
    """Give the size of defects as a multiple, ``(parts, 1, 1)``."""
    return torch.from_numpy(lot.factors["defect_size"]).float()[:, None, None]


def scratch(lot: Lot, name: str, x: Tensor, y: Tensor, px: Tensor, py: Tensor) -> Tensor:
    """Give a thin bowed line through ``px``, ``py``, 0 to 1."""
    turn, size = torch.pi * share(lot, f"{name}/turn"), sizes(lot)
    length, width = (9 + 8 * share(lot, f"{name}/length")) * size, (0.4 + 0.2 * share(lot, f"{name}/width")) * size**0.5
    u, v = (x - px) * torch.cos(turn) + (y - py) * torch.sin(turn), (y - py) * torch.cos(turn) - (x - px) * torch.sin(turn)
    bow = (share(lot, f"{name}/bow") - 0.5) * 0.5
    v = v - bow * u * u / length
    thinner = (1 - (2 * u / length) ** 2).clamp(min=0)
    return step(v.abs() - width / 2 * thinner**0.5, 0.35) * (thinner > 0)


def dent(lot: Lot, name: str, x: Tensor, y: Tensor, px: Tensor, py: Tensor) -> Tensor:
    """Give a round bowl around ``px``, ``py``, 0 to 1."""
    radius = (2.4 + 1.4 * share(lot, f"{name}/radius")) * sizes(lot)
    squash = 0.75 + 0.5 * share(lot, f"{name}/squash")
    r2 = (((x - px) * squash) ** 2 + ((y - py) / squash) ** 2) / radius**2
    return (1 - r2).clamp(min=0) ** 2


def stain(lot: Lot, name: str, x: Tensor, y: Tensor, px: Tensor, py: Tensor) -> Tensor:
    """Give a ragged blot around ``px``, ``py``, 0 to 1."""
    radius = (2.6 + 1.8 * share(lot, f"{name}/radius")) * sizes(lot)
    phase = 6.28 * share(lot, f"{name}/phase")
    dx, dy = x - px, y - py
    ragged = 0.35 * torch.sin(0.9 * dx + phase) * torch.sin(0.8 * dy - phase) + 0.1 * torch.sin(2.1 * dx - 1.7 * dy + 2 * phase)
    return step(torch.hypot(dx, dy * 1.2) - radius * (1 + ragged), 1.3)


def burr(lot: Lot, name: str, x: Tensor, y: Tensor, px: Tensor, py: Tensor) -> Tensor:
    """Give the near-distance to a ragged bump around the edge point ``px``, ``py``."""
    radius = (1.7 + 0.9 * share(lot, f"{name}/radius")) * sizes(lot)
    phase = 6.28 * share(lot, f"{name}/phase")
    dx, dy = x - px, y - py
    angle = torch.atan2(dy, dx)
    return torch.hypot(dx, dy) - radius * (1 + 0.25 * torch.sin(3 * angle + phase) + 0.06 * torch.sin(7 * angle - phase))


def crack(lot: Lot, name: str, x: Tensor, y: Tensor, at: Spot) -> Tensor:
    """Give a jagged line from the edge inwards, thinner to its end, 0 to 1."""
    length = (6 + 5 * share(lot, f"{name}/length")) * sizes(lot)
    phase = 10 * share(lot, f"{name}/phase")
    dx, dy = x - at.edge_x, y - at.edge_y
    u, v = dx * torch.cos(at.inward) + dy * torch.sin(at.inward), dy * torch.cos(at.inward) - dx * torch.sin(at.inward)
    v = v - 0.55 * _zigzag(u / 2.3 + phase) - 0.25 * _zigzag(u / 0.9 + 2 * phase)
    width = 0.42 * sizes(lot) ** 0.5 * (1.15 - u / length)
    return step(v.abs() - width / 2, 0.3) * ((u > -0.8) & (u < length))


def spots(lot: Lot, name: str, metal: Distance, edges: Distance) -> Spot:
    """Find where to put the defect ``name`` on each part, by signed distances to its metal and to the edges that count."""
    counter = lot.part[:, None, None] * _CANDIDATES + np.arange(_CANDIDATES)
    angle, reach = (torch.from_numpy(uniform(lot.seed, f"{name}/{what}", counter)).float() for what in ("angle", "reach"))
    angle, reach = angle * (2 * torch.pi), reach**0.5 * _REACH
    cx, cy = reach * torch.cos(angle), reach * torch.sin(angle)
    deep = metal(cx, cy)
    # The first candidate deep enough, else the deepest: every place on the part has its chance.
    order = torch.arange(_CANDIDATES, dtype=deep.dtype)
    best = torch.where(deep < -2.2, order - 1000, deep).argmin(dim=2, keepdim=True)
    px, py = torch.gather(cx, 2, best), torch.gather(cy, 2, best)
    ex, ey = _edge(px, py, edges)
    return Spot(px, py, ex, ey, torch.atan2(py - ey, px - ex))


def _edge(px: Tensor, py: Tensor, edges: Distance) -> tuple[Tensor, Tensor]:
    """Walk along the gradient of the distance from the inside to the nearest edge."""
    steps_x, steps_y = _STENCIL
    for _ in range(8):
        d, right, left, up, down = torch.split(edges(px + steps_x, py + steps_y), 1, dim=2)
        gx, gy = right - left, up - down
        length = torch.hypot(gx, gy).clamp(min=1e-3)
        px, py = px - 0.9 * d * gx / length, py - 0.9 * d * gy / length
    return px, py


def _zigzag(t: Tensor) -> Tensor:
    return (torch.remainder(t, 2) - 1).abs() * 2 - 1
