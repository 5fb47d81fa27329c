"""What the plugin offers, and what offering it costs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

from shiftlens.plugin import LatentScorer
from shiftlens.plugins.stylediff import plugin


def test_the_card_names_a_scorer_and_its_config() -> None:
    (card,) = plugin.shiftlens_latent_scorers()
    assert (card.id, card.version) == ("stylediff", 1)
    module, _, name = card.target.partition(":")
    assert issubclass(getattr(import_module(module), name), LatentScorer)
    module, _, name = (card.config or "").partition(":")
    assert all(field.description for field in getattr(import_module(module), name).model_fields.values())


def test_cards_and_config_import_no_method() -> None:
    code = (
        "import sys; from shiftlens.plugins.stylediff import plugin, config; plugin.shiftlens_latent_scorers(); "
        "print([m for m in ('torch', 'scipy', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
