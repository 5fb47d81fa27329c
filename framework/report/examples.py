"""Representative images: those that carry a difference, never random ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ...specs.report import RepresentativeImage
from ..files.names import storable
from ..values.images import ImageRef
from .sides import Comparison, OneSide

EXAMPLES = 4
"""Images a side."""


def of_attribute(comparison: Comparison, index: int) -> tuple[RepresentativeImage, ...]:
    """Choose images of both sides that represent how a dimension differs.

    W1 is the area between the two quantile functions. Four levels cut that area in equal parts;
    at each stands the image of either side that is nearest to its side's quantile: all levels for
    a plain shift, the tails for a change of spread. Where one side alone has a tail (``novel``,
    ``missing``), its farthest image takes the place of the last.
    """
    scores = comparison.scores
    tag = scores.effects.tag[index]
    columns = [comparison.column(side, index) for side in comparison.sides]
    usable = [column[np.isfinite(column)] for column in columns]
    if not all(len(column) for column in usable):
        return ()
    levels = gap_levels(*usable)
    chosen: list[RepresentativeImage] = []
    for side, column, other in zip(comparison.sides, columns, reversed(usable), strict=True):
        far = tag == ("novel" if side.side == "target" else "missing")
        picker = _Picker(side, column)
        low, high = np.quantile(other, (0.01, 0.99))
        outside = np.maximum(low - column, column - high)
        extreme = picker.take(np.argsort(-outside, kind="stable"), None) if far else None
        quantiles = np.quantile(column[np.isfinite(column)], levels)
        for level, wanted in list(zip(levels, quantiles, strict=True))[: EXAMPLES - bool(extreme)]:
            picker.take(np.argsort(np.abs(column - wanted), kind="stable"), float(level))
        chosen += sorted(picker.taken, key=lambda image: (image.value, image.id))
    return tuple(chosen)


def of_extreme(
    comparison: Comparison, index: int, side: OneSide, most: int, *, highest: bool
) -> tuple[RepresentativeImage, ...]:
    """Choose the images of one side with the highest or lowest values of a dimension, each picture and group once.

    Where there are fewer groups than ``most``, further images of the same groups follow.
    """
    column = comparison.column(side, index)
    order = np.argsort(-column if highest else column, kind="stable")
    order = order[np.isfinite(column[order])]
    groups = [side.refs[side.latents.ids[i]].group for i in order.tolist()]
    first = {group: n for n, group in reversed(list(enumerate(groups)))}
    ahead = np.array([first[group] == n for n, group in enumerate(groups)], bool)
    picker = _Picker(side, column)
    for i in np.concatenate([order[ahead], order[~ahead]])[: 4 * most]:
        if len(picker.taken) < most:
            picker.take(np.array([i]), None)
    return tuple(picker.taken)


def gap_levels(reference: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the four levels in the middle of equal parts of the area between two quantile functions.

    >>> gap_levels(np.arange(100.0), np.arange(100.0) + 10).round(2).tolist()
    [0.14, 0.38, 0.62, 0.86]
    """
    grid = np.linspace(0.02, 0.98, 193)
    gap = np.abs(np.quantile(target, grid) - np.quantile(reference, grid))
    if not gap.any():
        gap = np.ones_like(gap)
    area = np.concatenate([[0.0], np.cumsum((gap[1:] + gap[:-1]) / 2)])
    parts = (np.arange(EXAMPLES) + 0.5) / EXAMPLES
    return np.asarray(np.interp(parts * area[-1], area, grid))


def of_space(comparison: Comparison, mapped: Mapping[str, Collection[str]]) -> tuple[RepresentativeImage, ...]:
    """Choose the images of both sides that carry the difference of a whole space.

    These are the extremes of the held-out projections: development images least like the site,
    site images least like development.

    Args:
        comparison: the scores with their sides.
        mapped: ids of the images that have a map, by input; where an input has some, only those are chosen.
    """
    scores = comparison.scores
    toward = 1.0 if np.nanmean(scores.joint.target_projection) >= np.nanmean(scores.joint.reference_projection) else -1.0
    chosen: list[RepresentativeImage] = []
    for side, ids, values, sign in (
        (comparison.reference, scores.reference_ids, scores.joint.reference_projection, 1.0),
        (comparison.target, scores.target_ids, scores.joint.target_projection, -1.0),
    ):
        eligible = mapped.get(side.input) or {storable(name) for name in ids}
        kept = np.array([value if storable(name) in eligible else np.nan for name, value in zip(ids, values, strict=True)])
        picker = _Picker(side, kept, ids)
        order = np.argsort(sign * toward * kept, kind="stable")
        for _ in range(EXAMPLES):
            picker.take(order, None)
        chosen += picker.taken
    return tuple(chosen)


class _Picker:
    """Takes images of one side, each picture once, from as many groups as there are."""

    def __init__(self, side: OneSide, values: NDArray[np.float64], ids: Iterable[str] | None = None) -> None:
        self.side = side
        self.values = values
        self.ids = tuple(ids) if ids is not None else side.latents.ids
        self.taken: list[RepresentativeImage] = []
        self._digests: set[str] = set()
        self._groups: set[str] = set()

    def take(self, order: NDArray[np.intp], level: float | None) -> RepresentativeImage | None:
        """Take the first of ``order`` that is new; a new group wins over a nearer image among the nearest."""
        fresh = [i for i in order.tolist() if np.isfinite(self.values[i]) and self._is_new(i)]
        if not fresh:
            return None
        near = fresh[: max(EXAMPLES, len(order) // 20)]
        index = next((i for i in near if self._ref(i).group not in self._groups), near[0])
        ref = self._ref(index)
        self._digests.add(ref.digest)
        self._groups.add(ref.group)
        image = RepresentativeImage(
            side=self.side.side, input=self.side.input, id=storable(ref.id), value=float(self.values[index]), level=level
        )
        self.taken.append(image)
        return image

    def _ref(self, index: int) -> ImageRef:
        return self.side.refs[self.ids[index]]

    def _is_new(self, index: int) -> bool:
        return self._ref(index).digest not in self._digests
