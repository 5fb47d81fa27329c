"""What stands before the camera: heights, slopes, tones and masks of parts on their ground, as planes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from . import defects as flaws
from .camera import FIELD, factor, ground_points, on_the_part
from .draws import Lot
from .factors import FAMILIES
from .families import FORMS, Dims, dims_of, planes
from .shapes import circle, step
from .surface import CODE_LENGTH, CODE_LETTERS, codes, engraved, texture

BEVEL = 0.9
"""Width of the rounded edge in mm; it drops by 40 % of that."""
_GONE = -99.0


@dataclass
class Scene:
    """Planes ``(images, samples, samples)``. Slopes are in the frame of the world; ``cover`` is the share of metal in a sample.

    ``stain``, ``bare`` and ``dark`` (0 to 1) say where metal is stained, freshly scratched, or a gap;
    ``mottle`` is slow variation of standard deviation 1; ``defects`` are masks 0 to 1 by name.
    """

    x: Tensor
    y: Tensor
    cover: Tensor
    top: Tensor
    slope_x: Tensor
    slope_y: Tensor
    code: Tensor
    mottle: Tensor
    stain: Tensor
    bare: Tensor
    dark: Tensor
    defects: dict[str, Tensor] = field(default_factory=dict)


def take(lot: Lot, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Lot:
    """Give the images of a lot that are chosen."""
    return Lot(
        lot.seed, lot.index[chosen], lot.part[chosen], lot.family[chosen], lot.brushed[chosen],
        {name: has[chosen] for name, has in lot.defects.items()},
        {name: values[chosen] for name, values in lot.factors.items()},
    )  # fmt: skip


def holes_of(family: str, dims: Dims) -> tuple[tuple[str, ...], Tensor]:
    """Give names and ``(parts, holes, 3)`` (x, y, radius in mm) of the holes as drawn, missing ones included."""
    holes = FORMS[family].holes(dims)
    return tuple(holes), torch.stack([torch.stack(list(hole), dim=-1) for hole in holes.values()], dim=1)


def missing_hole(lot: Lot, count: int) -> tuple[Tensor, Tensor]:
    """Give which parts miss a hole, ``(parts,)`` bool, and which that is or would be; the first of several always stays."""
    has = torch.from_numpy(lot.defects["missing-hole"])
    pick = torch.from_numpy(lot.of_part("missing-hole/which"))
    return has, (1 + (pick * (count - 1)).long()) if count > 1 else torch.zeros(len(lot), dtype=torch.long)


def shares(lot: Lot) -> Callable[[str], Tensor]:
    """Give the function by which dims are drawn."""
    return lambda name: torch.from_numpy(lot.of_part(f"dims/{name}")).float()


def letters_of(lot: Lot) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Give the code of each part, ``(parts, 3)`` places in ``CODE_LETTERS``."""
    drawn = [lot.of_part(f"code/{i}") * len(CODE_LETTERS) for i in range(CODE_LENGTH)]
    return np.stack(drawn, axis=1).astype(np.int64)


def scene_of(lot: Lot, samples: int) -> Scene:
    """Build the scene of each image; families are built each on its own and put together again."""
    x, y = ground_points(lot, samples)
    px, py = on_the_part(lot, x, y)
    blank = [torch.zeros_like(px) for _ in range(6)]
    outline, relief, code, stain, bare, dark = blank
    masks: dict[str, Tensor] = {}
    for number, family in enumerate(FAMILIES):
        chosen = lot.family == number
        if not chosen.any():
            continue
        rows = torch.from_numpy(np.flatnonzero(chosen))
        made = _Made(take(lot, chosen), family, px[rows], py[rows])
        made.build()
        for plane, value in zip(blank, (made.distance, made.relief, made.code, made.stain, made.bare, made.dark), strict=True):
            plane[rows] = value
        for name, value in made.masks.items():
            masks.setdefault(name, torch.zeros_like(px))[rows] = value
    spacing = FIELD / samples / factor(lot, "scale")
    cover = (0.5 - outline / spacing).clamp(0, 1)
    edge = (1 + outline / BEVEL).clamp(0, 1.3)
    top = factor(lot, "thickness") + relief - 0.4 * BEVEL * edge * edge
    slope_x, slope_y = _slopes(top, spacing)
    fine_x, fine_y, mottle = _fine_slopes(lot, px, py)
    calm = 1 - 0.7 * edge.clamp(max=1) ** 2
    return Scene(
        x=x, y=y, cover=cover, top=top, slope_x=slope_x + fine_x * calm, slope_y=slope_y + fine_y * calm, code=code,
        mottle=mottle, stain=stain, bare=bare, dark=dark, defects=masks,
    )  # fmt: skip


def _slopes(height: Tensor, spacing: Tensor) -> tuple[Tensor, Tensor]:
    """Give the slopes along x (right) and y (up) by central differences."""
    right, up = torch.zeros_like(height), torch.zeros_like(height)
    right[:, :, 1:-1] = (height[:, :, 2:] - height[:, :, :-2]) / (2 * spacing)
    up[:, 1:-1] = (height[:, :-2] - height[:, 2:]) / (2 * spacing)
    return right, up


