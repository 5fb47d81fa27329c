"""What is said of the whole space: which clusters lead, in which layers the difference lies, how many dimensions there are."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ...plugin import AttributeScores, LayerEffect

_BLOCK = re.compile(r"b(\d+)\.")


def leading(scores: AttributeScores) -> list[tuple[int, ...]]:
    """Give the clusters with a significant dimension that stands on its own, as their members, largest effect first."""
    significant = _significant(scores)
    clusters: dict[int, list[int]] = {}
    for i in np.argsort(-np.nan_to_num(scores.effects.size), kind="stable").tolist():
        if scores.causes.cluster[i] >= 0:
            clusters.setdefault(int(scores.causes.cluster[i]), []).append(i)
    standing = (
        members for members in clusters.values() if any(significant[i] and scores.causes.follows[i] < 0 for i in members)
    )
    return sorted((tuple(m) for m in standing), key=lambda m: (-scores.effects.size[[i for i in m if significant[i]]].max(), m))


def able(scores: AttributeScores, members: tuple[int, ...]) -> list[int]:
    """Give the members that may stand for a cluster: the significant ones, largest effect first."""
    significant = _significant(scores)
    return [i for i in members if significant[i]]


def layers(scores: AttributeScores) -> tuple[LayerEffect, ...]:
    """Give how much of the difference lies in each layer, in the space's order, less what chance shows."""
    above = np.maximum(np.nan_to_num(scores.effects.size) - np.nan_to_num(scores.effects.noise), 0)
    names = np.array([d.layer for d in scores.space.dimensions])
    significant, measured = _significant(scores), np.asarray(scores.effects.measured, bool)
    found = []
    for name in dict.fromkeys(names.tolist()):
        rows = (names == name) & measured
        effect = above[rows] if rows.any() else np.zeros(1)
        block = _BLOCK.match(name)
        found.append(
            LayerEffect(
                layer=name,
                resolution=int(block[1]) if block else None,
                dimensions=int(rows.sum()),
                significant=int((rows & significant).sum()),
                mean=float(effect.mean()),
                largest=float(effect.max()),
            )
        )
    return tuple(found)


def independent(scores: AttributeScores, sides: tuple[NDArray[np.float32], NDArray[np.float32]]) -> float:
    """Give the participation ratio of the correlations within the sets: (sum of eigenvalues)² / sum of their squares.

    It is d where d dimensions are independent and 1 where all are one; at most the number of images.

    Args:
        scores: says which dimensions are measured.
        sides: values ``(images, dimensions)`` of both.
    """
    on = np.asarray(scores.effects.measured, bool)
    z = np.concatenate([side[:, on] - side[:, on].mean(axis=0) for side in sides]).astype(np.float64)
    z /= np.maximum(np.linalg.norm(z, axis=0), np.finfo(np.float64).tiny)
    kernel = z @ z.T if len(z) < z.shape[1] else z.T @ z
    squares = float((kernel**2).sum())
    return float(np.trace(kernel) ** 2 / squares) if squares > 0 else 0.0


def _significant(scores: AttributeScores) -> NDArray[np.bool_]:
    return np.asarray(scores.effects.measured, bool) & (np.asarray(scores.significance.p_family) <= scores.alpha)
