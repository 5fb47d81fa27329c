"""What bench offers: one command."""

from __future__ import annotations

from ...plugin import Card, hookimpl

_HERE = __name__.rpartition(".")[0]


@hookimpl
def shiftlens_commands() -> list[Card]:
    """Offer ``shiftlens bench``; the card's config is what a suite file holds."""
    return [
        Card(
            id="bench",
            version=1,
            target=f"{_HERE}.command:bench",
            config=f"{_HERE}.config:BenchSpec",
            title="Plant known shifts and count what is found, missed and made up",
        )
    ]
