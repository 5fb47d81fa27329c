"""Options of the components of this plugin, and of the backbones of its family."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ... import Spec


class FeaturesConfig(Spec):
    """Options of the encoder ``features``.

    ``layer`` is ``final`` or a layer that the network names, for example ``blocks.4``.
    """

    layer: str = Field(default="final", min_length=1, max_length=80)


class DifferenceMapConfig(Spec):
    """Options of the explainer ``difference-map``: maps are made of the ``most`` images that carry the difference most."""

    most: int = Field(default=6, ge=1, le=1000)


class TimmOptions(Spec):
    """``options`` of a backbone of the family ``timm``.

    ``model`` is timm's name of the architecture; ``keys`` says who named the tensors in the file;
    ``classes`` is the size of the classifier in the file, where it is not the model's own (0: none).
    """

    model: str = Field(min_length=1, max_length=120)
    keys: Literal["timm", "lukemelas"] = "timm"
    classes: int | None = Field(default=None, ge=0, le=1_000_000)
