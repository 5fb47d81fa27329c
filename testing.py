"""The conformance kit: promises of each role as tests, and samples to test on. Needs pytest."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("shiftlens", __file__)
