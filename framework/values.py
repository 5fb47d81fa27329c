"""What flows between steps. Every value can be taken apart into JSON and arrays, and put together again."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from ..specs.base import Spec, Text

Array = Annotated[
    NDArray[Any],
    BeforeValidator(lambda value: np.asarray(value)),
    PlainSerializer(lambda value: value.tolist(), when_used="json"),
]


class Value(BaseModel):
    """The base of everything a step gives. Arrays are fields, so storing a value needs no code of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Take the value apart: plain JSON data, and arrays by field name."""
        arrays = {name: value for name in type(self).model_fields if isinstance(value := getattr(self, name), np.ndarray)}
        return self.model_dump(mode="json", exclude=set(arrays)), arrays

    @classmethod
    def join(cls, data: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        """Put a value together from its :meth:`parts`."""
        return cls(**data, **arrays)

    def digest(self) -> str:
        """Give the sha256 of the value: the same content, the same digest."""
        data, arrays = self.parts()
        total = hashlib.sha256(json.dumps(data, sort_keys=True).encode())
        for name in sorted(arrays):
            array = np.ascontiguousarray(arrays[name])
            total.update(f"{name}{array.dtype.str}{array.shape}".encode())
            total.update(array.tobytes())
        return total.hexdigest()


class SetAside(Spec):
    """An image that takes no part, and why. ``kind`` groups reasons for counting; ``same_as`` is of which it is a duplicate."""

    id: str
    kind: Literal["unreadable", "mask", "not-an-image", "duplicate", "no-result"] = "unreadable"
    reason: str
    same_as: str | None = None


class Words(Spec):
    """How a person says that a dimension differs.

    ``more`` and ``less`` complete "the site is …"; ``action_more`` and ``action_less`` say what a
    technician can do about it. ``kind`` groups attributes (light, colour, optics, position …).
    """

    label: Text
    kind: Literal["light", "colour", "optics", "position", "surface", "file", "content"] = "content"
    more: Text
    less: Text
    action_more: Text | None = None
    action_less: Text | None = None
    how: Text | None = None


class Dimension(Spec):
    """One number of a space.

    ``unit`` is a technician's (``EV``, ``K``, ``px``, ``°``); ``scale`` ``log2`` means that a
    difference of 1 is a factor of 2 and is shown as one; ``period`` is that of an angle (180 means
    that 0° and 180° are the same); ``floor`` is the smallest difference, in the unit, that matters
    to anyone.
    """

    id: str
    layer: str = ""
    unit: str = ""
    scale: Literal["linear", "log2"] = "linear"
    period: float | None = None
    floor: float = 0.0
    words: Words | None = None


class Space(Spec):
    """What the numbers of latents mean. Two latents compare only in the same space.

    ``key`` is fixed by the planner: component, version, config and the digest of the backbone.
    ``error_limit`` is the reconstruction error above which the backbone does not know an image: 99 %
    of the validation images of its encoder are below (:func:`shiftlens.reconstruction_error`).
    """

    encoder: str
    key: str
    dimensions: tuple[Dimension, ...]
    backbone: str | None = None
    error_limit: float | None = None

    def __len__(self) -> int:
        return len(self.dimensions)


class Latents(Value):
    """Codes of images: ``values`` is ``(images, dimensions)`` ``float32``; NaN where a measure does not apply.

    ``groups`` holds one name an image; images of one scene or part share it. ``error`` is ``(images,)``,
    how far each image is from what its code decodes to; none where codes are not decoded.
    """

    space: Space
    images: str
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    values: Array
    error: Array | None = None
    set_aside: tuple[SetAside, ...] = ()

    @classmethod
    def concatenate(cls, parts: list[Latents]) -> Latents:
        """Put shards of one set after each other."""
        first = parts[0]
        errors = [p.error for p in parts if p.error is not None]
        return cls(
            space=first.space,
            images=first.images,
            ids=tuple(i for p in parts for i in p.ids),
            groups=tuple(g for p in parts for g in p.groups),
            values=np.concatenate([p.values for p in parts]),
            error=np.concatenate(errors) if len(errors) == len(parts) else None,
            set_aside=tuple(s for p in parts for s in p.set_aside),
        )


class Gate(Spec):
    """Whether codes can be trusted: how well images are made again from them.

    Shares are those of images whose error is above ``limit``; ``p`` is that of the W1 distance between the
    errors of the two sides, by exchanged groups, none where it was not tested. A ``closed`` gate means that
    the codes say nothing about these images: no attribute may be claimed. ``reason`` is what a reader must
    know first, if anything.
    """

    limit: float | None
    share_reference: float | None
    share_target: float | None
    p: float | None
    closed: bool = False
    reason: Text | None = None


class AttributeScores(Value):
    """How two sets of latents differ, dimension by dimension. Arrays have one entry a dimension unless said.

    ``effect`` is W1 in pooled standard deviations, split into ``up`` and ``down``; ``direction`` is
    (up − down) / effect; ``shift`` is mean(target) − mean(reference) in the dimension's own unit.
    ``p_family`` is corrected over all dimensions of the space (max-T), ``p_single`` is not. Where the
    ``gate`` is closed nothing is claimed: every p is 1.
    """

    space: Space
    reference: str
    target: str
    reference_ids: tuple[str, ...]  # images, in the order of the projections
    target_ids: tuple[str, ...]
    counts: dict[str, int] = Field(description="images and groups of both sides: reference, target, reference_groups …")
    alpha: float
    settings: dict[str, Any]
    # one entry a dimension
    measured: Array  # bool: enough values on both sides, and they vary
    mean: Array  # pooled mean, in units
    sigma: Array  # pooled standard deviation, in units
    effect: Array
    effect_low: Array
    effect_high: Array
    up: Array
    down: Array
    direction: Array
    shift: Array
    shift_low: Array
    shift_high: Array
    ks: Array
    tail: Array  # share of the target outside the reference's 1–99 % range
    reference_quantiles: Array  # (dimensions, levels), in units
    target_quantiles: Array
    levels: Array  # (levels,) in 0..1
    noise: Array  # median effect under permutation
    p_family: Array
    p_single: Array
    q_bh: Array
    q_by: Array
    rank: Array  # 1 is the largest effect
    rank_low: Array
    rank_high: Array
    tag: tuple[Literal["common", "novel", "missing"], ...]
    cluster: Array  # int: dimensions of one cluster carry one number; -1 where not measured
    follows: Array  # int: index of the dimension whose consequence this one is, -1 if it stands on its own
    left: Array  # effect that is left after the leading dimensions are accounted for
    left_p: Array
    # of the whole comparison
    critical: float  # effect above which one dimension is significant at alpha
    detectable: float  # smallest shift, in standard deviations, found with power 0.8
    images_for_half: int  # images a side that would show half of it
    separation: float  # AUC of held-out projections on the best linear direction, 0.5 is no difference
    separation_p: float  # by permutation: the joint test of the whole space
    weights: Array  # that direction, unit norm over standardised dimensions
    reference_projection: Array  # (images of the reference,) held-out projections on it
    target_projection: Array
    self_splits: int  # development set against itself: how many halvings …
    self_alarms: int  # … and in how many of them anything was significant
    gate: Gate | None = None  # none where the latents carry no errors

    @classmethod
    def of(cls, reference: Latents, target: Latents, *, effect: Array, p_single: Array, **known: Any) -> AttributeScores:
        """Fill all of it from the few arrays that a simple scorer has.

        What such a scorer does not know is NaN (intervals, ``noise``, ``critical`` …); every dimension stands on its own.

        Args:
            reference: latents of the one side.
            target: latents of the other, in the same space.
            effect: ``(dimensions,)``, 0 or more; NaN where a dimension is not measured.
            p_single: ``(dimensions,)``, not corrected.
            **known: any of ``p_family`` (else Holm's correction of ``p_single``), ``mean``, ``sigma`` and ``shift`` (else plain
                moments, which do not fit angles), ``alpha``, ``settings``, ``separation``, ``separation_p`` (else the
                smallest ``p_family``), ``weights`` (else the signed effects), ``reference_projection`` and
                ``target_projection`` (else on those weights, not held out).

        >>> space = Space(encoder="e", key="k", dimensions=(Dimension(id="d"),))
        >>> two = [Latents(space=space, images=i, ids=("1", "2"), groups=("1", "2"), values=np.array([[x], [x + 1]]))
        ...     for i, x in (("a", 0.0), ("b", 3.0))]
        >>> scores = AttributeScores.of(*two, effect=np.array([3.0]), p_single=np.array([0.01]))
        >>> scores.shift.item(), scores.rank.item(), scores.p_family.item()
        (3.0, 1, 0.01)
        """
        from .plain import scores_of

        return scores_of(reference, target, effect=effect, p_single=p_single, **known)


class AttentionMaps(Value):
    """Where in each image something is: ``maps`` is ``(images, height, width)`` ``float32``.

    All maps share one scale, ``low`` to ``high``, fixed over both datasets: a hot place is hot
    compared with every image of the run, not with its own.
    """

    images: str
    ids: tuple[str, ...]
    maps: Array
    low: float
    high: float
    about: str = ""
    set_aside: tuple[SetAside, ...] = ()


class Keypoints(Value):
    """Points found in each image: ``points`` is ``(images, points, 2)`` as x, y in 0..1, ``visible`` ``(images, points)``."""

    images: str
    ids: tuple[str, ...]
    points: Array
    visible: Array
    set_aside: tuple[SetAside, ...] = ()


class Inversion(Value):
    """Images as codes plus what the codes lost.

    ``codes`` is ``(images, …)`` in ``space``; ``residual`` ``(images, channels, rows, columns)`` is added at ``layer``;
    ``error`` ``(images,)`` is what is still missing.
    """

    space: Space
    images: str
    ids: tuple[str, ...]
    codes: Array
    residual: Array
    layer: str
    error: Array
    set_aside: tuple[SetAside, ...] = ()
