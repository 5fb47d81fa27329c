"""What this plugin offers."""

from __future__ import annotations

from ...plugin import Card, Need, hookimpl

_HERE = "shiftlens.plugins.stylespace"
_NEED = Need(slot="style", protocol="style-encoder", default="parts-style-64")


@hookimpl
def shiftlens_encoders() -> list[Card]:
    """Offer the encoder."""
    return [
        Card(
            id="style",
            version=1,
            target=f"{_HERE}.encoder:StyleSpaceEncoder",
            config=f"{_HERE}.config:StyleConfig",
            title="Codes of a style generator: what it takes to make an image again",
            needs=_NEED,
        )
    ]


@hookimpl
def shiftlens_traversers() -> list[Card]:
    """Offer the traverser."""
    return [
        Card(
            id="style-traversals",
            version=2,
            target=f"{_HERE}.traverse:StyleTraverser",
            config=f"{_HERE}.config:TraverseConfig",
            title="What the styles that differ look like",
            needs=_NEED,
        )
    ]


@hookimpl
def shiftlens_report_sections() -> list[Card]:
    """Offer the report section."""
    return [
        Card(
            id="style",
            version=1,
            target=f"{_HERE}.section:StyleSection",
            config=f"{_HERE}.config:SectionConfig",
            title="Differing styles, decoded",
        )
    ]
