"""What plugins build report sections with, so that theirs look like the rest of the page and say the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import ChoiceLoader, FileSystemLoader
from numpy.typing import NDArray
from PIL import Image

from ...specs.report import Attribute, RepresentativeImage, SpaceReport
from ..files.names import storable
from ..running.outcome import RunOutcome
from .attributes import Judgement
from .charts import distribution
from .examples import of_attribute, of_extreme
from .heat import bar, overlay
from .page import FOLDER, environment
from .sides import Comparison, OneSide, Repair, attribute_ids, comparisons, repairs
from .spaces import space_report, tests_of
from .thumbnails import Thumbnail, jpeg_uri, png_uri, thumbnails

__all__ = [
    "Attribute", "Comparison", "Judgement", "OneSide", "Repair", "RepresentativeImage", "SpaceReport", "Thumbnail",
    "comparisons", "distribution", "extreme_images", "heat_bar_uri", "heat_uri", "judged", "judged_space", "picture_uri",
    "repairs", "section_html", "storable", "thumbnails", "typical_images",
]  # fmt: skip
QUALITY = 90
typical_images = of_attribute
extreme_images = of_extreme


def section_html(folder: Path, template: str, *, language: str, **context: Any) -> str:
    """Render a template of a plugin, autoescaped, with the filters and macros of the page.

    ``{% from "macros.jinja" import strip with context %}`` gives the page's rows of pictures; ``text | t`` gives
    a :class:`shiftlens.Text` in both languages, of which the page shows one.

    Args:
        folder: where the template lies, for example ``Path(__file__).parent``.
        template: its name.
        language: in which the page opens.
        **context: what it shows.
    """
    loader = ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(FOLDER)])
    return environment().overlay(loader=loader).get_template(template).render(language=language, **context)


def judged(outcome: RunOutcome, comparison: Comparison) -> Judgement:
    """Judge a comparison as the report does: p corrected over the run, followers under their leaders.

    Comparisons of repaired images are corrected for each other, not for those before.
    """
    among = _among(outcome, comparison)
    ids = attribute_ids(among)[comparison.step]
    return Judgement.of(comparison, tests=tests_of(among), alpha=outcome.alpha, ids=ids)


def judged_space(outcome: RunOutcome, comparison: Comparison) -> SpaceReport:
    """Say what a comparison found as a whole, its p corrected as by :func:`judged`."""
    return space_report(comparison, tests=tests_of(_among(outcome, comparison)), alpha=outcome.alpha, mapped={})


def _among(outcome: RunOutcome, comparison: Comparison) -> list[Comparison]:
    own = comparisons(outcome)
    return own if any(c.step == comparison.step for c in own) else [repair.after for repair in repairs(outcome)]


def picture_uri(pixels: NDArray[np.uint8]) -> str:
    """Give ``(rows, columns, 3)`` as a data URI, little compressed."""
    return jpeg_uri(Image.fromarray(pixels), QUALITY)


def heat_uri(pixels: NDArray[np.uint8], heat: NDArray[np.float32], low: float, high: float) -> str:
    """Lay a heat map on a picture made grey; see the report's own maps."""
    return jpeg_uri(overlay(Image.fromarray(pixels), heat, low, high), QUALITY)


def heat_bar_uri(low: float, high: float) -> str:
    """Give the colours of a scale, left ``low``, right ``high``."""
    return png_uri(bar(low, high))
