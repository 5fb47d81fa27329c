"""What this plugin offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...plugin import Card, Need, hookimpl
from ...training import read_card
from .imports import importers

_HERE = "shiftlens.plugins.stylegan2"
_EMBEDDED = Path(__file__).parent / "weights" / "parts-style-64"
_FEATURES = Need(slot="features", protocol="features", default="efficientnet-lite0")


@hookimpl
def shiftlens_backbone_families() -> list[Card]:
    """Offer the family."""
    return [
        Card(
            id="stylegan2",
            version=1,
            target=f"{_HERE}.family:Stylegan2Family",
            config=f"{_HERE}.config:Stylegan2Options",
            title="StyleGAN2 generators with their encoders",
            provides=frozenset({"style-generator", "style-encoder"}),
        )
    ]


@hookimpl
def shiftlens_backbones() -> list[dict[str, Any]]:
    """Offer the backbone that comes along; its README says how it was made."""
    return [read_card(_EMBEDDED).model_dump(mode="json")]


@hookimpl
def shiftlens_fitters() -> list[Card]:
    """Offer the fitters."""
    return [
        Card(
            id="joint",
            version=2,
            target=f"{_HERE}.joint:JointFitter",
            config=f"{_HERE}.joint_config:JointConfig",
            title="An encoder and a generator trained together, on a CPU if need be",
            needs=_FEATURES,
        ),
        Card(
            id="stylegan2",
            version=2,
            target=f"{_HERE}.gan_fit:GanFitter",
            config=f"{_HERE}.fit_config:GanConfig",
            title="A generator trained against a discriminator, with adaptive augmentation",
            needs=_FEATURES,
        ),
        Card(
            id="style-encoder",
            version=1,
            target=f"{_HERE}.encoder_fit:EncoderFitter",
            config=f"{_HERE}.fit_config:EncoderFitConfig",
            title="An encoder for a generator that is there already",
            needs=(Need(slot="style", protocol="style-generator"), _FEATURES),
        ),
    ]


@hookimpl
def shiftlens_importers() -> list[Card]:
    """Offer the importers."""
    return importers()
