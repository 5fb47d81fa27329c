"""Signed distances of plane shapes, in millimetres: negative inside. All take and give tensors of one shape."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def circle(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """Distance to a disc around the origin."""
    return torch.hypot(x, y) - radius


def box(x: Tensor, y: Tensor, half_width: Tensor, half_height: Tensor, rounding: Tensor | float = 0.0) -> Tensor:
    """Distance to a rectangle around the origin whose corners are rounded with radius ``rounding``."""
    qx, qy = x.abs() - half_width + rounding, y.abs() - half_height + rounding
    outside = torch.hypot(qx.clamp(min=0), qy.clamp(min=0))
    return outside + torch.maximum(qx, qy).clamp(max=0) - rounding


def tapered_rod(x: Tensor, y: Tensor, length: Tensor, radius_left: Tensor, radius_right: Tensor) -> Tensor:
    """Distance to the hull of two discs on the x axis, at ∓``length`` / 2."""
    x, y = x + length / 2, y.abs()
    sine = (radius_left - radius_right) / length
    cosine = torch.sqrt(1 - sine * sine)
    along = cosine * x - sine * y
    left = torch.hypot(x, y) - radius_left
    right = torch.hypot(x - length, y) - radius_right
    side = sine * x + cosine * y - radius_left
    return torch.where(along < 0, left, torch.where(along > cosine * length, right, side))


def toothed(x: Tensor, y: Tensor, teeth: Tensor, root: Tensor, tip: Tensor) -> Tensor:
    """Near-distance to a wheel with trapezoid teeth; the first tooth points along +x."""
    sector = 2 * math.pi / teeth
    radius = torch.hypot(x, y)
    angle = torch.remainder(torch.atan2(y, x) + sector / 2, sector) - sector / 2
    across = (radius * torch.sin(angle)).abs()
    middle = (root + tip) / 2
    # Half as wide as the pitch at mid-height, flanks at 20°.
    flank = (across - math.pi / teeth * middle / 2 + (radius - middle) * math.tan(math.radians(20))) * math.cos(
        math.radians(20)
    )
    tooth = torch.maximum(flank, radius * torch.cos(angle) - tip)
    return torch.minimum(radius - root, tooth)


def blend(a: Tensor, b: Tensor, width: float) -> Tensor:
    """Union whose inner corners are filled over ``width``."""
    h = (width - (a - b).abs()).clamp(min=0) / width
    return torch.minimum(a, b) - h * h * (width / 4)


def step(distance: Tensor, width: float | Tensor) -> Tensor:
    """Give 1 inside and 0 outside, smooth over ``width`` around the edge."""
    t = (0.5 - distance / width).clamp(0, 1)
    return t * t * (3 - 2 * t)
