"""The attributes: id, unit, smallest difference that matters, and how a person says it, in English and Japanese."""

from __future__ import annotations

from ...plugin import Dimension
from .words_camera import COLOUR, LIGHT, OPTICS
from .words_part import FILE, POSITION, SURFACE

DIMENSIONS: tuple[Dimension, ...] = (*LIGHT, *COLOUR, *OPTICS, *SURFACE, *POSITION, *FILE)
"""All attributes, in the order of a row."""
