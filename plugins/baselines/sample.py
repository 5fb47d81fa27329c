"""Two sets of latents as one standardised sample, and the groups that stay whole."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import InputUnusable, SpacesDiffer, TooFewImages
from ...plugin import Latents
from .config import PlainConfig

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Both sides in one array: ``z`` is ``(dimensions, images)``, reference first, NaN where a value is missing.

    ``z`` is in pooled standard deviations around the pooled mean; ``mean``, ``sigma`` and ``shift`` are in the
    dimensions' units. ``unit`` numbers the group of each image, a group that stands on both sides twice; ``target`` says
    of each unit whether it is on the target side. ``measured`` dimensions vary and have a value in half of each side.
    """

    z: Floats
    split: int
    unit: NDArray[np.intp]
    target: NDArray[np.bool_]
    measured: NDArray[np.bool_]
    mean: Floats
    sigma: Floats
    shift: Floats

    @property
    def filled(self) -> Floats:
        """Give the measured dimensions, 0 (the pooled mean) where a value is missing."""
        return np.nan_to_num(self.z[self.measured])

    def by_group(self) -> tuple[Floats, Floats]:
        """Give the mean of each group, ``(dimensions, groups)`` of the reference and of the target.

        Images of one group are not independent, their means are: what counts images would be too sure.
        """
        member = np.zeros((len(self.unit), len(self.target)))
        member[np.arange(len(self.unit)), self.unit] = 1
        have = np.isfinite(self.z)
        count = have @ member
        means = np.where(count > 0, np.nan_to_num(self.z) @ member / np.maximum(count, 1), np.nan)
        return means[:, ~self.target], means[:, self.target]

    def exchanged(self, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Deal the groups to the sides ``count`` times: ``(images, 1 + count)``, true on the target side; column 0 as it was.

        A group that stands on both sides is dealt as two, which makes the tests careful, not wrong.
        """
        labels = np.repeat(self.target[:, None], count + 1, axis=1)
        labels[:, 1:] = rng.permuted(labels[:, 1:], axis=0)
        return labels[self.unit]


def prepare(reference: Latents, target: Latents, config: PlainConfig) -> Sample:
    """Check that two sets compare, and standardise them together.

    Raises:
        SpacesDiffer: the numbers of the two do not mean the same.
        TooFewImages: a side has fewer images, or groups, than ``config`` asks for.
        InputUnusable: no dimension varies, or none has enough values.
    """
    if reference.space != target.space:
        raise SpacesDiffer(
            f"{reference.images!r} is in the space {reference.space.key!r}, {target.images!r} in {target.space.key!r}",
            hint="encode both with one encoder, config and backbone",
        )
    for side in (reference, target):
        _enough(side, config)
    raw = [side.values.T.astype(np.float64) for side in (reference, target)]
    for x in raw:
        x[~np.isfinite(x)] = np.nan
    _unwind(raw, reference)
    have = [np.isfinite(x).sum(axis=1) for x in raw]
    enough = np.all([h >= np.maximum(config.min_groups, x.shape[1] / 2) for h, x in zip(have, raw, strict=True)], axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # dimensions without any value: their mean is NaN
        means = [np.nanmean(x, axis=1) for x in raw]
        mean = (means[0] + means[1]) / 2
        sigma = np.sqrt(sum(np.nanmean((x - mean[:, None]) ** 2, axis=1) for x in raw) / 2)
    measured = enough & (np.nan_to_num(sigma) > 1e-7 * np.abs(np.nan_to_num(mean)))
    if not measured.any():
        raise InputUnusable(
            f"{reference.images!r} and {target.images!r}: none of {len(reference.space)} dimensions can be measured",
            hint="a dimension must vary, and have a value in at least half of the images of each side",
        )
    z = (np.concatenate(raw, axis=1) - mean[:, None]) / np.where(measured, sigma, np.nan)[:, None]
    split = len(reference.ids)
    unit, is_target = _units((*reference.groups, *target.groups), split)
    return Sample(z, split, unit, is_target, measured, mean, sigma, means[1] - means[0])


def _enough(side: Latents, config: PlainConfig) -> None:
    images, groups = len(side.ids), len(set(side.groups))
    if images >= config.min_images and groups >= config.min_groups:
        return
    raise TooFewImages(
        f"{side.images!r} has {images} usable images in {groups} groups; "
        f"at least {config.min_images} images in {config.min_groups} groups are needed a side",
        hint=f"add images, or see why {len(side.set_aside)} were set aside; one scene or part is one group",
    )


def _unwind(raw: list[Floats], side: Latents) -> None:
    """Cut angles opposite to their pooled circular mean, so that neighbours on the circle are neighbours."""
    for row, dim in enumerate(side.space.dimensions):
        if dim.period is None:
            continue
        turns = [np.exp(2j * np.pi * x[row][np.isfinite(x[row])] / dim.period) for x in raw]
        middle = np.angle(sum(t.mean() for t in turns if t.size)) * dim.period / (2 * np.pi)
        for x in raw:
            x[row] = middle + (x[row] - middle + dim.period / 2) % dim.period - dim.period / 2


def _units(groups: tuple[str, ...], split: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    numbers: dict[tuple[bool, str], int] = {}
    unit = np.array([numbers.setdefault((i >= split, name), len(numbers)) for i, name in enumerate(groups)], np.intp)
    return unit, np.array([side for side, _ in numbers])
