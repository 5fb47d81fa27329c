"""What plugins are written with: cards, hooks, roles, values, images, and protocols of models."""

from __future__ import annotations

from ._facade import facade

__getattr__, __dir__, __all__ = facade(__name__, __file__)
