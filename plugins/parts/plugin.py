"""Cards of the reader ``parts`` and of the command ``synth``."""

from __future__ import annotations

from ...plugin import Card, hookimpl

_HERE = __name__.rpartition(".")[0]


@hookimpl
def shiftlens_readers() -> list[Card]:
    """Offer images of machined parts whose truth is known, as ``parts:SITE?n=500&seed=3&size=128``."""
    return [
        Card(
            id="parts",
            version=1,
            title="Rendered images of machined parts, with complete truth",
            target=f"{_HERE}.source:PartsReader",
            config=f"{_HERE}.config:SourceOptions",
        )
    ]


@hookimpl
def shiftlens_commands() -> list[Card]:
    """Offer ``shiftlens synth``: rendered images and their truth, written as folders."""
    return [Card(id="synth", version=1, title="Write rendered images with their truth", target=f"{_HERE}.synth:synth")]
