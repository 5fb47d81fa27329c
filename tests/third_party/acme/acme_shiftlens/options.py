"""Options of the components."""

from pydantic import Field

from shiftlens import Spec


class GapOptions(Spec):
    """Options of ``mean-gap``."""

    alpha: float = Field(default=0.05, description="level of significance")


class DimOptions(Spec):
    """Options of ``dim``."""

    factor: float = Field(default=0.5, description="what pixels are multiplied by")


class CountOptions(Spec):
    """Options of the section."""

    word: str = Field(default="images", description="what is counted")
