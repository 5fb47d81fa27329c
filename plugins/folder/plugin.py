"""Cards of the readers ``folder`` and ``list``."""

from __future__ import annotations

from ...plugin import Card, hookimpl

_HERE = __name__.rpartition(".")[0]


@hookimpl
def shiftlens_readers() -> list[Card]:
    """Offer the two readers; a place that is a folder or a ``.csv`` file needs no scheme."""
    return [
        Card(
            id="folder",
            version=1,
            title="Images of a folder, recursively",
            target=f"{_HERE}.readers:Folder",
            config=f"{_HERE}.config:FileOptions",
        ),
        Card(
            id="list",
            version=1,
            title="Images named in a CSV list: path[,group]",
            target=f"{_HERE}.readers:CsvList",
            config=f"{_HERE}.config:FileOptions",
        ),
    ]