def _fine_slopes(lot: Lot, px: Tensor, py: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Give the slopes of the texture in the frame of the world, and its mottle."""
    way = torch.deg2rad(factor(lot, "brushing_angle"))
    u, v = px * torch.cos(way) + py * torch.sin(way), py * torch.cos(way) - px * torch.sin(way)
    shift_u, shift_v = (flaws.share(lot, f"texture/{axis}") * 64 for axis in "uv")
    fine = texture(u + shift_u, v + shift_v, torch.from_numpy(lot.brushed)[:, None, None])
    strength = torch.tan(torch.deg2rad(factor(lot, "texture")))
    turn = way + torch.deg2rad(factor(lot, "rotation"))
    cos, sin = torch.cos(turn) * strength, torch.sin(turn) * strength
    along, across, mottle = fine.unbind(1)
    return along * cos - across * sin, along * sin + across * cos, mottle


class _Made:
    """Parts of one family while they are made. ``distance`` is the signed distance to the metal."""

    def __init__(self, lot: Lot, family: str, x: Tensor, y: Tensor) -> None:
        self.lot, self.form, self.x, self.y = lot, FORMS[family], x, y
        dims = dims_of(family, shares(lot))
        self.flat, self.dims = dims, planes(dims)
        self.hole_table = holes_of(family, dims)[1]
        self.masks: dict[str, Tensor] = {}
        self.stain, self.bare, self.dark = (torch.zeros_like(x) for _ in range(3))

    def build(self) -> None:
        lacks, which = missing_hole(self.lot, self.hole_table.shape[1])
        if lacks.any():
            self._miss(lacks, which)
        self.distance = torch.maximum(
            self.form.outline(self.x, self.y, self.dims), -self._holes(self.x, self.y, self.hole_table)
        )
        if self.lot.defects["burr"].any():
            self._burr()
        self.relief = self.form.relief(self.x, self.y, self.dims)
        self._engrave()
        for name in ("scratch", "dent", "stain", "crack"):
            if self.lot.defects[name].any():
                self._flaw(name)

    def _holes(self, x: Tensor, y: Tensor, table: Tensor) -> Tensor:
        """Give the signed distance to the nearest hole: negative in holes."""
        nearest = torch.full_like(x, -_GONE)
        for k in range(table.shape[1]):
            hx, hy, radius = (table[:, k, i][:, None, None] for i in range(3))
            nearest = torch.minimum(nearest, circle(x - hx, y - hy, radius))
        return nearest

    def _miss(self, lacks: Tensor, which: Tensor) -> None:
        rows = lacks.nonzero()[:, 0]
        gone = self.hole_table[rows, which[rows]]
        mask = torch.zeros_like(self.x)
        hx, hy, radius = (gone[:, i][:, None, None] for i in range(3))
        mask[rows] = (circle(self.x[rows] - hx, self.y[rows] - hy, radius) < 0).float()
        self.masks["missing-hole"] = mask
        self.hole_table = self.hole_table.clone()
        self.hole_table[rows, which[rows], 2] = _GONE

    def _spot(self, name: str) -> tuple[Tensor, Lot, flaws.Spot]:
        has = self.lot.defects[name]
        rows = torch.from_numpy(np.flatnonzero(has))
        lot, dims, table = take(self.lot, has), {k: v[rows] for k, v in self.dims.items()}, self.hole_table[rows]

        def metal(x: Tensor, y: Tensor) -> Tensor:
            return torch.maximum(self.form.outline(x, y, dims), -self._holes(x, y, table))

        def outline(x: Tensor, y: Tensor) -> Tensor:
            return self.form.outline(x, y, dims)

        # Burrs grow at the rim, where they close no hole; a plate has no rim in the picture.
        edges = outline if name == "burr" and self.form is not FORMS["plate"] else metal
        return rows, lot, flaws.spots(lot, name, metal, edges)

    def _burr(self) -> None:
        rows, lot, at = self._spot("burr")
        bump = flaws.burr(lot, "burr", self.x[rows], self.y[rows], at.edge_x, at.edge_y)
        mask = torch.zeros_like(self.x)
        mask[rows] = ((bump < 0) & (self.distance[rows] > -BEVEL / 2)).float()
        self.masks["burr"] = mask
        self.distance[rows] = torch.minimum(self.distance[rows], bump)

    def _engrave(self) -> None:
        x, y, height = (value[:, None, None] for value in self.form.mark(self.flat))
        depth = factor(self.lot, "engraving")
        stroke = engraved(self.x - x, self.y - y, codes(letters_of(self.lot)), height)
        self.code = stroke * (depth / 0.25)
        self.relief = self.relief - stroke * depth

    def _flaw(self, name: str) -> None:
        rows, lot, at = self._spot(name)
        x, y, metal = self.x[rows], self.y[rows], step(self.distance[rows] + 0.15, 0.3)
        if name == "crack":
            shape = flaws.crack(lot, name, x, y, at) * metal
        else:
            draw = {"scratch": flaws.scratch, "dent": flaws.dent, "stain": flaws.stain}[name]
            shape = draw(lot, name, x, y, at.inside_x, at.inside_y) * metal
        target, depth = {
            "scratch": (self.bare, 0.1), "dent": (None, 0.75), "stain": (self.stain, 0.0), "crack": (self.dark, 0.5),
        }[name]  # fmt: skip
        if target is not None:
            target[rows] = torch.maximum(target[rows], shape)
        self.relief[rows] = self.relief[rows] - depth * shape
        mask = torch.zeros_like(self.x)
        mask[rows] = (shape > 0.08).float()
        self.masks[name] = mask
