"""Arithmetic of many tests: corrections of p, ranks, moments and quantiles; numpy alone."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS = np.linspace(0, 1, 21)


def holm(p: Floats, measured: NDArray[np.bool_] | None = None) -> Floats:
    """Correct ``p`` for how many there are (Holm 1979): valid whatever the dependence; 1 where not ``measured``.

    >>> holm(np.array([0.01, 0.04, 0.5])).round(2).tolist()
    [0.03, 0.08, 0.5]
    """
    rows = np.arange(len(p)) if measured is None else np.flatnonzero(measured)
    order = rows[np.argsort(p[rows], kind="stable")]
    out = np.ones(len(p))
    out[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1.0)
    return out


def discovery(p: Floats, measured: NDArray[np.bool_], factor: float) -> Floats:
    """Benjamini and Hochberg's rate, times ``factor``; 1 where not measured."""
    rows = np.flatnonzero(measured)
    order = rows[np.argsort(p[rows], kind="stable")][::-1]
    out = np.ones(len(p))
    steps = p[order] * len(order) * factor / np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    return out


def moments(sides: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """Give ``(mean, sigma, shift)``; each set weighs the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        means = [np.nanmean(side, axis=0) for side in sides]
        mean = (means[0] + means[1]) / 2
        spread = [np.nanmean((side - mean) ** 2, axis=0) for side in sides]
    return mean, np.sqrt((spread[0] + spread[1]) / 2), means[1] - means[0]


def quantiles(values: Floats) -> Floats:
    """Give ``(dimensions, levels)`` of ``(images, dimensions)`` at :data:`LEVELS`, NaN left out."""
    if np.isfinite(values).all():
        return np.asarray(np.quantile(values, LEVELS, axis=0)).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanquantile(values, LEVELS, axis=0)).T


def ranks(effect: Floats, p: Floats, measured: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number the measured from 1 by effect, and by p where effects are equal; 0 elsewhere."""
    order = np.lexsort((p, -np.where(measured, effect, -np.inf)))
    out = np.zeros(len(effect), np.int64)
    out[order] = np.arange(1, len(effect) + 1)
    return np.where(measured, out, 0)


def unit(weights: Floats) -> Floats:
    """Give a direction of length 1; zeros stay."""
    norm = float(np.linalg.norm(weights))
    return weights / norm if norm > 0 else weights
