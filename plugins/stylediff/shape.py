"""How the two distributions of a dimension look: W1 and its two directions, quantiles, KS, tails, novel or missing mass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .sample import Sample
from .wasserstein import transport_sorted

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Tag = Literal["common", "novel", "missing"]
LEVELS: Floats = np.array([0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1])
BLOCK = 1 << 20
NEEDED = 100
"""Fewest images a side for a tag: the outermost per cent must be at least one image."""
BEYOND = np.log(0.01 / 0.0005) / np.log(0.05 / 0.01)
"""Where 0.05 % is left, in distances from the 5 % point to the 1 % point past the latter, for an exponential tail."""


@dataclass(frozen=True)
class Shape:
    """One entry a row; quantiles ``(rows, levels)`` in pooled standard deviations; ``novel`` and ``missing`` are bool."""

    up: Floats
    down: Floats
    ks: Floats
    tail: Floats
    reference: Floats
    target: Floats
    novel: NDArray[np.bool_]
    missing: NDArray[np.bool_]


def shape_of(sample: Sample, rows: NDArray[np.intp]) -> Shape:
    """Describe ``rows`` of a sample, block by block. A NaN takes no part."""
    step = max(1, BLOCK // sample.z.shape[1])
    blocks = [rows[i : i + step] for i in range(0, len(rows), step)] or [rows]
    parts = [_block(sample.reference[block], sample.target[block]) for block in blocks]
    return Shape(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in Shape.__dataclass_fields__})


def _block(a: Singles, b: Singles) -> Shape:
    a, b = np.sort(a, axis=1), np.sort(b, axis=1)
    have = [np.isfinite(side).sum(axis=1) for side in (a, b)]
    up, down = _directions(a, b, have)
    enough = np.minimum(*have) >= NEEDED
    qa, qb = quantiles(a, have[0]), quantiles(b, have[1])
    outside = (b < qa[:, 1:2]).sum(axis=1) + (b > qa[:, -2:-1]).sum(axis=1)
    return Shape(
        up=up,
        down=down,
        ks=_kolmogorov(a, b, have),
        tail=outside / np.maximum(have[1], 1),
        reference=qa,
        target=qb,
        novel=enough & _alone(b, qa, have[1]),
        missing=enough & _alone(a, qb, have[0]),
    )


def _directions(a: Singles, b: Singles, have: list[NDArray[np.intp]]) -> tuple[Floats, Floats]:
    """Give up and down; rows that lack the same number of values share their quantile levels."""
    up, down = np.zeros(len(a)), np.zeros(len(a))
    for n, m in np.unique(np.stack(have, axis=1), axis=0):
        same = np.flatnonzero((have[0] == n) & (have[1] == m))
        up[same], down[same] = transport_sorted(a[same, :n], b[same, :m])
    return up, down


def quantiles(ordered: Singles, have: NDArray[np.intp]) -> Floats:
    """Give quantiles at ``LEVELS``, linear between order statistics as NumPy's default; NaN last in each row."""
    at = LEVELS * (have[:, None] - 1)
    lower = np.floor(at).astype(np.intp)
    upper = np.minimum(lower + 1, have[:, None] - 1)
    low, high = (np.take_along_axis(ordered, i, axis=1).astype(np.float64) for i in (lower, upper))
    values: Floats = low + (high - low) * (at - lower)
    return values


def _kolmogorov(a: Singles, b: Singles, have: list[NDArray[np.intp]]) -> Floats:
    """Give the largest distance of the two distribution functions."""
    pooled = np.concatenate([a, b], axis=1)
    order = np.argsort(pooled, axis=1)
    values = np.take_along_axis(pooled, order, axis=1)
    first = np.cumsum(order < a.shape[1], axis=1) / have[0][:, None]
    second = np.cumsum(order >= a.shape[1], axis=1) / have[1][:, None]
    distance = np.abs(first - second)
    last_of_its_value = np.isfinite(values)
    last_of_its_value[:, :-1] &= values[:, :-1] != values[:, 1:]
    largest: Floats = np.where(last_of_its_value, distance, 0).max(axis=1)
    return largest


def _alone(values: Singles, other: Floats, have: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Say where more than 1 % of ``values`` lie where the other side has less than 0.05 %.

    So small a share is not seen in a few hundred images: it is extrapolated from the other side's outer
    5 % and 1 % points as an exponential tail, never inside its range. On a normal one this is on the safe side.
    """
    bottom = np.minimum(other[:, 0], other[:, 1] - BEYOND * (other[:, 2] - other[:, 1]))
    top = np.maximum(other[:, -1], other[:, -2] + BEYOND * (other[:, -2] - other[:, -3]))
    outside = (values < bottom[:, None]).sum(axis=1) + (values > top[:, None]).sum(axis=1)
    return np.asarray((outside >= 3) & (outside > 0.01 * have))


def tags(shape: Shape, rows: NDArray[np.intp], significant: NDArray[np.bool_]) -> tuple[Tag, ...]:
    """Give the tag of every dimension; only a significant one can be novel or missing, novel first."""
    out: list[Tag] = ["common"] * len(significant)
    for row, novel, missing in zip(rows, shape.novel, shape.missing, strict=True):
        if significant[row] and (novel or missing):
            out[row] = "novel" if novel else "missing"
    return tuple(out)
