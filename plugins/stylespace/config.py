"""Options of the encoder, the traverser and the report section of this plugin."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ... import Spec

Index = Annotated[int, Field(ge=0, le=17)]

ID = "style"
"""Of the encoder, and the name of its space."""


class StyleConfig(Spec):
    """Options of the encoder ``style``.

    >>> StyleConfig(coordinates="ganspace", ranges=((0, 3), (4, 9))).components
    80
    """

    coordinates: Literal["s", "w", "ganspace", "sefa"] = Field(
        default="s", description="channels of S, codes in W, principal components of W, or eigenvectors of the style layers"
    )
    channels: Literal["conv", "rgb", "all"] = Field(
        default="all", description="of S: those of convolutions, of toRGB layers (mainly colour), or both"
    )
    components: int = Field(default=80, ge=1, le=512, description="of ganspace and sefa: most directions a range")
    ranges: tuple[tuple[Index, Index], ...] = Field(
        default=(),
        max_length=18,
        description="of w, ganspace and sefa: first and last code of each range; empty for all together",
    )

    @model_validator(mode="after")
    def _in_order(self) -> StyleConfig:
        for first, last in self.ranges:
            if first > last:
                raise ValueError(f"ranges: [{first}, {last}] begins after its end")
        if self.ranges and self.coordinates == "s":
            raise ValueError("ranges: S has a name for every layer, ranges are for w, ganspace and sefa")
        return self


class TraverseConfig(Spec):
    """Options of the traverser ``style-traversals``."""

    attributes: int = Field(default=8, ge=1, le=12, description="most attributes that are shown")
    candidates: int = Field(default=40, ge=1, le=200, description="most clusters that are decoded to see whether they show")
    visible_least: float = Field(
        default=0.01, ge=0, le=1, description="change of pictures in 0..1, RMS from -2 to +2 sigma, below which nothing is seen"
    )
    images: int = Field(default=16, ge=2, le=64, description="images of which that change is the mean")
    clean: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="share of the joint AUC above 0.5 that one attribute must reach, else the joint direction is shown too",
    )
    picture: int = Field(default=128, ge=16, le=512, description="most pixels a side of the pictures kept")


class SectionConfig(Spec):
    """Options of the report section ``style``."""

    extremes: int = Field(default=8, ge=0, le=16, description="highest and lowest originals of each side and attribute")
