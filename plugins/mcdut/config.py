"""Options of the translator and of backbones of the family ``mcdut``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from ... import Spec, Text

Method = Literal["network", "affine", "histogram", "covariance", "mtf", "affine-mtf"]
METHODS: tuple[Method, ...] = ("affine", "histogram", "covariance", "mtf", "affine-mtf", "network")
"""Ways to repair an image, cheapest first."""


class Limits(Spec):
    """What must hold of a translated image, and of a translator, so that it may be used; see the README for each measure."""

    kept: float = Field(default=0.99, ge=0, le=1, description="least share of planted defects that must be kept")
    invented: float = Field(default=0.01, ge=0, le=1, description="largest share of images with a defect that was not there")
    strength: float = Field(default=0.5, gt=0, lt=1, description="share of its contrast that a kept defect still has")
    contrast: float = Field(default=0.1, gt=0, lt=1, description="contrast to its surround from which anything is a defect")
    held: float = Field(default=0.5, ge=0, le=1, description="largest share of good images that the gate may hold back")
    edges: float = Field(default=0.5, ge=0, le=1, description="least F1 of edges, within 2 px")
    gradients: float = Field(default=0.5, ge=-1, le=1, description="least correlation of the directions of gradients")


class Verdict(Spec):
    """What the measurement after fitting said of a translator.

    ``winner`` is the way that came closest to the target while defects were kept, the cheapest of equal ones; none where
    leaving images as they are is best. ``reason`` says why.
    """

    winner: Method | None
    reason: Text


class McdutOptions(Spec):
    """What a card says beside the weights; the network's variant is read off the tensors."""

    verdict: Verdict | None = Field(default=None, description="what was measured after fitting; none where nothing was")
    limits: Limits = Field(default=Limits(), description="what the measurement held it against")
    scale: str = Field(default="", description="of the pictures that it was fitted on")
    note: str = Field(default="", description="what was left out when the file came in")


class TranslateConfig(Spec):
    """Options of the translator."""

    method: Method | Literal["winner"] = Field(
        default="winner", description="the way to repair; the winner of the measurement after fitting if none is named"
    )
    gate: Literal["each", "off"] = Field(
        default="each", description="each: an image whose translation invents or loses anything is given back as it was"
    )
    limits: Limits | None = Field(default=None, description="what the gate holds images against, if not the backbone's")

    @field_validator("gate", mode="before")
    @classmethod
    def _as_yaml_reads_it(cls, value: object) -> object:
        return "off" if value is False else value
