"""The truth of an image: factors, keypoints, defects, caption and group, as plain data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ... import Spec, Text
from .camera import project
from .captions import caption
from .draws import Lot
from .factors import DEFECTS, FACTORS, FAMILIES
from .families import FORMS, dims_of
from .renderer import World
from .scene import holes_of, letters_of, missing_hole, shares, take
from .surface import CODE_LETTERS


class Keypoint(Spec):
    """One point of a part. ``x`` and ``y`` in pixels (0 is the left or upper edge), ``on_part`` in mm on the part.

    ``visible`` is false for a hole that is missing and for points outside of the picture.
    """

    name: str
    x: float
    y: float
    on_part: tuple[float, float]
    visible: bool


class Truth(Spec):
    """Everything that is known of one image. ``factors`` are in the units of :data:`.factors.FACTORS`, ``dims`` in mm."""

    id: str
    index: int
    group: str
    site: str
    family: str
    finish: str
    code: str
    defects: tuple[str, ...]
    factors: dict[str, float]
    dims: dict[str, float]
    keypoints: tuple[Keypoint, ...]
    caption: Text

    @property
    def label(self) -> str:
        """``OK`` or ``NG``."""
        return "NG" if self.defects else "OK"


def identity(world: World, lot: Lot, i: int) -> tuple[str, str]:
    """Give the id and the group of the image at place ``i`` of ``lot``."""
    ending = "png" if lot.factors["jpeg_quality"][i] > 99.5 else "jpg"
    name = f"{world.site.site}/{FAMILIES[lot.family[i]]}-{int(lot.index[i]):05d}.{ending}"
    return name, f"part-{world.seed}-{int(lot.part[i]):05d}"


def defects_of(lot: Lot, i: int) -> tuple[str, ...]:
    """Name the defects of the image at place ``i`` of ``lot``."""
    return tuple(name for name in DEFECTS if lot.defects[name][i])


def keypoint_names(family: str) -> tuple[str, ...]:
    """Give the names of a family's keypoints, in their fixed order."""
    one = torch.full((1,), 0.5)
    dims = dims_of(family, lambda _: one)
    return (*FORMS[family].holes(dims), *FORMS[family].points(dims))


def truths(world: World, index: Sequence[int] | NDArray[np.int64]) -> list[Truth]:
    """Give the truth of the images ``index``; nothing is rendered."""
    lot = world.lot(index)
    found: dict[int, Truth] = {}
    for number, family in enumerate(FAMILIES):
        chosen = lot.family == number
        if chosen.any():
            places = np.flatnonzero(chosen)
            found |= dict(zip(places.tolist(), _of_family(world, take(lot, chosen), family), strict=True))
    return [found[i] for i in range(len(lot))]


def _of_family(world: World, lot: Lot, family: str) -> list[Truth]:
    dims = dims_of(family, shares(lot))
    names, on_part, gone = _points(lot, family)
    columns, rows = project(lot, on_part[..., 0].double(), on_part[..., 1].double(), world.size)
    inside = (columns >= 0) & (columns < world.size) & (rows >= 0) & (rows < world.size)
    seen = inside & ~gone
    codes = letters_of(lot)
    made = []
    for i in range(len(lot)):
        id_, group = identity(world, lot, i)
        code, defects = "".join(CODE_LETTERS[letter] for letter in codes[i]), defects_of(lot, i)
        points = tuple(
            Keypoint(
                name=name,
                x=round(float(columns[i, k]), 4),
                y=round(float(rows[i, k]), 4),
                on_part=(round(float(on_part[i, k, 0]), 4), round(float(on_part[i, k, 1]), 4)),
                visible=bool(seen[i, k]),
            )
            for k, name in enumerate(names)
        )
        factors = {name: float(lot.factors[name][i]) for name in FACTORS}
        finish = "brushed" if lot.brushed[i] else "cast"
        made.append(
            Truth(
                id=id_, index=int(lot.index[i]), group=group, site=world.site.site, family=family, finish=finish, code=code,
                defects=defects, factors=factors, dims={name: round(float(v[i]), 4) for name, v in dims.items()},
                keypoints=points, caption=caption(family, finish, code, defects, world.site.ground, factors),
            )
        )  # fmt: skip
    return made


def _points(lot: Lot, family: str) -> tuple[tuple[str, ...], torch.Tensor, torch.Tensor]:
    """Give names, places ``(parts, points, 2)`` in mm, and which are not there because their hole is missing."""
    dims = dims_of(family, shares(lot))
    holes, table = holes_of(family, dims)
    others = FORMS[family].points(dims)
    places = [table[:, k, :2] for k in range(len(holes))]
    places += [torch.stack([x.expand(len(lot)), y.expand(len(lot))], dim=-1) for x, y in others.values()]
    gone = torch.zeros(len(lot), len(places), dtype=torch.bool)
    lacks, which = missing_hole(lot, len(holes))
    gone[torch.arange(len(lot))[lacks], which[lacks]] = True
    return (*holes, *others), torch.stack(places, dim=1), gone
