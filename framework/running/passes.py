"""In which order the steps of a plan run, and which of them go over the same images together."""

from __future__ import annotations

from collections.abc import Iterator

from .plan import Plan, PlannedStep

IMAGES = "images"
"""The port whose images work is cut by."""


def passes(plan: Plan) -> Iterator[tuple[PlannedStep, ...]]:
    """Give groups of steps in an order in which each has what feeds it.

    Steps of one group work image by image on the same images, so every picture is decoded once for all of them.
    """
    waiting = list(plan.steps)
    known = set(plan.spec.inputs)
    while waiting:
        first = next(step for step in waiting if _fed(step, known))
        group = tuple(step for step in waiting if step is first or (_together(step, first) and _fed(step, known)))
        yield group
        known |= {step.name for step in group}
        waiting = [step for step in waiting if step not in group]


def cut_by_images(step: PlannedStep) -> bool:
    """Say whether a step's work is cut in shards of images."""
    return step.offer.each_alone and IMAGES in step.inputs


def _together(step: PlannedStep, first: PlannedStep) -> bool:
    return cut_by_images(step) and cut_by_images(first) and step.inputs[IMAGES] == first.inputs[IMAGES]


def _fed(step: PlannedStep, known: set[str]) -> bool:
    return known.issuperset(step.inputs.values())
