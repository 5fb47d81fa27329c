"""What report sections are written with: comparisons as the report judges them, its charts, pictures and templates."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("shiftlens", __file__)
