"""Importers: StyleGAN2 models and directions as other programs wrote them, one module a format."""

from __future__ import annotations

from ....plugin import Card

_HERE = "shiftlens.plugins.stylegan2.imports"


def importers() -> list[Card]:
    """Give the card of each importer; its id is the name of the format."""
    formats = {
        "nvidia": ("nvidia:NvidiaImporter", "Pickles of NVIDIA's stylegan2-ada-pytorch (.pkl)"),
        "rosinality": ("rosinality:RosinalityImporter", "Checkpoints of rosinality/stylegan2-pytorch (.pt)"),
        "e4e": ("e4e:E4eImporter", "e4e encoders with their generator (.pt), also out of SDIC checkpoints"),
        "directions": ("directions:DirectionsImporter", "InterfaceGAN and GANSpace directions (.pt)"),
    }
    return [Card(id=name, version=1, target=f"{_HERE}.{target}", title=title) for name, (target, title) in formats.items()]
