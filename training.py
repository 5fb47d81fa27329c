"""What fitters, families and importers are written with: trainings that survive, tensors, files of other programs."""

from __future__ import annotations

from ._facade import facade

__getattr__, __dir__, __all__ = facade(__name__, __file__)
