"""Options of the fitter ``joint``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from ... import FitConfig
from .layers import even


class JointConfig(FitConfig):
    """Options of ``joint``; a preset fills what is not given.

    >>> JointConfig(preset="gpu").w_dim, JointConfig(w_dim=64).w_dim
    (256, 64)
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "cpu": {},
        "gpu": {"batch": 64, "w_dim": 256, "channel_base": 4096, "channel_max": 256, "precision": "bf16"},
        "try": {"steps": 20, "batch": 8, "w_dim": 32, "channel_base": 512, "channel_max": 32},
    }

    preset: Literal["cpu", "gpu", "try"] = Field(default="cpu", description="two CPU cores, one GPU, or a quick try")
    size: Literal[32, 64, 128, 256] = Field(default=64, description="side of the images, in pixels")
    batch: int = Field(default=16, ge=4, le=1024, description="images a step")
    w_dim: int = Field(default=128, ge=16, le=1024, description="length of a code")
    mapping: int = Field(default=4, ge=1, le=16, description="layers of the mapping network")
    channel_base: int = Field(default=2048, ge=64, le=65536, description="channels times resolution")
    channel_max: int = Field(default=128, ge=16, le=1024, description="most channels")
    rate: float = Field(default=1e-3, gt=0, le=0.1, description="learning rate of Adam, falling to a twentieth at the end")
    perceptual: float = Field(default=0.5, ge=0, description="weight of the feature loss")
    delta: float = Field(default=1e-3, ge=0, description="weight of the size of what single layers add to the first code")
    plain: float = Field(default=0.25, ge=0, lt=1, description="share of a batch that is made from the first code alone")
    adversarial: float = Field(default=0.05, ge=0, description="weight of the adversarial loss, 0 for none")
    texture: float = Field(default=0.1, ge=0, description="weight of the difference in texture, 0 for none")
    grain_from: float = Field(default=0.5, ge=0, le=1, description="share of the budget before noise comes in, and these two")
    r1: float = Field(default=0.2, ge=0, description="weight of the gradient penalty of the discriminator (R1)")
    average: float = Field(default=10.0, gt=0, description="half-life of the averaged weights, in thousands of images")
    held_out: float = Field(default=0.05, gt=0, lt=0.5, description="share of the images on which quality is measured")

    @model_validator(mode="after")
    def _even(self) -> JointConfig:
        if not even(self.size, self.channel_base):
            raise ValueError(f"channel_base: {self.channel_base} is no multiple of the size, {self.size}")
        return self
