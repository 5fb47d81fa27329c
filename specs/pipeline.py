"""A pipeline: named inputs, steps wired by name, and the sections of its report."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from .base import Spec

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
ComponentId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*(@[0-9]+)?$", max_length=80)]


class StepSpec(Spec):
    """One component at work.

    ``use`` is its id, pinned as ``id@version`` where that matters; ``inputs`` maps the ports of its
    role to inputs of the pipeline or to other steps; ``with`` is its config; ``backbone`` names the
    weights, where the site's choice for the component's slot is not wanted: those of its first slot, or by slot.
    """

    use: ComponentId
    inputs: dict[str, Name] = {}
    with_: dict[str, Any] = Field(default={}, alias="with")
    backbone: str | dict[str, str] | None = None


class ReportLayout(Spec):
    """Which sections the report shows, in which order; empty means all, in their own order."""

    sections: tuple[Name, ...] = ()


class PipelineSpec(Spec):
    """A whole pipeline, as written in YAML or built in Python.

    >>> step = StepSpec(use="physical", inputs={"images": "a"})
    >>> PipelineSpec(pipeline="mine", inputs={"a": "images"}, steps={"s": step}).steps["s"].use
    'physical'
    """

    pipeline: Name
    inputs: dict[Name, Literal["images"]] = Field(min_length=1)
    steps: dict[Name, StepSpec] = Field(min_length=1)
    report: ReportLayout = ReportLayout()
