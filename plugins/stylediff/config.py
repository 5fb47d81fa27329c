"""Options of the scorer."""

from __future__ import annotations

from pydantic import Field, model_validator

from ... import Spec

TESTS = 4
"""Tests of a run among which a report may share alpha."""


class StyleDiffConfig(Spec):
    """Options of ``stylediff``.

    >>> StyleDiffConfig().permutations
    500
    """

    alpha: float = Field(default=0.05, ge=0.001, le=0.2, description="chance of naming anything where nothing differs")
    permutations: int = Field(default=500, ge=99, le=20_000, description="exchanges of whole groups behind every p")
    bootstrap: int = Field(default=200, ge=50, le=5_000, description="resamplings of whole groups behind every interval")
    self_splits: int = Field(default=20, ge=0, le=200, description="halvings of the reference tested against itself")
    permutations_self: int = Field(default=999, ge=99, le=5_000, description="exchanges that judge those halvings")
    correlation: float = Field(default=0.7, gt=0, lt=1, description="dimensions more correlated than this share a cluster")
    keep: float = Field(
        default=0.5, ge=0, le=1, description="share of its effect that must be left for an attribute to stand on its own"
    )
    candidates: int = Field(default=50, ge=1, le=500, description="most cluster leaders examined for a common cause")
    min_images: int = Field(default=8, ge=4, le=10_000, description="fewest usable images a side")
    min_groups: int = Field(default=4, ge=2, le=10_000, description="fewest groups of images a side")
    joint_images: int = Field(
        default=2_000, ge=100, le=10_000, description="most images in the joint test, whose cost is cubic"
    )
    folds: int = Field(default=10, ge=2, le=50, description="folds of the joint test")

    gate_share: float = Field(
        default=0.1, ge=0.02, le=1, description="share of a side beyond the backbone's error limit at which nothing is claimed"
    )

    @model_validator(mode="after")
    def _fine_enough(self) -> StyleDiffConfig:
        for name, count in (("permutations", self.permutations), ("permutations_self", self.permutations_self)):
            if self.alpha * (count + 1) < TESTS:
                least = round(TESTS / self.alpha)
                raise ValueError(f"{name}={count} cannot reach alpha={self.alpha} in every test of a run: {least} are needed")
        return self
