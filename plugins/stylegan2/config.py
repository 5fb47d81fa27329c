"""Options of backbones of this family."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ... import Spec


class Stylegan2Options(Spec):
    """What a card says beside the weights; sizes and widths are read off the tensors."""

    encoder: Literal["e4e", "small"] | None = Field(default=None, description="architecture of encoder.safetensors")
    error_limit: float | None = Field(
        default=None,
        gt=0,
        description="reconstruction error above which an image is unknown: 99 % of validation images are below",
    )
    latent_avg: str = Field(default="", description="where the mean code comes from, if not from training")
    note: str = Field(default="", description="what was left out when the file came in")
