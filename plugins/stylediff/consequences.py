"""Which differences are consequences of others.

From two sets alone a cause cannot be proved; what can be seen is whether inside each set one attribute
moves with another, and whether that carries the shift between the sets. The slope between the sets is no
evidence, it would explain any shift by any other. So slopes are taken within each set:

* a relation must be there at all: correlation within the sets, significant over groups;
* of a bent relation that bends one way, the slope from one set to the other lies between those at both ends. So every
  slope between the two within-set slopes is admitted, and the one that explains most is used;
* noise in a leading attribute flattens slopes. Down to half the slope is allowed for by ``keep``: an attribute stands
  on its own only if at least that share of its effect is left;
* a shift of many within-set deviations stretches the error of a slope. What is left must exceed what
  exchanged groups show, widened by that error (the adjusted means of an analysis of covariance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from .config import StyleDiffConfig
from .permutation import SLACK
from .sample import Sample
from .transport import transport
from .units import Draws

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
RELATED = 0.05
"""Level at which a relation within the sets counts as there."""
MIXED = 4.0
"""Standard errors from 0 at which a correlation among alike images shows a mixture; many pairs are looked at."""
ALIKE = 8
"""Images in a row by one attribute that count as alike in it."""
RIDGE = 1e-3
"""Penalty of the slopes, a share of a leading attribute's variance within its set: leaders may be collinear."""


@dataclass(frozen=True)
class Folding:
    """One entry a dimension: the index of the leading one (-1: stands on its own), the effect left, and its p."""

    follows: NDArray[np.int64]
    left: Floats
    p: Floats


