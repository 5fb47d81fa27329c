"""Options of the physical encoder."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from ... import Spec
from .words import DIMENSIONS

_IDS = tuple(dimension.id for dimension in DIMENSIONS)


class PhysicalConfig(Spec):
    """Which attributes take part, all of them where none is named; and how stored colours follow the light."""

    attributes: tuple[str, ...] = Field(default=(), description="ids of attributes, in the order wanted; empty means all")
    tone: Literal["srgb", "linear"] = Field(
        default="srgb", description="colour files of a camera without tone curve are linear; all others are srgb"
    )

    @field_validator("attributes")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in _IDS]
        if unknown:
            raise ValueError(f"no attribute {', '.join(map(repr, unknown))}; there are {', '.join(_IDS)}")
        if len(set(names)) < len(names):
            raise ValueError("an attribute is named twice")
        return names
