"""``report.json``: what a run found, for machines. Its JSON Schema is ``shiftlens schema report``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from .base import Spec, Text

Interval = tuple[float, float]


class Verdict(Spec):
    """The answer in one line.

    ``kind`` says what differs: one of the kinds of the leading attributes, ``content`` where only
    learned features differ, ``nothing`` where no difference is significant. ``unusable`` is never
    written: such a run ends with an error.
    """

    shift: bool
    kind: Literal["nothing", "light", "colour", "optics", "position", "surface", "file", "content"]
    headline: Text
    detail: Text
    alpha: float
    leading: tuple[str, ...] = Field(description="ids of the attributes that stand on their own, largest effect first")


class InputReport(Spec):
    """One set of images, as it was found."""

    name: str
    origin: str
    images: int
    groups: int
    used: int
    set_aside: int
    digest: str
    note: str = ""


class RepresentativeImage(Spec):
    """An image chosen because it shows the difference."""

    side: Literal["reference", "target"]
    id: str
    value: float


class Attribute(Spec):
    """One attribute of one space.

    ``effect`` is W1 in pooled standard deviations; ``direction`` runs from -1 (the site is lower)
    to 1 (higher), near 0 the spread or shape changed; ``shift`` is in ``unit`` and, where ``scale``
    is ``log2``, ``factor`` is 2**shift. ``p_adjusted`` is corrected over all attributes and all spaces of the run.
    """

    id: str
    encoder: str
    label: Text
    kind: str
    unit: str
    scale: Literal["linear", "log2"]
    effect: float
    interval: Interval
    direction: float
    words: Text
    shift: float
    shift_interval: Interval
    factor: float | None = None
    p_adjusted: float
    q_bh: float
    q_by: float
    significant: bool
    stands_alone: bool
    follows: str | None = Field(default=None, description="id of the attribute whose consequence this one is")
    left: float = Field(description="effect left after the leading attributes are accounted for")
    rank: int
    rank_interval: tuple[int, int]
    cluster: int
    tag: Literal["common", "novel", "missing"]
    tail: float
    action: Text | None = None
    images: tuple[RepresentativeImage, ...] = ()


class SpaceReport(Spec):
    """One space in which the two sets were compared."""

    encoder: str
    step: str
    backbone: str | None
    dimensions: int
    measured: int
    significant: int
    critical: float
    detectable: float = Field(description="smallest shift in standard deviations found with power 0.8")
    images_now: Interval = Field(description="images on the reference and on the target side")
    images_for_half: int = Field(description="images a side that would show half of `detectable`")
    separation: float = Field(description="cross-validated AUC of the best linear direction; 0.5 is no difference")
    separation_p: float
    self_splits: int
    self_alarms: int
    representative: tuple[RepresentativeImage, ...] = ()


class SetAsideReport(Spec):
    """An image that took no part."""

    input: str
    id: str
    kind: str
    reason: str


class Report(Spec):
    """The whole report."""

    schema_version: Literal[1] = 1
    pipeline: str
    verdict: Verdict
    inputs: tuple[InputReport, ...]
    attributes: tuple[Attribute, ...] = Field(description="every measured attribute of spaces with words; of other spaces the significant ones")
    spaces: tuple[SpaceReport, ...]
    set_aside: tuple[SetAsideReport, ...]
    warnings: tuple[Text, ...] = ()
    sections: dict[str, Any] = Field(default={}, description="data of sections that plugins add, by section id")
    made: dict[str, Any] = Field(description="versions, digests, seed and filled spec: the part of run.json that fixes the numbers")
