"""The conformance kit: promises of each role as tests, and samples to test on. Needs pytest."""

from __future__ import annotations

from ._facade import facade

__getattr__, __dir__, __all__ = facade(__name__, __file__)
