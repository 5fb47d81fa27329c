"""The families of parts: outline, holes, relief, keypoints and the place of the engraved code, all in millimetres.

x runs to the right and y upwards on the part; its origin is the middle of the picture when the offset is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from .shapes import blend, box, circle, step, tapered_rod, toothed

Dims = Mapping[str, Tensor]
Points = dict[str, tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Family:
    """How one family is made. Dims are ``name: (mean, half range)``; every tensor has one entry a part, or is a plane a part.

    ``holes`` gives ``(x, y, radius)`` by name, and a keypoint of that name; ``points`` the other
    keypoints; ``relief`` the height in mm on top of the even face; ``mark`` is x, y and height of the code.
    """

    dims: Mapping[str, tuple[float, float]]
    outline: Callable[[Tensor, Tensor, Dims], Tensor]
    holes: Callable[[Dims], dict[str, tuple[Tensor, Tensor, Tensor]]]
    points: Callable[[Dims], Points]
    relief: Callable[[Tensor, Tensor, Dims], Tensor]
    mark: Callable[[Dims], tuple[Tensor, Tensor, Tensor]]


def _corner(x: Tensor, y: Tensor, rounding: float, sx: int, sy: int) -> tuple[Tensor, Tensor]:
    """Give the outermost point of a rounded corner whose sharp corner would be at ``x``, ``y``."""
    inset = rounding * (1 - 0.5**0.5)
    return x - sx * inset, y - sy * inset


# bracket: an L of sheet with three holes; long leg along the bottom
_R = 1.6
_FILLET = 3.0


def _bracket(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    w, h, leg = d["width"], d["height"], d["leg"]
    foot = box(x, y + h / 2 - leg / 2, w / 2, leg / 2, _R)
    wall = box(x + w / 2 - leg / 2, y, leg / 2, h / 2, _R)
    # The inner corner is filled up to a quarter circle.
    inner_x, inner_y = x + w / 2 - leg, y + h / 2 - leg
    square = torch.maximum(inner_x.abs(), inner_y.abs()) - _FILLET
    fillet = torch.maximum(square, _FILLET - torch.hypot(inner_x - _FILLET, inner_y - _FILLET))
    return torch.minimum(torch.minimum(foot, wall), fillet)


def _bracket_holes(d: Dims) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    w, h, leg, r = d["width"], d["height"], d["leg"], d["hole"]
    left, low = -w / 2 + leg / 2, -h / 2 + leg / 2
    return {"hole_corner": (left, low, r), "hole_foot": (w / 2 - leg / 2, low, r), "hole_wall": (left, h / 2 - leg / 2, r)}


def _bracket_points(d: Dims) -> Points:
    w, h, leg = d["width"], d["height"], d["leg"]
    return {
        "corner_outer": _corner(-w / 2, -h / 2, _R, -1, -1),
        "corner_foot_low": _corner(w / 2, -h / 2, _R, 1, -1),
        "corner_foot_high": _corner(w / 2, -h / 2 + leg, _R, 1, 1),
        "corner_wall_right": _corner(-w / 2 + leg, h / 2, _R, 1, 1),
        "corner_wall_left": _corner(-w / 2, h / 2, _R, -1, 1),
    }


def _bracket_relief(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    sunk = torch.zeros_like(x)
    for hx, hy, r in _bracket_holes(d).values():
        sunk = sunk - 0.5 * step(circle(x - hx, y - hy, 1.75 * r), 1.2)
    return sunk


# washer: a tab washer; the tab points to +x
def _washer(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    tab = box(x - d["outer"], y, d["tab"], d["tab_width"] / 2, 0.8)
    return blend(circle(x, y, d["outer"]), tab, 1.5)


def _washer_holes(d: Dims) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    zero = torch.zeros_like(d["inner"])
    return {"bore": (zero, zero, d["inner"])}


def _washer_points(d: Dims) -> Points:
    end, half = d["outer"] + d["tab"], d["tab_width"] / 2
    return {
        "tab_left": _corner(end, half, 0.8, 1, 1),
        "tab_right": _corner(end, -half, 0.8, 1, -1),
        "rim_back": (-d["outer"], torch.zeros_like(end)),
    }


def _washer_relief(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    ring = circle(x, y, (d["inner"] + d["outer"]) / 2).abs() - 0.28 * (d["outer"] - d["inner"])
    return -0.35 * step(ring, 1.2)


# gear: the first tooth points to +x, and so does the keyway of the bore
def _gear(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    keyway = box(x - d["bore"], y, d["key"], d["key"], 0.1)
    return torch.maximum(toothed(x, y, d["teeth"], d["root"], d["root"] + d["tooth"]), -keyway)


def _gear_holes(d: Dims) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    zero, at = torch.zeros_like(d["bore"]), 0.62 * d["root"] * 0.5**0.5
    small = 0.13 * d["root"]
    return {
        "bore": (zero, zero, d["bore"]),
        "web_1": (at, at, small),
        "web_2": (-at, at, small),
        "web_3": (-at, -at, small),
        "web_4": (at, -at, small),
    }


def _gear_points(d: Dims) -> Points:
    tip, turn = d["root"] + d["tooth"], 2 * torch.pi / d["teeth"]
    found = {f"tooth_{i + 1}": (tip * torch.cos(i * turn), tip * torch.sin(i * turn)) for i in range(3)}
    inner = d["bore"] + d["key"]
    return {**found, "key_left": (inner, d["key"]), "key_right": (inner, -d["key"])}


def _gear_relief(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    web = circle(x, y, 0.62 * d["root"]).abs() - 0.2 * d["root"]
    return -0.7 * step(web, 1.5)


# flange: a disc cut flat on the right, four bolt holes, a raised hub
def _flange(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    return torch.maximum(circle(x, y, d["outer"]), x - d["flat"] * d["outer"])


def _flange_holes(d: Dims) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    zero, at, r = torch.zeros_like(d["bore"]), 0.74 * d["outer"] * 0.5**0.5, d["bolt"]
    return {
        "bore": (zero, zero, d["bore"]),
        "bolt_1": (at, at, r),
        "bolt_2": (-at, at, r),
        "bolt_3": (-at, -at, r),
        "bolt_4": (at, -at, r),
    }


def _flange_points(d: Dims) -> Points:
    x = d["flat"] * d["outer"]
    y = torch.sqrt(d["outer"] ** 2 - x**2)
    return {"flat_upper": (x, y), "flat_lower": (x, -y), "rim_back": (-d["outer"], torch.zeros_like(x))}


def _flange_relief(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    return 0.8 * step(circle(x, y, 1.6 * d["bore"]), 1.6)


# connector: a body with six pins on its upper side, a notch at the lower left, two fixing holes
_PINS = 6


def _connector(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    w, h, pitch = d["width"] / 2, d["height"] / 2, d["pitch"]
    body = box(x, y, w, h, 1.0)
    notch = box(x + w, y + h, d["notch"], d["notch"])
    at = (torch.round(x / pitch - 0.5).clamp(-_PINS // 2, _PINS // 2 - 1) + 0.5) * pitch
    pins = box(x - at, y - h - d["pin"] / 2 + 0.5, d["pin_width"] / 2, d["pin"] / 2 + 0.5, 0.3)
    return torch.minimum(torch.maximum(body, -notch), pins)


def _connector_holes(d: Dims) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    x, zero = 0.4 * d["width"], torch.zeros_like(d["width"])
    return {"hole_left": (-x, zero, d["hole"]), "hole_right": (x, zero, d["hole"])}


def _connector_points(d: Dims) -> Points:
    w, h, top = d["width"] / 2, d["height"] / 2, d["height"] / 2 + d["pin"]
    pins = {f"pin_{i + 1}": ((i + 0.5 - _PINS / 2) * d["pitch"], top) for i in range(_PINS)}
    return {
        **pins,
        "corner_lower_right": _corner(w, -h, 1.0, 1, -1),
        "corner_upper_right": _corner(w, h, 1.0, 1, 1),
        "corner_upper_left": _corner(-w, h, 1.0, -1, 1),
        "notch": (-w + d["notch"], -h + d["notch"]),
    }


def _connector_relief(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    pins = -2.6 * step(d["height"] / 2 - y, 0.8)
    groove = -0.8 * step(box(x, y - 0.27 * d["height"], 0.3 * d["width"], 0.1 * d["height"], 0.4), 1.0)
    return pins + groove


# link: two eyes, the large one on the left, a recessed web between them
def _link(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    web = tapered_rod(x, y, d["length"], 0.72 * d["large"], 0.72 * d["small"])
    eyes = torch.minimum(circle(x + d["length"] / 2, y, d["large"]), circle(x - d["length"] / 2, y, d["small"]))
    return blend(web, eyes, 3.0)


def _link_holes(d: Dims) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    half, zero = d["length"] / 2, torch.zeros_like(d["length"])
    return {
        "eye_large": (-half, zero, 0.55 * d["large"]),
        "eye_small": (half, zero, 0.5 * d["small"]),
        "oil_hole": (half - 1.5 * d["small"], zero, 0.15 * d["large"]),
    }


def _link_points(d: Dims) -> Points:
    half, zero = d["length"] / 2, torch.zeros_like(d["length"])
    return {
        "tip_large": (-half - d["large"], zero),
        "tip_small": (half + d["small"], zero),
        "eye_top": (-half, d["large"]),
        "eye_bottom": (-half, -d["large"]),
    }


def _link_relief(x: Tensor, y: Tensor, d: Dims) -> Tensor:
    web = tapered_rod(x, y, d["length"], 0.46 * d["large"], 0.46 * d["small"])
    eyes = torch.minimum(circle(x + d["length"] / 2, y, 1.02 * d["large"]), circle(x - d["length"] / 2, y, 1.02 * d["small"]))
    return -0.6 * step(torch.maximum(web, -eyes), 1.4)


# plate: a surface close up, wider than any picture, with three holes
_ENDLESS = 150.0


def _plate(x: Tensor, y: Tensor, d: Dims) -> Tensor:  # noqa: ARG001
    return torch.maximum(x.abs(), y.abs()) - _ENDLESS


def _no_points(d: Dims) -> Points:  # noqa: ARG001
    return {}


def _even(x: Tensor, y: Tensor, d: Dims) -> Tensor:  # noqa: ARG001
    return torch.zeros_like(x)


def _plate_holes(d: Dims) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    at, r = d["pitch"] / 2, d["hole"]
    return {"hole_1": (-at, -at, r), "hole_2": (at, -at, r), "hole_3": (-at, at, r)}


FORMS: dict[str, Family] = {
    "bracket": Family(
        {"width": (37, 2.5), "height": (30, 2), "leg": (11.5, 1), "hole": (2.2, 0.25)},
        _bracket, _bracket_holes, _bracket_points, _bracket_relief,
        lambda d: (0.05 * d["width"], -d["height"] / 2 + d["leg"] / 2, 0.36 * d["leg"]),
    ),
    "washer": Family(
        {"outer": (14.5, 1), "inner": (7, 0.6), "tab": (5, 0.6), "tab_width": (7, 0.7)},
        _washer, _washer_holes, _washer_points, _washer_relief,
        lambda d: (torch.zeros_like(d["outer"]), -(d["inner"] + d["outer"]) / 2, 0.36 * (d["outer"] - d["inner"])),
    ),
    "gear": Family(
        {"root": (14.5, 1), "tooth": (3.1, 0.25), "bore": (3.8, 0.4), "key": (1.2, 0.12), "teeth": (15, 3.49)},
        _gear, _gear_holes, _gear_points, _gear_relief,
        lambda d: (torch.zeros_like(d["root"]), -0.62 * d["root"], 0.2 * d["root"]),
    ),
    "flange": Family(
        {"outer": (17.5, 1.1), "bore": (5, 0.5), "bolt": (1.9, 0.2), "flat": (0.86, 0.03)},
        _flange, _flange_holes, _flange_points, _flange_relief,
        lambda d: (torch.zeros_like(d["outer"]), -0.74 * d["outer"], 0.2 * d["outer"]),
    ),
    "connector": Family(
        {"width": (36, 2), "height": (15, 1), "pitch": (3.9, 0.15), "pin": (6.5, 0.6), "pin_width": (1.7, 0.15),
         "notch": (2.6, 0.3), "hole": (1.7, 0.15)},
        _connector, _connector_holes, _connector_points, _connector_relief,
        lambda d: (torch.zeros_like(d["width"]), -0.2 * d["height"], 0.3 * d["height"]),
    ),
    "link": Family(
        {"length": (26, 1.6), "large": (8.6, 0.6), "small": (6.2, 0.5)},
        _link, _link_holes, _link_points, _link_relief,
        lambda d: (-0.06 * d["length"], torch.zeros_like(d["length"]), 0.34 * d["small"]),
    ),
    "plate": Family(
        {"pitch": (30, 2), "hole": (2.2, 0.25)},
        _plate, _plate_holes, _no_points, _even,
        lambda d: (0.35 * d["pitch"], 0.5 * d["pitch"], 0.11 * d["pitch"]),
    ),
}  # fmt: skip


def dims_of(family: str, share: Callable[[str], Tensor]) -> dict[str, Tensor]:
    """Give the dims of parts; ``share(name)`` is a number in 0..1 for each."""
    dims = {name: middle + half * (2 * share(f"{family}/{name}") - 1) for name, (middle, half) in FORMS[family].dims.items()}
    return dims | ({"teeth": dims["teeth"].round()} if "teeth" in dims else {})


def planes(d: Dims) -> dict[str, Tensor]:
    """Give dims ``(parts,)`` as ``(parts, 1, 1)``, to be used with planes."""
    return {name: value[:, None, None] for name, value in d.items()}
