"""Options of the fitters ``stylegan2`` and ``style-encoder``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ...training import FitConfig
from .layers import even


class WidthsConfig(FitConfig):
    """Options that shape a new generator. A saved one's shape is read off its widths, so these must divide evenly."""

    size: int
    w_dim: int = Field(default=128, ge=16, le=1024, description="length of a code")
    channel_base: int = Field(default=2048, ge=64, le=65536, description="channels times resolution")
    channel_max: int = Field(default=128, ge=16, le=1024, description="most channels")

    @model_validator(mode="after")
    def _even(self) -> Self:
        if not even(self.size, self.channel_base):
            raise ValueError(f"channel_base: {self.channel_base} is no multiple of the size, {self.size}")
        return self


class GanConfig(WidthsConfig):
    """Options of ``stylegan2``; a preset fills what is not given.

    >>> GanConfig(preset="gpu").channel_base, GanConfig().batch
    (16384, 16)
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "cpu": {},
        "gpu": {
            "minutes": 720, "size": 256, "batch": 32, "w_dim": 512, "mapping": 8, "channel_base": 16384, "channel_max": 512,
            "average": 10.0, "augment_images": 500.0, "path": 2.0, "precision": "bf16",
        },
        "try": {"steps": 20, "size": 32, "batch": 8, "w_dim": 32, "mapping": 2, "channel_base": 512, "channel_max": 32},
    }  # fmt: skip

    preset: Literal["cpu", "gpu", "try"] = Field(default="cpu", description="two CPU cores, one GPU, or a quick try")
    size: Literal[32, 64, 128, 256, 512, 1024] = Field(default=64, description="side of the images, in pixels")
    batch: int = Field(default=16, ge=4, le=1024, description="images a step, in each process")
    mapping: int = Field(default=2, ge=1, le=16, description="layers of the mapping network")
    rate: float = Field(default=2.5e-3, gt=0, le=0.1, description="learning rate of Adam, of both networks")
    r1: float | None = Field(
        default=None, ge=0, description="weight of the gradient penalty (R1), every 16 steps; 0.0002 size² / batch if not given"
    )
    path: float = Field(default=0.0, ge=0, description="weight of path-length regularisation, every 4 steps; 2 in the paper")
    mixing: float = Field(default=0.9, ge=0, le=1, description="share of images made of two codes, one above a random layer")
    average: float = Field(default=5.0, gt=0, description="half-life of the averaged weights, in thousands of images")
    augment: bool = Field(default=True, description="adaptive augmentation, for sets of less than some ten thousand images")
    augment_target: float = Field(
        default=0.6, ge=0, le=1, description="mean sign of the logits of real images above which augmentation is raised"
    )
    augment_images: float = Field(
        default=100.0, gt=0, description="thousands of images over which augmentation rises from never to always"
    )


class EncoderFitConfig(FitConfig):
    """Options of ``style-encoder``; a preset fills what is not given. The generator stays as it is.

    >>> EncoderFitConfig(preset="gpu").architecture, EncoderFitConfig().architecture
    ('e4e', 'small')
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "cpu": {},
        "gpu": {"minutes": 720, "architecture": "e4e", "batch": 8, "rate": 1e-4, "precision": "bf16"},
        "try": {"steps": 20, "batch": 8, "channel_base": 512, "channel_max": 32},
    }

    preset: Literal["cpu", "gpu", "try"] = Field(default="cpu", description="two CPU cores, one GPU, or a quick try")
    architecture: Literal["small", "e4e"] = Field(
        default="small", description="small: of the generator's size; e4e: IR-SE-50 at 256 px, for codes of 512"
    )
    batch: int = Field(default=16, ge=2, le=1024, description="images a step, in each process")
    channel_base: int = Field(default=4096, ge=64, le=65536, description="channels times resolution, of the small encoder")
    channel_max: int = Field(default=192, ge=16, le=1024, description="most channels, of the small encoder")
    rate: float = Field(default=1e-3, gt=0, le=0.1, description="learning rate of Adam, falling to a twentieth at the end")
    pixels: float = Field(default=1.0, ge=0, description="weight of the mean squared difference of pixels in -1..1")
    perceptual: float = Field(default=0.8, ge=0, description="weight of the perceptual distance of features")
    cosine: float = Field(default=0.5, ge=0, description="weight of 1 - cosine of the deepest features")
    delta: float = Field(default=2e-4, ge=0, description="weight of the norm of what single layers add to the first code")
    adversarial: float = Field(default=0.1, ge=0, description="weight of the discriminator of codes, 0 for none")
    r1: float = Field(default=10.0, ge=0, description="weight of that discriminator's gradient penalty, every 16 steps")
    deltas_from: float = Field(
        default=0.1, ge=0, le=1, description="share of the budget before the second code may differ from the first"
    )
    deltas_until: float = Field(default=0.28, ge=0, le=1, description="share of the budget from which all codes may differ")
    held_out: float = Field(default=0.05, gt=0, lt=0.5, description="share of the images on which quality is measured")
