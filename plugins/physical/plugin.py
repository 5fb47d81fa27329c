"""What this plugin offers."""

from __future__ import annotations

from ...plugin import Card, hookimpl


@hookimpl
def shiftlens_encoders() -> list[Card]:
    """Offer measured attributes as an encoder."""
    return [
        Card(
            id="physical",
            version=1,
            target="shiftlens.plugins.physical.encoder:Physical",
            config="shiftlens.plugins.physical.config:PhysicalConfig",
            title="measured attributes: light, colour, optics, surface, position, file",
        )
    ]
