"""The reference against itself: how often random halves of it look different."""

from __future__ import annotations

import numpy as np

from .config import StyleDiffConfig
from .joint import Ridge, folds, part_of
from .permutation import critical
from .sample import Sample
from .transport import transport
from .units import Units

FEWEST = 16
"""Groups that the reference needs before halves of it are compared."""


def alarms(sample: Sample, config: StyleDiffConfig, workers: int, rng: np.random.Generator) -> tuple[int, int]:
    """Give ``(halvings, alarms)``: how many random halvings by group had a significant difference.

    A halving is tested against exchanges of its groups between the halves; these are all other halvings of the same
    images, whichever was tested, so one set of ``permutations_self`` serves them all. An alarm is
    a significant dimension or a significant joint test; as these are two, each has half of ``alpha``.
    """
    groups = sample.groups[: sample.split]
    if len(set(groups)) < FEWEST or not config.self_splits:
        return 0, 0
    names = list(dict.fromkeys(groups))
    number = {name: i for i, name in enumerate(names)}
    units = Units(
        of_image=np.array([number[g] for g in groups], np.intp),
        target=np.arange(len(names)) % 2 == 1,
        pairs=np.empty((0, 2), np.intp),
        free=np.arange(len(names)),
    )
    z = sample.reference[np.isfinite(sample.reference).sum(axis=1) >= FEWEST]
    if not len(z):
        return 0, 0
    halvings = units.exchanged(config.self_splits + config.permutations_self, rng).part(slice(1, None))
    tested = config.self_splits
    largest = transport(z, halvings, workers).max(axis=0)
    alarm = largest[:tested] > critical(largest[tested:], config.alpha / 2)
    part = part_of(units, config.joint_images, rng)
    ridge = Ridge(np.nan_to_num(z[:, part]), folds(units, config.folds, rng)[part])
    auc = ridge.separation(halvings.target[part]).astype(np.float32)
    alarm |= auc[:tested] > critical(auc[tested:], config.alpha / 2)
    return tested, int(alarm.sum())
