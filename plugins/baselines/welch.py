"""Scorer ``welch``: the difference of means of every dimension, by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from ...plugin import AttributeScores, Latents, LatentScorer
from .config import PlainConfig
from .sample import Floats, prepare


class Welch(LatentScorer):
    """Mean difference in pooled standard deviations, p by Welch's t (1947) over the means of groups, Holm over dimensions."""

    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        """Score every dimension; see :class:`shiftlens.plugin.LatentScorer`.

        Raises:
            SpacesDiffer: the two were not made in the same space.
            TooFewImages: a side has fewer usable images, or groups, than the config asks for.
            InputUnusable: no dimension varies, or none has enough values.
        """
        config = self.config if isinstance(self.config, PlainConfig) else PlainConfig()
        sample = prepare(reference, target, config)
        p = np.where(sample.measured, welch(*sample.by_group()), np.nan)
        return AttributeScores.of(
            reference, target, effect=np.abs(sample.shift / np.where(sample.measured, sample.sigma, np.nan)), p_single=p,
            mean=sample.mean, sigma=sample.sigma, shift=sample.shift, alpha=config.alpha, settings=config.model_dump(),
        )  # fmt: skip


def welch(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Give the two-sided p of Welch's t for each row of ``a`` ``(rows, n)`` against ``b`` ``(rows, m)``, NaN left out.

    >>> welch(np.array([[1.0, 2, 3, 4]]), np.array([[1.0, 2, 3, 4]])).tolist()
    [1.0]
    """
    with np.errstate(all="ignore"):
        n, m = (np.isfinite(x).sum(axis=1) for x in (a, b))
        means = [np.nansum(x, axis=1) / k for x, k in ((a, n), (b, m))]
        va, vb = (np.nansum((x - mu[:, None]) ** 2, axis=1) / (k - 1) / k for x, mu, k in ((a, means[0], n), (b, means[1], m)))
        apart = means[1] - means[0]
        t = np.where(apart == 0, 0.0, apart / np.sqrt(va + vb))
        freedom = (va + vb) ** 2 / (va**2 / (n - 1) + vb**2 / (m - 1))
        p = 2 * stdtr(freedom, -np.abs(t))
    return np.where((n < 2) | (m < 2), np.nan, np.where(apart == 0, 1.0, np.where(va + vb == 0, 0.0, p)))
