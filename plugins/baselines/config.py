"""Options of the four scorers."""

from __future__ import annotations

from pydantic import Field, model_validator

from ... import Spec


class PlainConfig(Spec):
    """Options of ``welch`` and ``ks``, and those that all four share.

    >>> PlainConfig().alpha
    0.05
    """

    alpha: float = Field(default=0.05, ge=0.001, le=0.2, description="chance of naming anything where nothing differs")
    min_images: int = Field(default=8, ge=4, le=10_000, description="fewest images a side")
    min_groups: int = Field(default=4, ge=2, le=10_000, description="fewest groups of images a side")


class ExchangeConfig(PlainConfig):
    """Options of what is tested by exchanging whole groups between the sides."""

    permutations: int = Field(default=499, ge=99, le=20_000, description="exchanges of whole groups behind every p")

    @model_validator(mode="after")
    def _fine_enough(self) -> ExchangeConfig:
        if self.alpha * (self.permutations + 1) < 1:
            least = round(1 / self.alpha) - 1
            raise ValueError(f"permutations={self.permutations} cannot reach alpha={self.alpha}: {least} are needed")
        return self


class ClassifierConfig(ExchangeConfig):
    """Options of ``classifier``."""

    folds: int = Field(default=5, ge=2, le=50, description="folds, by group, on which the classifier is judged")
    penalty: float = Field(default=1.0, gt=0, le=1e6, description="ridge penalty, times the mean of the kernel's diagonal")


class MmdConfig(ExchangeConfig):
    """Options of ``mmd``."""

    nodes: int = Field(
        default=16, ge=4, le=64, description="nodes of the quadrature that stands for the kernel of one dimension"
    )
