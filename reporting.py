"""What report sections are written with: comparisons as the report judges them, its charts, pictures and templates."""

from __future__ import annotations

from ._facade import facade

__getattr__, __dir__, __all__ = facade(__name__, __file__)
