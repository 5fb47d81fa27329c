"""Options of the report section."""

from __future__ import annotations

from pydantic import Field

from ... import Spec


class SectionConfig(Spec):
    """Options of the report section ``repair``."""

    slides: int = Field(default=6, ge=0, le=24, description="images shown before and after")
    held: int = Field(default=6, ge=0, le=24, description="images shown that were given back as they were; the others by name")
    picture: int = Field(default=320, ge=64, le=640, description="most pixels a side of the pictures")
