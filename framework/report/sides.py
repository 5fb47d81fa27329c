"""A comparison with both its sides found: scores, the latents they came from, and the images behind those.

A comparison of images that a translator made says what its repair is worth, not how the inputs differ; it is kept apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...specs.errors import ComponentFailed, quoted
from ...specs.report import Side
from ..running.outcome import RunOutcome
from ..values.images import ImageRef, ImageSet
from ..values.latents import Latents
from ..values.scores import AttributeScores
from ..values.space import Dimension

SIDES: tuple[Side, Side] = ("reference", "target")


@dataclass(frozen=True)
class OneSide:
    """One side of a comparison: images, their codes, and their name: an input, or the translator's step that made them."""

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
        centre = float(self.scores.effects.mean[index])
        return centre + (values - centre + period / 2) % period - period / 2


@dataclass(frozen=True)
class Repair:
    """A comparison of images that a translator made, and the same one before, none where the run has none.

    ``translator`` is the step that made them.
    """

    translator: str
    after: Comparison
    before: Comparison | None


def comparisons(outcome: RunOutcome) -> list[Comparison]:
    """Give every comparison of inputs: spaces with words first, else in the pipeline's order.

    Those of images that a translator made are :func:`repairs`; where a run has no others, they are given here, too.
    """
    every = _every(outcome)
    return [c for c in every if _made(outcome, c) is None] or every


def repairs(outcome: RunOutcome) -> list[Repair]:
    """Give every comparison of images that a translator made, in the order of :func:`comparisons`.

    The one before has the same space, and on either side the input that the images come from; of several, one by a scorer with
    the same options.
    """
    every = _every(outcome)
    made = {c.step: _made(outcome, c) for c in every}
    own = [c for c in every if made[c.step] is None]
    return [Repair(name, c, _before(outcome, c, own)) for c in every if (name := made[c.step])]


def attribute_ids(compared: Sequence[Comparison]) -> dict[str, dict[int, str]]:
    """Give the id of each dimension by step: its own, or ``step.id`` where two steps have the same."""
    names = {c.step: [d.id for d in c.scores.space.dimensions] for c in compared}
    count = Counter(name for step in names.values() for name in step)
    return {
        step: {i: name if count[name] == 1 else f"{step}.{name}" for i, name in enumerate(dimensions)}
        for step, dimensions in names.items()
    }


def _every(outcome: RunOutcome) -> list[Comparison]:
    found = [
        Comparison(step, scores, _side(outcome, step, "reference"), _side(outcome, step, "target"))
        for step, scores in outcome.of_type(AttributeScores)
    ]
    return sorted(found, key=lambda c: not c.named)


def _made(outcome: RunOutcome, comparison: Comparison) -> str | None:
    """Give the step of the translator that made a side's images, the site's first; nothing where both sides are inputs."""
    return next((side.input for side in reversed(comparison.sides) if side.input not in outcome.inputs), None)


def _before(outcome: RunOutcome, after: Comparison, own: Sequence[Comparison]) -> Comparison | None:
    origins = [outcome.origin_of(side.input) for side in after.sides]
    fits = [c for c in own if c.scores.space.key == after.scores.space.key and [side.input for side in c.sides] == origins]
    return min(fits, key=lambda c: c.scores.settings.keys() != after.scores.settings.keys(), default=None)


def _side(outcome: RunOutcome, step: str, side: Side) -> OneSide:
    source = outcome.wiring[step].get(side, "")
    latents = outcome.values.get(source)
    if not isinstance(latents, Latents):
        raise ComponentFailed(
            f"report of step {quoted(step)}: its {side} is {quoted(source)}, which is no latents",
            hint=f"wire the step's {side} to an encoder's step",
        )
    return OneSide(side, outcome.source_of(source), outcome.images_of(source), latents)
