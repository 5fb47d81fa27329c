"""Scores of a simple scorer: from the few arrays that it has to all that a report asks for."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .gate import gate_of
from .values import AttributeScores, Latents

Floats = NDArray[np.float64]
LEVELS = np.linspace(0, 1, 21)


def scores_of(
    reference: Latents,
    target: Latents,
    *,
    effect: Floats,
    p_single: Floats,
    p_family: Floats | None = None,
    alpha: float = 0.05,
    settings: dict[str, Any] | None = None,
    mean: Floats | None = None,
    sigma: Floats | None = None,
    shift: Floats | None = None,
    separation: float = math.nan,
    separation_p: float | None = None,
    weights: Floats | None = None,
    reference_projection: Floats | None = None,
    target_projection: Floats | None = None,
) -> AttributeScores:
    """Fill a whole :class:`AttributeScores`; see :meth:`AttributeScores.of`."""
    sides = [side.values.astype(np.float64) for side in (reference, target)]
    plain = _moments(sides)
    mean, sigma, shift = (p if own is None else own for own, p in zip((mean, sigma, shift), plain, strict=True))
    measured = np.isfinite(effect) & np.isfinite(p_single)
    gate = gate_of(reference, target, alpha=alpha)
    if gate is not None and gate.closed:
        p_single, p_family, separation_p = np.ones(len(effect)), np.ones(len(effect)), 1.0
    size = np.where(measured, effect, np.nan)
    single = np.where(measured, p_single, 1.0)
    family = holm(single, measured) if p_family is None else np.where(measured, p_family, 1.0)
    sign = np.sign(np.nan_to_num(shift))
    rank = _ranks(size, single, measured)
    unknown = np.full(len(effect), np.nan)
    direction = _unit(np.nan_to_num(size * sign) if weights is None else weights)
    scale = np.where(np.nan_to_num(sigma) > 0, sigma, 1.0)
    along = [np.nan_to_num((side - mean) / scale) @ direction for side in sides]
    quantiles = [_quantiles(side) for side in sides]
    groups = [len(set(side.groups)) for side in (reference, target)]
    n, m = len(reference.ids), len(target.ids)
    return AttributeScores(
        space=reference.space,
        reference=reference.images,
        target=target.images,
        reference_ids=reference.ids,
        target_ids=target.ids,
        counts={
            "reference": n, "target": m, "reference_groups": groups[0], "target_groups": groups[1],
            "paired_groups": len(set(reference.groups) & set(target.groups)), "measured": int(measured.sum()),
        },
        alpha=alpha,
        settings=settings or {},
        measured=measured,
        mean=mean,
        sigma=sigma,
        effect=size,
        effect_low=unknown,
        effect_high=unknown,
        up=np.where(sign > 0, size, np.where(measured, 0.0, np.nan)),
        down=np.where(sign < 0, size, np.where(measured, 0.0, np.nan)),
        direction=np.where(measured, sign, np.nan),
        shift=np.where(measured, shift, np.nan),
        shift_low=unknown,
        shift_high=unknown,
        ks=unknown,
        tail=unknown,
        reference_quantiles=quantiles[0],
        target_quantiles=quantiles[1],
        levels=LEVELS,
        noise=unknown,
        p_family=family,
        p_single=single,
        q_bh=_discovery(single, measured, 1.0),
        q_by=_discovery(single, measured, float(np.sum(1 / np.arange(1, measured.sum() + 1)))),
        rank=rank,
        rank_low=rank,
        rank_high=rank,
        tag=tuple("common" for _ in effect),
        cluster=np.where(measured, np.argsort(np.argsort(np.where(measured, rank, len(rank) + 1), kind="stable")), -1),
        follows=np.full(len(effect), -1),
        left=size,
        left_p=family,
        critical=math.nan,
        detectable=math.nan,
        images_for_half=math.ceil(8 * n * m / (n + m)),
        separation=separation,
        separation_p=float(family.min(initial=1.0)) if separation_p is None else separation_p,
        weights=direction,
        reference_projection=along[0] if reference_projection is None else reference_projection,
        target_projection=along[1] if target_projection is None else target_projection,
        self_splits=0,
        self_alarms=0,
        gate=gate,
    )  # fmt: skip


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


def _discovery(p: Floats, measured: NDArray[np.bool_], factor: float) -> Floats:
    """Benjamini and Hochberg's rate, times ``factor``; 1 where not measured."""
    rows = np.flatnonzero(measured)
    order = rows[np.argsort(p[rows], kind="stable")][::-1]
    out = np.ones(len(p))
    steps = p[order] * len(order) * factor / np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    return out


def _moments(sides: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """Give ``(mean, sigma, shift)``; each set weighs the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        means = [np.nanmean(side, axis=0) for side in sides]
        mean = (means[0] + means[1]) / 2
        spread = [np.nanmean((side - mean) ** 2, axis=0) for side in sides]
    return mean, np.sqrt((spread[0] + spread[1]) / 2), means[1] - means[0]


def _quantiles(values: Floats) -> Floats:
    if np.isfinite(values).all():
        return np.asarray(np.quantile(values, LEVELS, axis=0)).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanquantile(values, LEVELS, axis=0)).T


def _ranks(effect: Floats, p: Floats, measured: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number the measured from 1 by effect, and by p where effects are equal; 0 elsewhere."""
    order = np.lexsort((p, -np.where(measured, effect, -np.inf)))
    out = np.zeros(len(effect), np.int64)
    out[order] = np.arange(1, len(effect) + 1)
    return np.where(measured, out, 0)


def _unit(weights: Floats) -> Floats:
    norm = float(np.linalg.norm(weights))
    return weights / norm if norm > 0 else weights
