"""Options of the fitter ``joint``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .fit_config import WidthsConfig


class JointConfig(WidthsConfig):
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
    mapping: int = Field(default=4, ge=1, le=16, description="layers of the mapping network")
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
