"""Dimensions that say the same: average linkage on 1 - abs(correlation) within the sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from .sample import Sample

MOST = 5_000
"""Up to so many dimensions all are clustered; of more, only the strongest that are significant: memory is quadratic."""


def clusters(
    sample: Sample, effect: NDArray[np.float64], significant: NDArray[np.bool_], correlation: float
) -> NDArray[np.int64]:
    """Number the clusters from 0 by their largest effect; -1 where a dimension is not measured.

    Each set's mean is taken off first: a common shift must not make two dimensions look alike.
    """
    rows = np.flatnonzero(sample.measured)
    rows = rows[np.argsort(-effect[rows], kind="stable")]
    out = np.full(len(effect), -1, np.int64)
    joined = rows if len(rows) <= MOST else rows[significant[rows]][:MOST]
    labels = _cut(sample, joined, correlation)
    alone = rows[~np.isin(rows, joined)]
    labels = np.concatenate([labels, labels.max(initial=0) + 1 + np.arange(len(alone))])
    order = np.concatenate([joined, alone])
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    out[order] = np.argsort(np.argsort(first))[inverse]
    return out


def _cut(sample: Sample, rows: NDArray[np.intp], correlation: float) -> NDArray[np.int64]:
    if len(rows) < 2:
        return np.zeros(len(rows), np.int64)
    within = sample.centred(rows)
    within /= np.maximum(np.linalg.norm(within, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    apart = 1 - np.abs(within @ within.T)
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(np.clip((apart + apart.T) / 2, 0, 1), checks=False), method="average")
    return np.asarray(fcluster(tree, t=1 - correlation, criterion="distance"), np.int64)
