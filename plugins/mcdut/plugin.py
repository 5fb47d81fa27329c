"""What this plugin offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...plugin import Card, Need, hookimpl
from ...training import read_card

_HERE = "shiftlens.plugins.mcdut"
_EMBEDDED = Path(__file__).parent / "weights" / "matsuyama-to-osaka"


@hookimpl
def shiftlens_translators() -> list[Card]:
    """Offer the translator."""
    return [
        Card(
            id="translator",
            version=1,
            target=f"{_HERE}.translator:McdutTranslator",
            config=f"{_HERE}.config:TranslateConfig",
            title="Images of one domain as of another, each held back where that would touch a defect",
            needs=Need(slot="translator", protocol="translator"),
        )
    ]


@hookimpl
def shiftlens_fitters() -> list[Card]:
    """Offer the fitter."""
    return [
        Card(
            id="mcdut",
            version=1,
            target=f"{_HERE}.fit:McdutFitter",
            config=f"{_HERE}.fit_config:McdutConfig",
            title="Fit a translator from one set of images to another, without pairs",
            needs=Need(slot="features", protocol="features", default="efficientnet-lite0"),
        )
    ]


@hookimpl
def shiftlens_backbone_families() -> list[Card]:
    """Offer the family."""
    return [
        Card(
            id="mcdut",
            version=1,
            target=f"{_HERE}.family:McdutFamily",
            config=f"{_HERE}.config:McdutOptions",
            title="Translators of the CUT kind",
            provides=frozenset({"translator"}),
        )
    ]


@hookimpl
def shiftlens_backbones() -> list[dict[str, Any]]:
    """Offer the translator between two parts sites that comes along; the README says how it was made."""
    return [read_card(_EMBEDDED).model_dump(mode="json")]


@hookimpl
def shiftlens_importers() -> list[Card]:
    """Offer the importer of published checkpoints."""
    return [
        Card(
            id="cut",
            version=1,
            target=f"{_HERE}.imports:CutImporter",
            title="Generators of CUT and its descendants (…_net_G.pth), with what lies beside them",
        )
    ]
