"""Options of the fitter ``mcdut``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from ... import Spec
from ...training import FitConfig
from .config import Limits

LAYERS = (0, 4, 8, 12, 16)
_MULTIPLE = 4
_SMALLEST = 16


class Views(Spec):
    """Crops whose patches are the negatives of the contrastive loss. They are smaller than what they are cut from.

    ``center_only`` cuts one, from the middle. Of a full-size one nothing would be cut; it is then CUT's own loss, for
    comparisons.
    """

    center: Literal[0, 1] = Field(default=1, description="crops from the middle")
    random: int = Field(default=2, ge=0, le=8, description="crops from anywhere")
    size: int | None = Field(default=None, ge=_SMALLEST, multiple_of=_MULTIPLE, description="their side in pixels")
    source: Literal["loaded", "cropped"] = Field(default="loaded", description="cut from the picture before or after its crop")
    combine: Literal["concat", "average_loss", "center_only"] = Field(
        default="concat", description="all negatives in one softmax, the mean of one a view, or the one in the middle"
    )
    internal: bool = Field(default=False, description="whether patches of the full image are negatives, too")
    radius: float | None = Field(default=None, gt=0, description="pixels around a query within which nothing is a negative")


class Consistency(Spec):
    """Domain consistency: embeddings of translated and of real images of the target domain are drawn together."""

    weight: float = Field(default=10.0, ge=0, description="weight of the distance")
    reduction: Literal["mean", "sum"] = Field(default="mean", description="over the 64 numbers of an embedding")
    detach_real: bool = Field(default=False, description="whether only the translated image's is moved")
    share: bool = Field(default=False, description="one embedding network for both, instead of one each")
    train: bool = Field(default=True, description="whether these networks learn; the published code left them as drawn")
    gain: float = Field(
        default=1.0, gt=0, description="of their first weights; at the published 0.02 embeddings are as small as the epsilon"
    )


_PUBLISHED: dict[str, Any] = {"minutes": 4320.0}
_MULTI_CROP: dict[str, Any] = {"views": {}, "consistency": {}, "dca": "released"}


class McdutConfig(FitConfig):
    """Options of ``mcdut``; a preset fills what is not given.

    ``mcdut-paper`` is the method as its paper describes it; ``mcdut-released`` what the published code computes; ``cut`` and
    ``fastcut`` are what it is built on; ``small`` is CUT for two CPU cores, with a smaller network and stored pixels.

    >>> McdutConfig().views.random, McdutConfig(preset="cut").views, McdutConfig(preset="small").ngf
    (2, None, 24)
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "mcdut-paper": _PUBLISHED | _MULTI_CROP,
        "mcdut-released": _PUBLISHED | {"consistency": {"train": False, "gain": 0.02}},
        "cut": _PUBLISHED,
        "fastcut": _PUBLISHED | {
            "nce": 10.0, "identity_term": False, "flip_equivariance": True, "constant": 150, "decay": 50,
        },
        "small": {
            "minutes": 30.0, "resize": "none", "load": 72, "crop": 64, "ngf": 24, "ndf": 24, "blocks": 6,
            "layers": [0, 4, 8, 12, 15], "schedule": "budget", "average": 2.0, "keep": "generator", "identity_term": False,
            "skip": True, "smooth": 25, "restraint": 5.0,
        },
    }  # fmt: skip

    preset: Literal["mcdut-paper", "mcdut-released", "cut", "fastcut", "small"] = Field(
        default="mcdut-paper", description="the published methods, for a GPU, or a small network for two CPU cores"
    )
    batch: int = Field(default=1, ge=1, le=256, description="images of each domain a step, in each process")
    resize: Literal["square", "none"] = Field(
        default="square", description="square: whole pictures scaled to load × load, as published; none: stored pixels"
    )
    load: int = Field(default=286, ge=_SMALLEST, le=4096, description="side of the squares that crops are cut from, in pixels")
    crop: int = Field(default=256, ge=32, le=2048, multiple_of=_MULTIPLE, description="side of what the networks see")
    ngf: int = Field(default=64, ge=4, le=256, description="channels of the generator's first convolution")
    ndf: int = Field(default=64, ge=4, le=256, description="channels of the discriminator's first convolution")
    blocks: int = Field(default=9, ge=1, le=32, description="residual blocks")
    dca: Literal["none", "released", "coordinate"] = Field(
        default="none", description="attention: a gate for each channel (as released), or one that knows positions"
    )
    antialias: bool = Field(default=True, description="resample with blurs; CycleGAN's strided convolutions otherwise")
    skip: bool = Field(
        default=False, description="begin as the repair by covariance, and learn only what is to be added to it; not published"
    )
    smooth: int = Field(
        default=0, ge=0, le=255, description="with skip: length in px of the blur of what is added, odd; 0 for none"
    )
    restraint: float = Field(default=0.0, ge=0, description="with skip: weight of the mean change beyond that repair")
    dropout: bool = Field(default=False, description="dropout in residual blocks")
    layers: tuple[int, ...] = Field(default=LAYERS, min_length=1, description="places in the generator, see the README")
    patches: int = Field(default=256, ge=4, le=4096, description="patches of each layer")
    width: int = Field(default=256, ge=8, le=2048, description="length of the vector of a patch")
    temperature: float = Field(default=0.07, gt=0, le=10, description="of the contrastive loss")
    gan: float = Field(default=1.0, ge=0, description="weight of the adversarial loss")
    nce: float = Field(default=1.0, ge=0, description="weight of the contrastive loss; more of it keeps more of the content")
    identity_term: bool = Field(default=True, description="compare target images, which should stay as they are, too")
    views: Views | None = Field(default=None, description="multi-crop negatives, or CUT's")
    consistency: Consistency | None = Field(default=None, description="domain consistency, or none")
    flip_equivariance: bool = Field(default=False, description="half of the pictures enter mirrored")
    rate: float = Field(default=2e-4, gt=0, le=0.1, description="learning rate of Adam, of all networks")
    constant: int = Field(default=200, ge=0, le=100_000, description="epochs at the full learning rate")
    decay: int = Field(default=200, ge=0, le=100_000, description="further epochs, down to nearly nothing")
    schedule: Literal["epochs", "budget"] = Field(
        default="epochs", description="epochs: the budget may end them early; budget: their course spread over the budget"
    )
    average: float = Field(default=0.0, ge=0, description="half-life of averaged weights, in thousands of images; 0 for none")
    held_out: float = Field(default=0.1, gt=0, lt=0.5, description="share of the images on which quality is measured")
    planted: int = Field(default=120, ge=3, le=10_000, description="defects that are planted on held-out images, at least")
    keep: Literal["all", "generator"] = Field(default="all", description="networks that the backbone holds")
    limits: Limits = Field(default=Limits(), description="what defects must survive, so that the network may be used")

    @model_validator(mode="after")
    def _holds(self) -> McdutConfig:
        if self.constant + self.decay == 0:
            raise ValueError("constant and decay: a training needs an epoch")
        if (self.restraint or self.smooth) and not self.skip:
            raise ValueError("restraint and smooth: they are about what is added, and without skip nothing is")
        if self.smooth and self.smooth % 2 == 0:
            raise ValueError(f"smooth: {self.smooth} is even; it has a middle where it is odd")
        if self.load < self.crop:
            raise ValueError(f"load {self.load} is smaller than crop {self.crop}")
        if len(set(self.layers)) != len(self.layers) or min(self.layers) < 0:
            raise ValueError(f"layers {list(self.layers)}: each place once, from 0")
        if self.views is not None:
            self._check_views(self.views)
        return self

    def _check_views(self, views: Views) -> None:
        if views.combine == "center_only":
            if views.center == 0:
                raise ValueError("views: center_only without the one in the middle")
        elif views.center + views.random == 0:
            raise ValueError("views: none are cut, so there are no negatives; views: null is CUT's own loss")
        if self.whole_view:
            return
        for settled in (False, True):
            source, side = self.view_source(settled), self.view_side(settled)
            if side >= source:
                raise ValueError(f"views: crops of {side} px from pictures of {source} px cut nothing; make size smaller")
            if side < _SMALLEST:
                raise ValueError(f"views: crops of {side} px are too small; at least {_SMALLEST}")

    @property
    def whole_view(self) -> bool:
        """Whether the one view is the full image, so that the loss is CUT's."""
        views = self.views
        return views is not None and views.combine == "center_only" and views.source == "cropped" and views.size == self.crop

    def view_source(self, settled: bool) -> int:
        """Give the side of what views are cut from; ``settled`` where pictures are scaled straight to the size of crops."""
        before = self.views is not None and self.views.source == "loaded" and not (settled and self.resize == "square")
        return self.load if before else self.crop

    def view_side(self, settled: bool) -> int:
        """Give the side of views: the crop's of loaded pictures, three quarters of cropped ones, if no size is given.

        Where pictures are scaled straight to the size of crops, views shrink with them.
        """
        views = self.views or Views()
        side = views.size or (self.crop if views.source == "loaded" else _whole(self.crop * 3 / 4))
        if views.source == "loaded" and settled and self.resize == "square":
            return _whole(side * self.crop / self.load)
        return side


def _whole(pixels: float) -> int:
    return int(pixels) // _MULTIPLE * _MULTIPLE
