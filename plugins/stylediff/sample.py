"""Two sets of latents as one standardised sample, channel-major."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import SpacesDiffer, TooFewImages
from ...plugin import Dimension, Latents, quoted
from .config import StyleDiffConfig

Floats = NDArray[np.float64]
BLOCK = 1 << 21
"""Values held at once in float64 while standardising (16 MiB)."""


@dataclass(frozen=True)
class Sample:
    """Both sides in one array: ``z`` is ``(dimensions, images)`` ``float32``, reference first.

    ``z`` is in pooled standard deviations around the pooled mean, each set weighing the same. It is
    NaN where a value is missing and in dimensions that are not measured. ``mean``, ``sigma`` and
    ``shift`` are in the dimensions' own units.
    """

    z: NDArray[np.float32]
    split: int
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    measured: NDArray[np.bool_]
    mean: Floats
    sigma: Floats
    shift: Floats

    @property
    def reference(self) -> NDArray[np.float32]:
        """Give the columns of the reference."""
        return self.z[:, : self.split]

    @property
    def target(self) -> NDArray[np.float32]:
        """Give the columns of the target."""
        return self.z[:, self.split :]

    def centred(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Give ``rows`` with each side's own mean taken off, 0 where a value is missing."""
        out = self.z[rows]
        for side in (out[:, : self.split], out[:, self.split :]):
            side -= np.nanmean(side, axis=1, keepdims=True, dtype=np.float64)
        return np.nan_to_num(out, copy=False)


def prepare(reference: Latents, target: Latents, config: StyleDiffConfig) -> Sample:
    """Check that two sets compare, and standardise them together.

    Raises:
        SpacesDiffer: the numbers of the two do not mean the same.
        TooFewImages: a side has fewer usable images, or groups, than ``config`` asks for.
    """
    _same_space(reference, target)
    kept = [np.flatnonzero(np.isfinite(side.values).any(axis=1)) for side in (reference, target)]
    groups = [tuple(side.groups[i] for i in rows) for side, rows in zip((reference, target), kept, strict=True)]
    for side, rows, names in zip((reference, target), kept, groups, strict=True):
        _enough(side, len(rows), len(set(names)), config)
    z, measured, mean, sigma, shift = _standardised(reference, target, kept, config.min_images)
    ids = tuple(side.ids[i] for side, rows in zip((reference, target), kept, strict=True) for i in rows)
    return Sample(z, len(kept[0]), ids, groups[0] + groups[1], measured, mean, sigma, shift)


def _same_space(reference: Latents, target: Latents) -> None:
    first, second = reference.space, target.space
    names = [[d.id for d in space.dimensions] for space in (first, second)]
    if first.key == second.key and names[0] == names[1]:
        return
    what = f"{reference.images!r} is in {first.encoder!r} ({first.key}), {target.images!r} in {second.encoder!r} ({second.key})"
    if first.key == second.key:
        odd = next((a or b for a, b in zip(*([*n, ""] for n in names), strict=False) if a != b), "")
        what += f"; dimensions differ, {len(first)} and {len(second)}, first at {quoted(odd)}"
    raise SpacesDiffer(f"two spaces cannot be compared: {what}", hint="encode both sets with one encoder, config and backbone")


def _enough(side: Latents, images: int, groups: int, config: StyleDiffConfig) -> None:
    if images >= config.min_images and groups >= config.min_groups:
        return
    raise TooFewImages(
        f"{side.images!r} has {images} usable images in {groups} groups; "
        f"at least {config.min_images} images in {config.min_groups} groups are needed a side",
        hint=f"add images, or see why {len(side.set_aside)} were set aside; one scene or part is one group",
    )


def _standardised(
    reference: Latents, target: Latents, kept: list[NDArray[np.intp]], least: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_], Floats, Floats, Floats]:
    """Give ``(z, measured, mean, sigma, shift)``, block by block in float64."""
    dims = reference.space.dimensions
    count = len(kept[0]) + len(kept[1])
    z = np.empty((len(dims), count), np.float32)
    mean, sigma, shift, span = (np.full(len(dims), np.nan) for _ in range(4))
    enough = np.zeros(len(dims), bool)
    step = max(1, BLOCK // count)
    for start in range(0, len(dims), step):
        rows = slice(start, start + step)
        raw = [
            np.ascontiguousarray(side.values[picked, rows].T, dtype=np.float64)
            for side, picked in zip((reference, target), kept, strict=True)
        ]
        for x in raw:
            x[~np.isfinite(x)] = np.nan
        _unwind(raw, dims[rows])
        have = [np.isfinite(x).sum(axis=1) for x in raw]
        enough[rows] = np.all([h >= np.maximum(least, x.shape[1] / 2) for h, x in zip(have, raw, strict=True)], axis=0)
        means = [np.nansum(x, axis=1) / np.maximum(h, 1) for x, h in zip(raw, have, strict=True)]
        mean[rows] = (means[0] + means[1]) / 2
        shift[rows] = means[1] - means[0]
        for x in raw:
            x -= mean[rows, None]
        spread = [np.nansum(x**2, axis=1) / np.maximum(h, 1) for x, h in zip(raw, have, strict=True)]
        sigma[rows] = np.sqrt((spread[0] + spread[1]) / 2)
        both = np.concatenate(raw, axis=1)
        span[rows] = np.abs(mean[rows]) + np.abs(np.nan_to_num(both)).max(axis=1)
        z[rows] = both / np.where(sigma[rows] > 0, sigma[rows], 1)[:, None]
    measured = enough & ~_dead(sigma, span, enough, dims)
    z[~measured] = np.nan
    for values in (mean, sigma, shift):
        values[~enough] = np.nan
    return z, measured, mean, sigma, shift


def _unwind(raw: list[Floats], dims: tuple[Dimension, ...]) -> None:
    """Cut angles opposite to their pooled circular mean, so that neighbours on the circle are neighbours."""
    for row, dim in enumerate(dims):
        if dim.period is None:
            continue
        turns = [np.exp(2j * np.pi * x[row][np.isfinite(x[row])] / dim.period) for x in raw]
        middle = np.angle(sum(t.mean() for t in turns if t.size)) * dim.period / (2 * np.pi)
        for x in raw:
            x[row] = middle + (x[row] - middle + dim.period / 2) % dim.period - dim.period / 2


def _dead(sigma: Floats, span: Floats, enough: NDArray[np.bool_], dims: tuple[Dimension, ...]) -> NDArray[np.bool_]:
    """Find dimensions that do not vary.

    Below float32's own resolution nothing varies. Learned dimensions, which share one scale, are also
    dead below a thousandth of their median spread; named ones have units of their own and are not compared.
    """
    dead = ~(sigma > 1e-7 * span)
    learned = np.array([d.words is None for d in dims]) & enough & ~dead
    if learned.any():
        dead |= learned & (sigma < 1e-3 * np.median(sigma[learned]))
    return dead
