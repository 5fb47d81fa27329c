"""Scorer ``classifier``: a linear classifier tells the two sets apart; its weights name the dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ...plugin import AttributeScores, Latents, LatentScorer
from .config import ClassifierConfig
from .exchange import family, single
from .sample import Floats, Sample, prepare


class DomainClassifier(LatentScorer):
    """Regularised least squares (ridge) on standardised latents, judged on folds that keep groups whole.

    The effect of a dimension is the size of its weight; its p is that of the weight under exchanged labels, the
    family's that of the largest weight. ``separation`` is the held-out AUC, ``separation_p`` its own by exchange.
    """

    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        """Score every dimension; see :class:`shiftlens.plugin.LatentScorer`.

        Raises:
            SpacesDiffer: the two were not made in the same space.
            TooFewImages: a side has fewer usable images, or groups, than the config asks for.
            InputUnusable: no dimension varies, or none has enough values.
        """
        config = self.config if isinstance(self.config, ClassifierConfig) else ClassifierConfig()
        sample = prepare(reference, target, config)
        rng = np.random.default_rng(self.context.seed)
        labels = sample.exchanged(config.permutations, rng)
        ridge = Ridge(sample.filled, config.penalty)
        weights = ridge.weights(labels)
        sizes = np.abs(weights)
        fold = _folds(sample, config.folds, rng)
        held_out = ridge.held_out(labels, fold)
        auc = auc_of(held_out, labels, fold)
        return AttributeScores.of(
            reference, target,
            effect=_all(sizes[:, 0], sample), p_single=_all(single(sizes), sample), p_family=_all(family(sizes), sample),
            mean=sample.mean, sigma=sample.sigma, shift=sample.shift, alpha=config.alpha,
            settings=config.model_dump() | {"seed": self.context.seed},
            separation=float(auc[0]), separation_p=float(single(auc[None])[0]),
            weights=np.nan_to_num(_all(weights[:, 0] / max(float(np.linalg.norm(weights[:, 0])), 1e-30), sample)),
            reference_projection=held_out[: sample.split, 0], target_projection=held_out[sample.split :, 0],
        )  # fmt: skip


class Ridge:
    """Ridge regression of ±1 labels, in the dual: one ``(images, images)`` kernel serves all labels and folds."""

    def __init__(self, z: Floats, penalty: float) -> None:
        """Take ``z`` ``(dimensions, images)`` without NaN; ``penalty`` counts in means of the kernel's diagonal."""
        self.centred = z - z.mean(axis=1, keepdims=True)
        kernel = self.centred.T @ self.centred
        images = len(kernel)
        ridge = penalty * max(float(np.trace(kernel)) / images, 1e-30)
        self._inverse = np.linalg.inv(kernel + ridge * np.eye(images))
        self._hat = np.eye(images) - ridge * self._inverse + 1 / images

    def weights(self, labels: NDArray[np.bool_]) -> Floats:
        """Give the weights ``(dimensions, columns)`` for each column of ``labels`` ``(images, columns)``."""
        signed = _signed(labels)
        return np.asarray(self.centred @ (self._inverse @ (signed - signed.mean(axis=0))))

    def held_out(self, labels: NDArray[np.bool_], fold: NDArray[np.intp]) -> Floats:
        """Give predictions ``(images, columns)``, each by the images of the other folds, in closed form from the hat matrix."""
        signed = _signed(labels)
        left = signed - self._hat @ signed
        out = np.empty_like(left)
        for number in np.unique(fold):
            members = np.flatnonzero(fold == number)
            inside = np.eye(len(members)) - self._hat[np.ix_(members, members)]
            out[members] = signed[members] - np.linalg.solve(inside, left[members])
        return out


def auc_of(scores: Floats, labels: NDArray[np.bool_], fold: NDArray[np.intp]) -> Floats:
    """Give the AUC of each column, images compared within their fold only.

    Across folds the mean of the others' labels would tell what a fold lacks, and drag the AUC below 0.5.
    """
    wins, pairs = np.zeros(labels.shape[1]), np.zeros(labels.shape[1])
    for number in np.unique(fold):
        members = fold == number
        ones = labels[members].sum(axis=0)
        rank = rankdata(np.round(scores[members], 9), axis=0)
        wins += (rank * labels[members]).sum(axis=0) - ones * (ones + 1) / 2
        pairs += ones * (members.sum() - ones)
    out = np.full(labels.shape[1], 0.5, dtype=np.float64)
    np.divide(wins, pairs, out=out, where=pairs > 0)
    return out


def _signed(labels: NDArray[np.bool_]) -> Floats:
    return np.where(labels, 1.0, -1.0)


def _folds(sample: Sample, most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    units = len(sample.target)
    return (rng.permutation(units) % max(2, min(most, units // 4)))[sample.unit]


def _all(values: Floats, sample: Sample) -> Floats:
    out = np.full(len(sample.measured), np.nan)
    out[sample.measured] = values
    return out
