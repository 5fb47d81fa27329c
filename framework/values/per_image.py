"""Values with something for each image: they can be cut like their images, and put together again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np

from ...specs.base import Spec
from .value import Axes, Value, promises

IMAGES = "images"
"""The axis along which values are cut."""


class SetAside(Spec):
    """An image that takes no part, and why. ``kind`` groups reasons for counting; ``same_as`` is of which it is a duplicate."""

    id: str
    kind: Literal["unreadable", "mask", "not-an-image", "duplicate", "no-result"] = "unreadable"
    reason: str
    same_as: str | None = None


class PerImage(Value):
    """A value with one entry an image: ``images`` names the set, ``ids`` are those of the entries, in the order of the set.

    Images without an entry stand in ``set_aside`` with the reason. Fields whose first axis is ``images`` have one entry each.
    """

    images: str
    ids: Annotated[tuple[str, ...], Axes(IMAGES)]
    set_aside: tuple[SetAside, ...] = ()

    def select(self, ids: Collection[str]) -> Self:
        """Give the same value with the entries of ``ids`` alone, order kept."""
        wanted = set(ids)
        rows = [row for row, id_ in enumerate(self.ids) if id_ in wanted]
        changed: dict[str, Any] = {}
        for name in self.cut():
            if (found := getattr(self, name)) is not None:
                changed[name] = found[rows] if isinstance(found, np.ndarray) else tuple(found[row] for row in rows)
        return self.model_copy(update=changed | {"set_aside": tuple(one for one in self.set_aside if one.id in wanted)})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Put values of pieces of one set after each other; what is not by image is that of the first."""
        if len(parts) == 1:
            return parts[0]
        changed: dict[str, Any] = {}
        for name in cls.cut():
            found = [one for part in parts if (one := getattr(part, name)) is not None]
            if len(found) < len(parts):  # where one piece lacks it, the whole does
                changed[name] = None
            else:
                changed[name] = np.concatenate(found) if isinstance(found[0], np.ndarray) else sum(found, ())
        changed["set_aside"] = tuple(one for part in parts for one in part.set_aside)
        return parts[0].model_copy(update=changed | cls.together(parts))

    @classmethod
    def together(cls, parts: Sequence[Self]) -> dict[str, Any]:  # noqa: ARG003  (most values have nothing of the kind)
        """Give the fields of the whole that follow from all its parts."""
        return {}

    @classmethod
    def cut(cls) -> list[str]:
        """Name the fields with one entry an image."""
        return [name for name, axes in promises(cls).items() if axes.names[0] == IMAGES]
