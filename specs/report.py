"""``report.json``: what a run found, for machines. Its JSON Schema is ``shiftlens schema report``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from .base import Spec, Text

SECTIONS = ("summary", "attributes", "features", "maps", "steps", "calibration", "power", "tested", "aside", "made")
"""Ids of the report's own sections, in their order; plugins' sections come after ``maps``."""

Interval = tuple[float, float]
Side = Literal["reference", "target"]
Kind = Literal["light", "colour", "optics", "position", "surface", "file", "content"]


class Verdict(Spec):
    """The answer in one line.

    ``kind`` says what differs: the kind of the leading attribute, ``content`` where only learned
    features differ, ``nothing`` where no difference is significant. ``unusable`` is never written:
    such a run ends with an error.
    """

    shift: bool
    kind: Literal["nothing"] | Kind
    headline: Text
    detail: Text = Field(description="what else is to be said, one sentence a line")
    alpha: float
    tests: int = Field(description="number of tests that every p of the report is corrected for")
    leading: tuple[str, ...] = Field(description="ids of the attributes that stand on their own, largest effect first")


class InputReport(Spec):
    """One set of images, as it was found: ``images`` = ``used`` + ``set_aside``."""

    name: str
    origin: str
    images: int
    groups: int
    used: int
    set_aside: int
    digest: str
    note: str = ""


class RepresentativeImage(Spec):
    """An image chosen because it shows the difference; ``value`` is in the unit of the attribute.

    ``level`` is the quantile of its own side that the image stands for, none for an extreme one.
    """

    side: Side
    input: str
    id: str
    value: float
    level: float | None = None


class Attribute(Spec):
    """One attribute of one space.

    ``effect`` is W1 in pooled standard deviations; ``direction`` runs from -1 (the site is lower)
    to 1 (higher), near 0 the spread or shape changed; ``shift`` is in ``unit`` and, where ``scale``
    is ``log2``, ``factor`` is 2**shift. ``p_adjusted`` is corrected over all attributes and all spaces of the run.
    """

    id: str = Field(description="the dimension's id; `step.id` where two steps of the run have the same")
    step: str
    encoder: str
    label: Text
    kind: Kind
    unit: str
    scale: Literal["linear", "log2"]
    effect: float
    interval: Interval | None = Field(description="95 %, of `effect`; null where the scorer gives none")
    direction: float
    words: Text = Field(description="how the site differs: `brighter`, `varies more`")
    amount: Text = Field(description="by how much: `×1.63`, `+350 K`, `spread ×1.8`")
    shift: float
    shift_interval: Interval | None = Field(description="95 %, of `shift`; null where the scorer gives none")
    factor: float | None = None
    p_adjusted: float
    q_bh: float
    q_by: float
    significant: bool
    negligible: bool = Field(default=False, description="p is below alpha, but the difference is too small to matter to anyone")
    stands_alone: bool
    follows: str | None = Field(default=None, description="id of the attribute whose consequence this one is")
    left: float | None = Field(description="effect left after the leading attributes are accounted for")
    detectable: float | None = Field(description="smallest shift, in `unit`, that this many images show with power 0.8")
    rank: int
    rank_interval: tuple[int, int]
    cluster: int
    tag: Literal["common", "novel", "missing"]
    tail: float
    action: Text | None = None
    how: Text | None = Field(default=None, description="how the attribute is measured")
    images: tuple[RepresentativeImage, ...] = ()


class GateReport(Spec):
    """How well images are made again from their codes, in a space that decodes; ``closed``: nothing is claimed in it.

    Shares are those of images whose error is above ``limit``; ``p`` that the errors of both sides are alike.
    """

    limit: float | None
    share_reference: float | None
    share_target: float | None
    p: float | None
    closed: bool


class SpaceReport(Spec):
    """One space in which the two sets were compared.

    ``named`` spaces have words for their dimensions; another one is reported as one difference,
    which holds where ``p_adjusted`` (the smaller of its best dimension's and its joint test's) is below alpha.
    """

    encoder: str
    step: str
    backbone: str | None
    named: bool
    dimensions: int
    measured: int
    unmeasured: tuple[Text, ...] = Field(
        default=(), description="labels of the attributes of a named space without enough values"
    )
    significant: int
    differs: bool
    p_adjusted: float
    critical: float | None
    detectable: float | None = Field(description="smallest shift in standard deviations found with power 0.8")
    images_now: tuple[int, int] = Field(description="images on the reference and on the target side")
    images_for_half: int = Field(description="images a side that would show half of `detectable`")
    separation: float | None = Field(description="cross-validated AUC of the best linear direction; 0.5 is no difference")
    separation_p: float | None
    self_splits: int
    self_alarms: int
    self_interval: Interval = Field(description="95 % interval (Wilson) of the share of false alarms")
    representative: tuple[RepresentativeImage, ...] = ()
    gate: GateReport | None = Field(default=None, description="null where codes are not decoded")


class SetAsideReport(Spec):
    """An image that took no part."""

    input: str
    id: str
    kind: str
    reason: str


class Report(Spec):
    r"""The whole report. Names that are no valid Unicode are shown with their bytes escaped (``\\udce9``)."""

    schema_version: Literal[1] = 1
    pipeline: str
    language: Literal["en", "ja"] = "en"
    warnings: tuple[Text, ...] = ()
    verdict: Verdict
    inputs: tuple[InputReport, ...]
    attributes: tuple[Attribute, ...] = Field(
        description="named spaces: every measured attribute; others: the significant ones that stand alone, 50 at most"
    )
    spaces: tuple[SpaceReport, ...]
    set_aside: tuple[SetAsideReport, ...]
    sections: dict[str, Any] = Field(default={}, description="data of sections that plugins add, by section id")
    made: dict[str, Any] = Field(
        description="versions, digests, seed and filled spec: the part of run.json that fixes the numbers"
    )
