"""How two sets of codes differ, dimension by dimension."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from .corrections import LEVELS, Floats, discovery, holm, moments, quantiles, ranks, unit
from .gate import Gate, gate_of
from .latents import Latents
from .space import Space
from .value import Array, Axes, Value

PerDimension = Annotated[Array, Axes("dimensions", nan=True)]


class Effects(Value):
    """How large each difference is. Arrays are ``(dimensions,)`` unless said; NaN where a dimension is not measured.

    ``size`` is W1 in pooled standard deviations, split into ``up`` and ``down``; ``direction`` is (up − down) / size;
    ``shift`` is mean(target) − mean(reference) in the dimension's own unit, as are ``mean`` and ``sigma`` (pooled) and the
    quantiles ``(dimensions, levels)`` at ``levels`` in 0..1. ``low`` and ``high`` are the 95 % interval of ``size``.
    ``measured`` says that there are enough values on both sides, and that they vary. ``tail`` is the share of the target
    outside the reference's 1–99 % range; ``noise`` the median size under permutation; ``rank`` 1 the largest size.
    """

    measured: Annotated[Array, Axes("dimensions", kind="bool")]
    mean: PerDimension
    sigma: PerDimension
    size: Annotated[Array, Axes("dimensions", nan=True, least=0)]
    low: PerDimension
    high: PerDimension
    up: PerDimension
    down: PerDimension
    direction: PerDimension
    shift: PerDimension
    shift_low: PerDimension
    shift_high: PerDimension
    ks: PerDimension
    tail: PerDimension
    reference_quantiles: Annotated[Array, Axes("dimensions", "levels", nan=True)]
    target_quantiles: Annotated[Array, Axes("dimensions", "levels", nan=True)]
    levels: Annotated[Array, Axes("levels")]
    noise: PerDimension
    rank: Annotated[Array, Axes("dimensions", kind="int")]
    rank_low: Annotated[Array, Axes("dimensions", kind="int")]
    rank_high: Annotated[Array, Axes("dimensions", kind="int")]
    tag: Annotated[tuple[Literal["common", "novel", "missing"], ...], Axes("dimensions")]


class Significance(Value):
    """How sure each difference is; arrays are ``(dimensions,)``.

    ``p_family`` is corrected over all dimensions of the space (max-T), ``p_single`` is not; ``q_bh`` and ``q_by`` are false
    discovery rates. ``critical`` is the size above which one dimension is significant at alpha; ``detectable`` the smallest
    shift, in standard deviations, found with power 0.8; ``images_for_half`` images a side would show half of it.
    """

    p_family: Annotated[Array, Axes("dimensions", least=0, most=1)]
    p_single: Annotated[Array, Axes("dimensions", least=0, most=1)]
    q_bh: Annotated[Array, Axes("dimensions", least=0, most=1)]
    q_by: Annotated[Array, Axes("dimensions", least=0, most=1)]
    critical: float
    detectable: float
    images_for_half: int


class Causes(Value):
    """Which differences stand on their own; arrays are ``(dimensions,)``.

    Dimensions of one cluster carry one number in ``cluster``, -1 where not measured. ``follows`` is the index of the dimension
    whose consequence this one is, -1 if it stands on its own. ``remaining`` is the size that remains after the leading
    dimensions are accounted for, ``remaining_p`` its p.
    """

    cluster: Annotated[Array, Axes("dimensions", kind="int")]
    follows: Annotated[Array, Axes("dimensions", kind="int")]
    remaining: PerDimension
    remaining_p: PerDimension


class JointTest(Value):
    """The whole space at once: how well one linear direction tells the two sets apart.

    ``separation`` is the AUC of held-out projections on the best direction, 0.5 is no difference; ``p`` by permutation.
    ``weights`` ``(dimensions,)`` is that direction, unit norm over standardised dimensions; the projections are one an image.
    """

    separation: float
    p: float
    weights: PerDimension
    reference_projection: Annotated[Array, Axes("reference images", nan=True)]
    target_projection: Annotated[Array, Axes("target images", nan=True)]


class SelfTest(Value):
    """The reference against itself: in ``alarms`` of ``splits`` halvings anything was significant."""

    splits: int
    alarms: int


class AttributeScores(Value):
    """How two sets of latents differ, dimension by dimension; ``reference`` and ``target`` name the sets of images.

    The ids are those of the images, in the order of the projections. ``counts`` has images and groups of both sides:
    ``reference``, ``target``, ``reference_groups`` … Where the ``gate`` is closed nothing is claimed: every p is 1.
    """

    space: Space
    reference: str
    target: str
    reference_ids: Annotated[tuple[str, ...], Axes("reference images")]
    target_ids: Annotated[tuple[str, ...], Axes("target images")]
    counts: dict[str, int]
    alpha: float
    settings: dict[str, Any]
    effects: Effects
    significance: Significance
    causes: Causes
    joint: JointTest
    self_test: SelfTest = SelfTest(splits=0, alarms=0)
    gate: Gate | None = Field(default=None, description="none where the latents carry no errors")

    def lengths(self) -> dict[str, int]:
        """Give the number of dimensions; see :meth:`Value.lengths`."""
        return {"dimensions": len(self.space)}

    @classmethod
    def of(
        cls,
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
        """Fill all of it from the few arrays that a simple scorer has.

        What such a scorer does not know is NaN (intervals, ``noise``, ``critical`` …); every dimension stands on its own.

        Args:
            reference: latents of the one side.
            target: latents of the other, in the same space.
            effect: ``(dimensions,)``, 0 or more; NaN where a dimension is not measured.
            p_single: ``(dimensions,)``, not corrected.
            p_family: corrected; by default Holm's correction of ``p_single``.
            alpha: the level of significance.
            settings: the scorer's options.
            mean: ``(dimensions,)``, pooled; plain moments by default, which do not fit angles; so are ``sigma`` and ``shift``.
            sigma: pooled standard deviations.
            shift: target less reference.
            separation: of the joint test.
            separation_p: its p; by default the smallest ``p_family``.
            weights: its direction; by default the signed effects.
            reference_projection: ``(images,)``; by default on those weights, not held out.
            target_projection: those of the target.

        >>> from .space import Dimension
        >>> space = Space(encoder="e", key="k", dimensions=(Dimension(id="d"),))
        >>> two = [Latents(space=space, images=i, ids=("1", "2"), groups=("1", "2"), values=np.array([[x], [x + 1]]))
        ...     for i, x in (("a", 0.0), ("b", 3.0))]
        >>> scores = AttributeScores.of(*two, effect=np.array([3.0]), p_single=np.array([0.01]))
        >>> scores.effects.shift.item(), scores.effects.rank.item(), scores.significance.p_family.item()
        (3.0, 1, 0.01)
        """
        sides = [side.values.astype(np.float64) for side in (reference, target)]
        pairs = zip((mean, sigma, shift), moments(sides), strict=True)
        mean, sigma, shift = (simple if own is None else own for own, simple in pairs)
        measured = np.isfinite(effect) & np.isfinite(p_single)
        gate = gate_of(reference, target, alpha=alpha)
        if gate is not None and gate.closed:
            p_single, p_family, separation_p = np.ones(len(effect)), np.ones(len(effect)), 1.0
        size = np.where(measured, effect, np.nan)
        single = np.where(measured, p_single, 1.0)
        family = holm(single, measured) if p_family is None else np.where(measured, p_family, 1.0)
        sign = np.sign(np.nan_to_num(shift))
        rank = ranks(size, single, measured)
        unknown = np.full(len(effect), np.nan)
        direction = unit(np.nan_to_num(size * sign) if weights is None else weights)
        scale = np.where(np.nan_to_num(sigma) > 0, sigma, 1.0)
        along = [np.nan_to_num((side - mean) / scale) @ direction for side in sides]
        n, m = len(reference.ids), len(target.ids)
        return cls(
            space=reference.space,
            reference=reference.images,
            target=target.images,
            reference_ids=reference.ids,
            target_ids=target.ids,
            counts={
                "reference": n, "target": m, "reference_groups": len(set(reference.groups)),
                "target_groups": len(set(target.groups)), "paired_groups": len(set(reference.groups) & set(target.groups)),
                "measured": int(measured.sum()),
            },
            alpha=alpha,
            settings=settings or {},
            effects=Effects(
                measured=measured, mean=mean, sigma=sigma, size=size, low=unknown, high=unknown,
                up=np.where(sign > 0, size, np.where(measured, 0.0, np.nan)),
                down=np.where(sign < 0, size, np.where(measured, 0.0, np.nan)),
                direction=np.where(measured, sign, np.nan), shift=np.where(measured, shift, np.nan),
                shift_low=unknown, shift_high=unknown, ks=unknown, tail=unknown, reference_quantiles=quantiles(sides[0]),
                target_quantiles=quantiles(sides[1]), levels=LEVELS, noise=unknown, rank=rank, rank_low=rank, rank_high=rank,
                tag=tuple("common" for _ in effect),
            ),
            significance=Significance(
                p_family=family, p_single=single, q_bh=discovery(single, measured, 1.0),
                q_by=discovery(single, measured, float(np.sum(1 / np.arange(1, measured.sum() + 1)))),
                critical=math.nan, detectable=math.nan, images_for_half=math.ceil(8 * n * m / (n + m)),
            ),
            causes=Causes(
                cluster=np.where(measured, np.argsort(np.argsort(np.where(measured, rank, len(rank) + 1), kind="stable")), -1),
                follows=np.full(len(effect), -1), remaining=size, remaining_p=family,
            ),
            joint=JointTest(
                separation=separation, p=float(family.min(initial=1.0)) if separation_p is None else separation_p,
                weights=direction, reference_projection=along[0] if reference_projection is None else reference_projection,
                target_projection=along[1] if target_projection is None else target_projection,
            ),
            gate=gate,
        )  # fmt: skip
