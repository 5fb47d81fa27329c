"""What this plugin offers."""

from __future__ import annotations

from ... import Card, hookimpl

_HERE = "shiftlens.plugins.stylegan2"


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
