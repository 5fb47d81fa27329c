"""Scorer ``ks``: the largest distance of the two distribution functions of every dimension, by itself."""

from __future__ import annotations

import numpy as np
from scipy.special import comb
from scipy.stats import kstwo

from ...plugin import AttributeScores, Latents, LatentScorer
from .config import PlainConfig
from .sample import Floats, prepare

EXACT = 10_000
"""Largest product of the two sizes for which orders are counted; beyond it the approximation is good."""


class KolmogorovSmirnov(LatentScorer):
    """Kolmogorov-Smirnov distance over the means of groups, Holm over dimensions; the effect is the distance, 0 to 1."""

    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        """Score every dimension; see :class:`shiftlens.plugin.LatentScorer`.

        Raises:
            SpacesDiffer: the two were not made in the same space.
            TooFewImages: a side has fewer usable images, or groups, than the config asks for.
            InputUnusable: no dimension varies, or none has enough values.
        """
        config = self.config if isinstance(self.config, PlainConfig) else PlainConfig()
        sample = prepare(reference, target, config)
        distance, p = kolmogorov_smirnov(*sample.by_group())
        return AttributeScores.of(
            reference, target,
            effect=np.where(sample.measured, distance, np.nan), p_single=np.where(sample.measured, p, np.nan),
            mean=sample.mean, sigma=sample.sigma, shift=sample.shift, alpha=config.alpha, settings=config.model_dump(),
        )  # fmt: skip


def kolmogorov_smirnov(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Give ``(distance, p)`` for each row of ``a`` ``(rows, n)`` against ``b`` ``(rows, m)``, NaN left out.

    p is exact up to ``n * m = 10 000``, which matters where there are few groups. Beyond that it is the one of the one-sample
    distance of n·m / (n + m) values, as ``scipy.stats.ks_2samp`` has them. Ties make both careful.

    >>> kolmogorov_smirnov(np.zeros((1, 20)), np.ones((1, 20)))[0].tolist()
    [1.0]
    """
    n, m = (np.isfinite(x).sum(axis=1) for x in (a, b))
    both = np.concatenate([a, b], axis=1)
    steps = np.concatenate(
        [np.isfinite(x) * sign / np.maximum(k, 1)[:, None] for x, sign, k in ((a, 1.0, n), (b, -1.0, m))], axis=1
    )
    order = np.argsort(both, axis=1, kind="stable")
    values = np.take_along_axis(both, order, axis=1)
    apart = np.cumsum(np.take_along_axis(steps, order, axis=1), axis=1)
    last_of_ties = np.ones(values.shape, bool)
    last_of_ties[:, :-1] = values[:, :-1] != values[:, 1:]
    distance = np.clip(np.where(last_of_ties, np.abs(apart), 0).max(axis=1), 0, 1)
    known = (n > 0) & (m > 0)
    cases, place = np.unique(np.stack([distance, n, m]), axis=1, return_inverse=True)  # few cases, dear to look up
    p = np.array([p_value(float(d), int(i), int(j)) if i and j else 1.0 for d, i, j in cases.T])[place]
    return np.where(known, distance, np.nan), np.where(known, p, np.nan)


def p_value(distance: float, n: int, m: int) -> float:
    """Give the chance that ``n`` and ``m`` values of one continuous distribution are as far apart, or further.

    >>> round(p_value(1.0, 5, 5), 6)  # 2 of 252 orders
    0.007937
    """
    if n * m > EXACT:
        return float(kstwo.sf(distance, round(n * m / (n + m))))
    bound = round(distance * n * m)
    if bound == 0:
        return 1.0
    paths = np.zeros(m + 1)  # orders of i + j values that have stayed below the bound so far, by j
    for i in range(n + 1):
        allowed = np.abs(i * m - np.arange(m + 1) * n) < bound
        if i == 0:
            paths = np.cumprod(allowed).astype(np.float64)
        else:
            paths = np.where(allowed, np.cumsum(np.where(allowed, paths, 0.0)), 0.0)
    orders = float(comb(n + m, n))
    return min(1.0, max(1 - float(paths[-1]) / orders, 2 / orders))