class _Within:
    """Slopes of dimensions on leading ones inside each set, and what they leave."""

    def __init__(self, sample: Sample, draws: Draws, workers: int) -> None:
        self.sample, self.draws, self.workers = sample, draws, workers
        self.sides = (slice(0, sample.split), slice(sample.split, sample.z.shape[1]))
        self.freedom = max(len(set(sample.groups)) - 2, 1)
        bound = student.isf(RELATED / 2, self.freedom)
        self.related = float(bound / np.sqrt(self.freedom + bound**2))

    def left(self, rows: Rows, leaders: Rows) -> tuple[Floats, Floats]:
        """Give ``(p, left)`` of ``rows``: p by max-T, each in units of how much wider its noise is."""
        if not len(rows):
            return np.ones(0), np.zeros(0)
        left, wider, residuals = self.seen(rows, leaders)
        largest = transport(residuals, self.draws.part(slice(1, None)), self.workers).max(axis=0)
        reached = (largest >= (left / wider)[:, None] * (1 - SLACK)).sum(axis=1)
        return (1 + reached) / (1 + len(largest)), left

    def seen(self, rows: Rows, leaders: Rows) -> tuple[Floats, Floats, NDArray[np.float32]]:
        """Give ``(left, wider, residuals)`` of ``rows``.

        What is left of the shift counts in full. What is left of spread and shape counts up to what
        there was of it: where a bent relation carries a shift it also stretches, which is no second difference.
        """
        residuals, wider = self.residuals(rows, leaders)
        net, rest = self._split(residuals)
        return net + np.minimum(rest, self._split(self.sample.z[rows])[1]), wider, residuals

    def _split(self, z: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """Give W1 as ``(shift, rest)``."""
        seen = self.draws.part(slice(0, 1))
        net = np.abs(_moved(z, self.sides))
        return net, np.maximum(transport(z, seen, self.workers)[:, 0] - net, 0)

    def cause(self, able: Rows, left: Floats) -> int:
        """Give the one of ``able`` with the largest effect ``left`` that is not a mixture of others.

        If all are mixtures the largest leads.
        """
        order = np.argsort(-left, kind="stable")
        centred = self.sample.centred(able)
        together = _correlation(centred)
        for i in order:
            if not self._mixes(int(i), centred, together):
                return int(able[i])
        return int(able[order[0]])

    def _mixes(self, leader: int, centred: NDArray[np.float32], together: Floats) -> bool:
        """Say whether a row mixes two others: it would explain both, and hide that two things changed.

        A mixture moves with two rows that do not move with each other, and among images that are alike in
        it the one is large where the other is small. Consequences of one cause share no more than that cause, bent or not.
        """
        moves = np.abs(together[leader]) > self.related
        moves[leader] = False
        pairs = np.outer(moves, moves) & (np.abs(together) < self.related)
        if not pairs.any():
            return False
        alike = np.concatenate([_among_alike(centred[leader, side], centred[:, side]) for side in self.sides], axis=1)
        against = -_correlation(alike) * np.sign(np.outer(together[leader], together[leader]))
        freedom = self.freedom * (ALIKE - 2) / ALIKE
        return bool((pairs & (against > np.tanh(MIXED / np.sqrt(freedom)))).any())

    def residuals(self, rows: Rows, leaders: Rows) -> tuple[NDArray[np.float32], Floats]:
        """Give ``rows`` with what ``leaders`` explain taken off, and how much wider their noise is for it."""
        out = self.sample.z[rows].copy()
        wider = np.ones(len(rows))
        x, y = self.sample.centred(leaders), self.sample.centred(rows)
        lengths = np.linalg.norm(y, axis=1)[:, None] * np.linalg.norm(x, axis=1)
        related = np.abs(y @ x.T) > self.related * lengths
        for pattern in np.unique(related, axis=0):
            chosen = np.flatnonzero(pattern)
            same = np.flatnonzero((related == pattern).all(axis=1))
            if len(chosen):
                out[same], wider[same] = self._explained(out[same], y[same], x[chosen], leaders[chosen])
        return out, wider

    def _explained(
        self, z: NDArray[np.float32], y: NDArray[np.float32], x: NDArray[np.float32], leaders: Rows
    ) -> tuple[NDArray[np.float32], float]:
        moved = _moved(self.sample.z[leaders], self.sides)
        slopes, spread = [], np.zeros((len(x), len(x)))
        for side in self.sides:
            inner = (x[:, side] @ x[:, side].T).astype(np.float64)
            inner += RIDGE * np.diag(np.diag(inner)) + np.finfo(np.float32).tiny * np.eye(len(x))
            slopes.append(np.linalg.solve(inner, (x[:, side] @ y[:, side].T).astype(np.float64)))
            spread += inner
        ends = [slope * moved[:, None] for slope in slopes]
        low, high = np.minimum(*ends).sum(axis=0), np.maximum(*ends).sum(axis=0)
        carried = np.clip(_moved(z, self.sides), low, high)
        for side, slope in zip(self.sides, slopes, strict=True):
            z[:, side] -= (slope.T @ x[:, side]).astype(np.float32)
        z[:, self.sides[1]] -= carried[:, None].astype(np.float32)
        share = 1 / sum(1 / z[:, side].shape[1] for side in self.sides)
        return z, float(np.sqrt(1 + share * moved @ np.linalg.solve(spread, moved)))


def _correlation(centred: NDArray[np.float32]) -> Floats:
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return np.asarray(unit @ unit.T, np.float64)


def _among_alike(leader: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give ``rows`` of one side, less mean and slope on ``leader`` within each ``ALIKE`` neighbours by it."""
    order = np.argsort(leader, kind="stable")[: len(leader) // ALIKE * ALIKE]
    x = leader[order].reshape(-1, ALIKE)
    y = rows[:, order].reshape(len(rows), -1, ALIKE)
    x = x - x.mean(axis=1, keepdims=True)
    y = y - y.mean(axis=2, keepdims=True)
    slope = (x * y).sum(axis=2, keepdims=True) / np.maximum((x**2).sum(axis=1), np.finfo(np.float32).tiny)[:, None]
    return np.asarray(y - slope * x).reshape(len(rows), -1)


def _moved(z: NDArray[np.float32], sides: tuple[slice, slice]) -> Floats:
    """Give mean(target) - mean(reference)."""
    first, second = (np.asarray(np.nanmean(z[:, side], axis=1, dtype=np.float64)) for side in sides)
    return second - first


def fold(
    sample: Sample,
    effect: Floats,
    p_family: Floats,
    cluster: NDArray[np.int64],
    least: Floats,
    draws: Draws,
    config: StyleDiffConfig,
    workers: int,
) -> Folding:
    """Fold significant dimensions under the ones that lead to them, greedily.

    The largest effect leads; of what is left of the others after it, the largest that is significant and
    at least ``keep`` of its raw effect leads next, and so on. What is left must also be large enough to matter to
    anyone, if any difference is. In spaces of many dimensions only the strongest of each cluster, at most
    ``candidates``, may lead.

    Args:
        sample: both sets.
        effect: W1 of every dimension.
        p_family: its corrected p; those above ``alpha`` are passed over.
        cluster: numbers from :func:`.clusters.clusters`.
        least: smallest effect of every dimension that matters.
        draws: exchanged groups, what was seen in column 0.
        config: ``alpha``, ``keep`` and ``candidates``.
        workers: threads.
    """
    out = Folding(np.full(len(effect), -1, np.int64), effect.copy(), p_family.copy())
    found = np.flatnonzero(sample.measured & (p_family <= config.alpha))
    found = found[np.argsort(-effect[found], kind="stable")]
    if not len(found):
        return out
    within = _Within(sample, draws, workers)
    needed = config.keep * effect
    if (effect[found] >= least[found]).any():
        needed = np.maximum(needed, least)
    able = found if len(effect) <= config.candidates else _strongest(found, cluster)[: config.candidates]
    leaders: list[int] = []
    left, p = effect[able], p_family[able]
    standing = left >= needed[able]
    while standing.any():
        best = within.cause(able[standing], left[standing])
        at = int(np.flatnonzero(able == best)[0])
        leaders.append(best)
        out.left[best], out.p[best] = left[at], p[at]
        able = np.delete(able, at)
        p, left = within.left(able, np.array(leaders))
        standing = (p <= config.alpha) & (left >= needed[able])
    rest = found[~np.isin(found, leaders)]
    if not len(rest) or not leaders:
        return out
    p, left = within.left(rest, np.array(leaders))
    out.p[rest], out.left[rest] = p, left
    rest = rest[(p > config.alpha) | (left < needed[rest])]
    alone = [within.seen(rest, np.array([leader]))[0] for leader in leaders]
    out.follows[rest] = np.array(leaders)[np.argmin(alone, axis=0)]
    return out


def _strongest(found: Rows, cluster: NDArray[np.int64]) -> Rows:
    """Give the first of each cluster, order kept."""
    _, first = np.unique(cluster[found], return_index=True)
    return found[np.sort(first)]
