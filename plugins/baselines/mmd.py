"""Scorer ``mmd``: maximum mean discrepancy with a Gaussian kernel, of the whole space and of every dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...plugin import AttributeScores, Latents, LatentScorer
from .config import MmdConfig
from .exchange import family, single
from .sample import Floats, Sample, prepare

MOST_FOR_WIDTH = 200
"""Images whose distances give the width of a kernel."""
BLOCK = 64
"""Dimensions worked on at once."""


class Mmd(LatentScorer):
    """Unbiased MMD² (Gretton et al. 2012), p by exchanged groups.

    The effect of a dimension is its own MMD² (0 where the unbiased value is below), ``separation_p`` that of the whole
    space. The projections are the witness function: an image's mean likeness to the target less that to the
    reference, itself left out; images at its ends show what differs.
    """

    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        """Score every dimension; see :class:`shiftlens.plugin.LatentScorer`.

        Raises:
            SpacesDiffer: the two were not made in the same space.
            TooFewImages: a side has fewer usable images, or groups, than the config asks for.
            InputUnusable: no dimension varies, or none has enough values.
        """
        config = self.config if isinstance(self.config, MmdConfig) else MmdConfig()
        sample = prepare(reference, target, config)
        labels = sample.exchanged(config.permutations, np.random.default_rng(self.context.seed))
        kernel = gaussian(sample.filled)
        whole = mmd_of_kernel(kernel, labels)
        drawn = mmd_of_rows(sample.z[sample.measured], labels, config.nodes)
        witness = witness_of(kernel, labels[:, 0])
        return AttributeScores.of(
            reference, target,
            effect=_all(np.maximum(drawn[:, 0], 0), sample), p_single=_all(single(drawn), sample),
            p_family=_all(family(drawn), sample), mean=sample.mean, sigma=sample.sigma, shift=sample.shift,
            alpha=config.alpha, settings=config.model_dump() | {"seed": self.context.seed},
            separation=_auc(witness, labels[:, 0]), separation_p=float(single(whole[None])[0]),
            reference_projection=witness[: sample.split], target_projection=witness[sample.split :],
        )  # fmt: skip


def gaussian(z: Floats) -> Floats:
    """Give the Gaussian kernel ``(images, images)`` of ``z`` ``(dimensions, images)``; its width is the median distance."""
    length = (z**2).sum(axis=0)
    square = np.maximum(length[:, None] + length[None] - 2 * z.T @ z, 0)
    np.fill_diagonal(square, 0)
    some = square[:: _every(len(square)), :: _every(len(square))]
    above = some[some > 1e-12]
    width = float(np.median(above)) if above.size else 1.0
    return np.asarray(np.exp(-square / (2 * width)))


def mmd_of_kernel(kernel: Floats, labels: NDArray[np.bool_]) -> Floats:
    """Give the unbiased MMD² for each column of ``labels`` ``(images, columns)``; the kernel is used once for all."""
    target = labels.astype(np.float64)
    reference = 1 - target
    ours, theirs = kernel @ reference, kernel @ target
    diagonal = np.diag(kernel)
    return _unbiased(
        (reference * ours).sum(axis=0) - diagonal @ reference, (target * theirs).sum(axis=0) - diagonal @ target,
        (target * ours).sum(axis=0), reference.sum(axis=0), target.sum(axis=0),
    )  # fmt: skip


def mmd_of_rows(z: Floats, labels: NDArray[np.bool_], nodes: int) -> Floats:
    """Give the unbiased MMD² of each row by itself, ``(rows, columns)``; NaN in ``z`` ``(rows, images)`` is left out.

    The Gaussian kernel of two numbers is the mean of cos(w·(x − y)) over normal frequencies w; Gauss-Hermite nodes take
    that mean, which turns images × images into images × ``nodes``. Where values are within four medians of each other it
    differs from the kernel by less than 1e-3 (16 nodes).
    """
    node, weight = np.polynomial.hermite_e.hermegauss(nodes)
    kept = node > 0
    node, weight = node[kept], 2 * weight[kept] / weight.sum()
    if nodes % 2:
        node, weight = np.append(node, 0.0), np.append(weight, 1 - weight.sum())
    target = labels.astype(np.float32)
    out = np.empty((len(z), labels.shape[1]))
    for start in range(0, len(z), BLOCK):
        rows = z[start : start + BLOCK]
        have = np.isfinite(rows)
        angle = (np.nan_to_num(rows) / _widths(rows)[:, None])[:, None, :] * node[:, None]
        wave = np.concatenate([np.cos(angle), np.sin(angle)], axis=1) * np.tile(np.sqrt(weight), 2)[:, None] * have[:, None, :]
        wave = wave.astype(np.float32)
        theirs = (wave @ target).astype(np.float64)
        ours = wave.sum(axis=2, dtype=np.float64)[:, :, None] - theirs
        m = have @ labels.astype(np.float64)
        n = have.sum(axis=1)[:, None] - m
        first, second = ((side**2).sum(axis=1) - count for side, count in ((ours, n), (theirs, m)))
        out[start : start + BLOCK] = _unbiased(first, second, (ours * theirs).sum(axis=1), n, m)
    return out


def witness_of(kernel: Floats, target: NDArray[np.bool_]) -> Floats:
    """Give each image's mean likeness to the target less that to the reference, itself left out."""
    others = kernel - np.diag(np.diag(kernel))
    likeness = [others[:, side].sum(axis=1) / np.maximum(side.sum() - side, 1) for side in (~target, target)]
    return np.asarray(likeness[1] - likeness[0])


def _unbiased(ours: Floats, theirs: Floats, across: Floats, n: Floats, m: Floats) -> Floats:
    """Give MMD² of sums of kernel values: within each side without the diagonal, and across."""
    inside = ours / np.maximum(n * (n - 1), 1) + theirs / np.maximum(m * (m - 1), 1)
    return np.asarray(inside - 2 * across / np.maximum(n * m, 1))


def _widths(rows: Floats) -> Floats:
    """Give the median distance above 0 of each row's values, 1 where all are equal."""
    some = rows[:, :: _every(rows.shape[1])]
    first, second = np.triu_indices(some.shape[1], 1)
    apart = np.abs(some[:, first] - some[:, second])
    apart[~(apart > 1e-9)] = np.nan
    known = np.isfinite(apart).any(axis=1)
    out = np.ones(len(rows))
    out[known] = np.nanmedian(apart[known], axis=1)
    return out


def _every(images: int) -> int:
    return -(-images // MOST_FOR_WIDTH)


def _auc(values: Floats, target: NDArray[np.bool_]) -> float:
    order = np.searchsorted(np.sort(values[~target]), values[target], side="left")
    equal = np.searchsorted(np.sort(values[~target]), values[target], side="right")
    return float((order + equal).mean() / (2 * (~target).sum()))


def _all(values: Floats, sample: Sample) -> Floats:
    out = np.full(len(sample.measured), np.nan)
    out[sample.measured] = values
    return out
