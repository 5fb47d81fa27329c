"""What plugins are written with: cards, hooks, roles, values, images, and protocols of models."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("shiftlens", __file__)
