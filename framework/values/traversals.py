"""What differing dimensions look like, decoded: a value like those of ``values.py``, made by a traverser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from ...specs.base import Spec
from ...specs.errors import PromiseBroken
from .space import Space
from .value import Array, Axes, Value

ALONG = -1
"""Stands for a dimension where many move together, along the direction that separates the two sets best."""


class TraversalRow(Spec):
    """An image that a traversal starts from: a reconstruction of an original, or the generator's mean image."""

    side: Literal["mean", "reference", "target"]
    id: str = ""


class Traversal(Spec):
    """One attribute that was decoded.

    ``dimension`` is the member of its cluster that leads, :data:`ALONG` for the direction of the whole space;
    ``members`` are all dimensions of the cluster, largest effect first. The others follow it as they do inside
    the sets: ``steps`` says how far each member moves as the leading one grows by 1. Both are empty for the
    direction. ``visible`` is the root mean square change of pictures in 0..1 as it goes from two standard deviations
    below to two above, ``alone`` that of the leading dimension by itself.
    """

    dimension: int
    members: tuple[int, ...]
    steps: tuple[float, ...]
    visible: float
    alone: float
    auc: float
    rows: tuple[TraversalRow, ...]
    moved: tuple[str, ...]


class InvisibleChange(Spec):
    """A cluster that differs, but whose change cannot be seen in the pictures (``visible`` as above)."""

    dimension: int
    members: tuple[int, ...]
    visible: float


class LayerEffect(Spec):
    """How much of the difference lies in one layer: W1 of its measured dimensions, less its median under exchanged labels."""

    layer: str
    resolution: int | None
    dimensions: int
    significant: int
    mean: float
    largest: float


class Traversals(Value):
    """Traversals of the attributes that lead, largest effect first; none where the gate is closed or nothing differs.

    Pictures are ``uint8`` RGB of one size. ``strips`` is ``(attributes, rows, levels, height, width, 3)``: what each
    row's image becomes as the dimension is set to ``values`` ``(attributes, levels)``, the pooled quantiles at
    ``levels``, all else fixed. ``heat`` ``(attributes, height, width)`` is the mean absolute change from the lowest to
    the highest level, pictures in 0..1. ``moves`` ``(attributes, images, 2, height, width, 3)`` are reconstructions of
    reference images beside themselves with the dimension carried to where the target has it. It goes from ``starts``
    to ``ends`` ``(attributes, images)``.
    """

    space: Space
    reference: str
    target: str
    levels: Annotated[Array, Axes("levels")]
    attributes: Annotated[tuple[Traversal, ...], Axes("attributes")]
    values: Annotated[Array, Axes("attributes", "levels")]
    strips: Annotated[Array, Axes("attributes", "rows", "levels", "height", "width", 3, kind="uint8")]
    heat: Annotated[Array, Axes("attributes", "height", "width")]
    moves: Annotated[Array, Axes("attributes", "moved", 2, "height", "width", 3, kind="uint8")]
    starts: Annotated[Array, Axes("attributes", "moved")]
    ends: Annotated[Array, Axes("attributes", "moved")]
    unseen: tuple[InvisibleChange, ...]
    further: tuple[int, ...]  # leading dimensions of further clusters that differ
    layers: tuple[LayerEffect, ...]
    independent: float  # participation ratio of the correlations: how many dimensions there really are

    def check(self, sizes: Mapping[str, int] | None = None, within: str = "") -> None:
        """Hold every field against its promise; see :meth:`Value.check`."""
        super().check(sizes, within)
        for facts in self.attributes:
            if (len(facts.rows), len(facts.moved)) != (self.strips.shape[1], self.moves.shape[1]):
                raise PromiseBroken(
                    f"Traversals.attributes: {len(facts.rows)} rows and {len(facts.moved)} moved images are named, "
                    f"pictures of {self.strips.shape[1]} and {self.moves.shape[1]} came"
                )
            if not ALONG <= facts.dimension < len(self.space):
                raise PromiseBroken(f"Traversals.attributes: dimension {facts.dimension} of a space of {len(self.space)}")
