"""A third party's plugin: one encoder, offered by its card."""

from shiftlens.plugin import Card, hookimpl


@hookimpl
def shiftlens_encoders() -> list[Card]:
    """Offer the encoder ``levels``."""
    return [Card(id="levels", version=1, title="Mean and spread of the grey levels", target="acme_shiftlens.levels:Levels")]


@hookimpl
def shiftlens_commands() -> list[Card]:
    """Offer ``shiftlens acme``."""
    return [Card(id="acme", version=1, target="acme_shiftlens.levels:acme")]
