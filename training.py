"""What fitters, families and importers are written with: trainings that survive, tensors, files of other programs."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("shiftlens", __file__)
