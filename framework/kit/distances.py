"""How far two sets of features lie apart, whatever network gave them. Name a figure after its network, never FID or KID."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...specs.errors import TooFewImages, UsageError
from ..contract.protocols import Features

Floats = NDArray[np.float64]
FEWEST = 2
_LAYER = -3
"""From the deep end: 112 channels of EfficientNet-Lite0, few enough for few images."""
_BATCH = 16


def pooled_features(pictures: Iterable[NDArray[np.uint8]], features: Features) -> NDArray[np.float32]:
    """Give what distances are taken of: the means of the maps of the last layer but two, ``(pictures, channels)``.

    Args:
        pictures: ``(size, size, 3)`` each, scaled to the network's square; taken as they are needed.
        features: the network.

    Raises:
        TooFewImages: there is no picture.
    """
    found, rest = [], iter(pictures)
    while batch := list(islice(rest, _BATCH)):
        found.append(features.maps(np.stack(batch), features.layers[_LAYER]).mean(axis=(2, 3)))
    if not found:
        raise TooFewImages("features of no picture", hint="give some")
    return np.concatenate(found)


def frechet_distance(reference: ArrayLike, sample: ArrayLike) -> float:
    """Give the Fréchet distance of the normal distributions fitted to two sets of features, 0 or more.

    It grows as sets get smaller, even between sets of one distribution: compare figures of equal numbers of images
    alone, and show that of two real sets beside them.

    Args:
        reference: ``(images, features)``.
        sample: ``(images, features)``; as many features, any number of images.

    Raises:
        UsageError: the shapes do not fit, or a feature is not finite.
        TooFewImages: fewer than two images.

    >>> x = np.random.default_rng(0).normal(size=(50, 4))
    >>> round(frechet_distance(x, x + 3), 6)
    36.0
    """
    x, y = _checked(reference, sample)
    return frechet_of_moments(*_moments(x), *_moments(y))


def frechet_of_moments(mean: Floats, covariance: Floats, other_mean: Floats, other_covariance: Floats) -> float:
    """Give the Fréchet distance of two normal distributions.

    >>> one = np.eye(8)
    >>> round(frechet_of_moments(np.zeros(8), one, np.full(8, 0.5), 4 * one), 9)
    10.0
    """
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    between = np.linalg.eigvalsh(root @ other_covariance @ root)  # symmetric, unlike the product of the two: no complex roots
    shift = float(((mean - other_mean) ** 2).sum())
    spread = np.trace(covariance) + np.trace(other_covariance) - 2 * np.sqrt(np.clip(between, 0, None)).sum()
    return max(0.0, shift + float(spread))


class KernelDistance(NamedTuple):
    """The mean over subsets and their standard deviation, in raw units (papers print 100 or 1000 times as much)."""

    mean: float
    deviation: float


def kernel_distance(
    reference: ArrayLike, sample: ArrayLike, *, subsets: int = 100, size: int = 1000, seed: int = 0
) -> KernelDistance:
    """Give the unbiased squared maximum mean discrepancy of two sets of features, kernel (a·b / features + 1)³.

    It does not grow as sets get smaller; about half of the figures of two equal distributions are below 0.

    Args:
        reference: ``(images, features)``.
        sample: ``(images, features)``.
        subsets: how many pairs of subsets are drawn.
        size: images of a subset, at most; all of the smaller set where that has fewer.
        seed: of the draws.

    Raises:
        UsageError: the shapes do not fit, or a feature is not finite.
        TooFewImages: fewer than two images.
    """
    x, y = _checked(reference, sample)
    draws = np.random.default_rng(seed)
    count = min(size, len(x), len(y))
    found = [_discrepancy(x[draws.permutation(len(x))[:count]], y[draws.permutation(len(y))[:count]]) for _ in range(subsets)]
    return KernelDistance(float(np.mean(found)), float(np.std(found)))


def _discrepancy(x: Floats, y: Floats) -> float:
    count, features = x.shape
    xx, yy, xy = ((a @ b.T / features + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    within = (xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)) / (count * (count - 1))
    return float(within - 2 * xy.mean())


def _moments(x: Floats) -> tuple[Floats, Floats]:
    return x.mean(axis=0), np.atleast_2d(np.cov(x, rowvar=False))


def _checked(reference: ArrayLike, sample: ArrayLike) -> tuple[Floats, Floats]:
    x, y = (np.asarray(side, np.float64) for side in (reference, sample))
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise UsageError(f"features of shapes {x.shape} and {y.shape}", hint="both are (images, features), of one network")
    if min(len(x), len(y)) < FEWEST:
        raise TooFewImages(f"a distance of {len(x)} and {len(y)} images", hint=f"at least {FEWEST} a side")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UsageError("features that are not finite have no distance", hint="the network or the images hold NaN")
    return x, y
