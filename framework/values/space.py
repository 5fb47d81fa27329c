"""Spaces: what the numbers of codes mean, with the words for them."""

from __future__ import annotations

from typing import Literal

from ...specs.base import Spec, Text


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
    of the validation images of its encoder are below (:func:`shiftlens.plugin.reconstruction_error`).
    """

    encoder: str
    key: str
    dimensions: tuple[Dimension, ...]
    backbone: str | None = None
    error_limit: float | None = None

    def __len__(self) -> int:
        return len(self.dimensions)
