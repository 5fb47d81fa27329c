"""A comparison with both its sides found: scores, the latents they came from, and the images behind those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...specs.errors import ComponentFailed, quoted
from ...specs.report import Side
from ..images import ImageRef, ImageSet
from ..outcome import RunOutcome
from ..values import AttributeScores, Dimension, Latents

SIDES: tuple[Side, Side] = ("reference", "target")


@dataclass(frozen=True)
class OneSide:
    """One side of a comparison: the input's name, its images and their codes."""

    side: Side
    input: str
    images: ImageSet
    latents: Latents

    @cached_property
    def refs(self) -> dict[str, ImageRef]:
        """The images by id."""
        return {ref.id: ref for ref in self.images.refs}


@dataclass(frozen=True)
class Comparison:
    """The scores of one step with both sides."""

    step: str
    scores: AttributeScores
    reference: OneSide
    target: OneSide

    @property
    def sides(self) -> tuple[OneSide, OneSide]:
        """Development first, then site."""
        return self.reference, self.target

    @property
    def named(self) -> bool:
        """Whether the dimensions have words, so that each is an attribute of its own."""
        return any(d.words for d in self.scores.space.dimensions)

    def dimension(self, index: int) -> Dimension:
        """Give one dimension of the space."""
        return self.scores.space.dimensions[index]

    def column(self, side: OneSide, index: int) -> NDArray[np.float64]:
        """Give the values of one dimension, angles laid around the pooled mean, so that 179° and 1° are neighbours."""
        values = side.latents.values[:, index].astype(np.float64)
        period = self.dimension(index).period
        if not period:
            return values
        centre = float(self.scores.mean[index])
        return centre + (values - centre + period / 2) % period - period / 2


def comparisons(outcome: RunOutcome) -> list[Comparison]:
    """Give every comparison of a run: spaces with words first, else in the pipeline's order."""
    found = [
        Comparison(step, scores, _side(outcome, step, "reference"), _side(outcome, step, "target"))
        for step, scores in outcome.of_type(AttributeScores)
    ]
    return sorted(found, key=lambda c: not c.named)


def attribute_ids(compared: Sequence[Comparison]) -> dict[str, dict[int, str]]:
    """Give the id of each dimension by step: its own, or ``step.id`` where two steps have the same."""
    names = {c.step: [d.id for d in c.scores.space.dimensions] for c in compared}
    count = Counter(name for step in names.values() for name in step)
    return {
        step: {i: name if count[name] == 1 else f"{step}.{name}" for i, name in enumerate(dimensions)}
        for step, dimensions in names.items()
    }


def input_of(outcome: RunOutcome, step: str) -> str:
    """Give the name of the input that a step's value is about."""
    images = outcome.images_of(step)
    return next(name for name, known in outcome.inputs.items() if known is images)


def _side(outcome: RunOutcome, step: str, side: Side) -> OneSide:
    source = outcome.wiring[step].get(side, "")
    latents = outcome.values.get(source)
    if not isinstance(latents, Latents):
        raise ComponentFailed(
            f"report of step {quoted(step)}: its {side} is {quoted(source)}, which is no latents",
            hint=f"wire the step's {side} to an encoder's step",
        )
    return OneSide(side, input_of(outcome, source), outcome.images_of(source), latents)
