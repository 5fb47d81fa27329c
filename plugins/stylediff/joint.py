"""The whole space at once: a ridge direction, judged on groups that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from .config import StyleDiffConfig
from .permutation import SLACK
from .units import Units

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
COLUMNS = 256
"""Label vectors worked on at once."""


@dataclass(frozen=True)
class Joint:
    """The direction (unit norm), held-out projections of all images, their AUC, and its p."""

    weights: Floats
    projection: Floats
    separation: float
    p: float


class Ridge:
    """Ridge regression of labels on standardised images, for any labels at once.

    Works in the dual: one ``(images, images)`` kernel whatever the number of dimensions. The penalty is the
    mean of the kernel's diagonal. Held-out values of a fold come in closed form from the hat matrix, so
    labels cost one product and folds one small system each, nothing is refitted.
    """

    def __init__(self, z: Singles, fold: NDArray[np.intp]) -> None:
        """Take ``z`` ``(dimensions, images)`` without NaN and the fold of each image."""
        self.centred = z - z.mean(axis=1, keepdims=True)
        kernel = (self.centred.T @ self.centred).astype(np.float64)
        images = len(kernel)
        penalty = max(float(np.trace(kernel)) / images, 1e-30)
        self.inverse: Floats = np.linalg.inv(kernel + penalty * np.eye(images))
        self.hat: Floats = np.eye(images) - penalty * self.inverse + 1 / images
        self.folds = [np.flatnonzero(fold == f) for f in np.unique(fold)]

    def held_out(self, labels: Floats) -> Floats:
        """Give predictions ``(images, columns)`` of ``labels``, each by the images of the other folds."""
        left = labels - self.hat @ labels
        out: Floats = np.empty_like(left)
        for members in self.folds:
            inside = np.eye(len(members)) - self.hat[np.ix_(members, members)]
            out[members] = labels[members] - np.linalg.solve(inside, left[members])
        return out

    def direction(self, label: Floats) -> Floats:
        """Give the direction ``(dimensions,)`` of one label vector, all images seen."""
        weights: Floats = self.centred @ (self.inverse @ (label - label.mean()))
        return weights

    def projections(self, label: Floats) -> Floats:
        """Give the images on the direction of the other folds, counted from the mean of the other folds."""
        out = self.held_out(label[:, None])[:, 0]
        for members in self.folds:
            out[members] -= np.delete(label, members).mean()
        return out

    def separation(self, target: NDArray[np.uint8]) -> Floats:
        """Give the AUC of held-out predictions for each column of ``target`` ``(images, columns)``.

        Images are compared within their fold only: the mean of the others' labels tells what a fold
        lacks, which drags a pooled leave-one-out AUC below 0.5 where nothing differs.
        """
        out = np.empty(target.shape[1])
        for start in range(0, target.shape[1], COLUMNS):
            labels = target[:, start : start + COLUMNS].astype(np.float64)
            scores = self.held_out(2 * labels - 1)
            wins, pairs = np.zeros(labels.shape[1]), np.zeros(labels.shape[1])
            for members in self.folds:
                ones = labels[members].sum(axis=0)
                rank = rankdata(np.round(scores[members], 9), axis=0)
                wins += (rank * labels[members]).sum(axis=0) - ones * (ones + 1) / 2
                pairs += ones * (len(members) - ones)
            out[start : start + COLUMNS] = np.where(pairs > 0, wins / np.maximum(pairs, 1), 0.5)
        return out


def joint(z: Singles, units: Units, exchanged: NDArray[np.uint8], config: StyleDiffConfig, rng: np.random.Generator) -> Joint:
    """Test the whole space.

    Args:
        z: ``(dimensions, images)``, standardised, 0 where a value is missing.
        units: the groups, which stay whole.
        exchanged: ``(images, 1 + permutations)`` 1 on the target side; column 0 is what was seen.
        config: number of folds, and the most images in the kernel; a random part of the groups beyond it.
        rng: draws folds and part.
    """
    fold = folds(units, config.folds, rng)
    part = part_of(units, config.joint_images, rng)
    ridge = Ridge(z[:, part], fold[part])
    seen = 2 * exchanged[:, 0].astype(np.float64) - 1
    auc = ridge.separation(exchanged[part])
    weights = ridge.direction(seen[part])
    norm = max(float(np.linalg.norm(weights)), np.finfo(np.float64).tiny)
    single = weights.astype(np.float32)
    projection = (single @ z - single @ z[:, part].mean(axis=1)).astype(np.float64)
    projection[part] = ridge.projections(seen[part])
    return Joint(
        weights=weights / norm,
        projection=projection / norm,
        separation=float(auc[0]),
        p=float((auc >= auc[0] * (1 - SLACK)).mean()),
    )


def folds(units: Units, most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Give the fold of each image: groups stay whole, pairs together, and labels play no part."""
    block = units.blocks()
    count = int(block.max()) + 1
    return (rng.permutation(count) % max(2, min(most, count // 4)))[block]


def part_of(units: Units, most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Give the images of a random part of the groups, ``most`` images or the first group."""
    block = units.blocks()
    if len(block) <= most:
        return np.arange(len(block))
    order = rng.permutation(int(block.max()) + 1)
    taken = order[np.cumsum(np.bincount(block)[order]) <= most]
    return np.flatnonzero(np.isin(block, taken if len(taken) else order[:1]))
