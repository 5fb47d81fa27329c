"""Values with something for each image: they can be cut like their images, and put together again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np

from ...specs.base import Spec
from ...specs.errors import PromiseBroken
from .value import Axes, Value, promises, read_only

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
                changed[name] = read_only(found[rows]) if isinstance(found, np.ndarray) else tuple(found[row] for row in rows)
        return self.model_copy(update=changed | {"set_aside": tuple(one for one in self.set_aside if one.id in wanted)})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Put values of pieces of one set after each other; what is not by image is one for all.

        Raises:
            PromiseBroken: the pieces differ in what is not by image, or in the shape of what is.
        """
        if len(parts) == 1:
            return parts[0]
        telling = [part for part in parts if part.ids] or list(parts)  # a piece without an entry says nothing of the whole
        changed = {name: cls._joined(name, [getattr(part, name) for part in telling]) for name in cls.cut()}
        changed["set_aside"] = tuple(one for part in parts for one in part.set_aside)
        whole = telling[0].model_copy(update=changed | cls.together(telling))
        for name in set(cls.model_fields) - set(changed) - set(cls.together(telling)):
            if any(getattr(part, name) != getattr(whole, name) for part in telling):
                raise PromiseBroken(f"{cls.__name__}.{name}: pieces of one set differ in it, one for all was promised")
        return whole

    @classmethod
    def _joined(cls, name: str, found: Sequence[Any]) -> Any:
        """Put one field of all pieces after each other."""
        if all(one is None for one in found):
            return None
        if any(one is None for one in found):
            raise PromiseBroken(f"{cls.__name__}.{name}: some pieces of one set have it, some do not")
        if not isinstance(found[0], np.ndarray):
            return sum(found, ())
        if len({(one.shape[1:], one.dtype.kind) for one in found}) > 1:
            said = " and ".join(sorted({str(one.shape[1:]) for one in found}))
            raise PromiseBroken(f"{cls.__name__}.{name}: pieces of one set differ in shape, {said} an image")
        return read_only(np.concatenate(found))

    @classmethod
    def together(cls, parts: Sequence[Self]) -> dict[str, Any]:  # noqa: ARG003  (most values have nothing of the kind)
        """Give the fields of the whole that follow from all its parts."""
        return {}

    @classmethod
    def cut(cls) -> list[str]:
        """Name the fields with one entry an image."""
        return [name for name, axes in promises(cls).items() if axes.names[0] == IMAGES]
