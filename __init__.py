"""shiftlens: which attributes differ between two folders of unlabelled images, where, and what to do.

The verbs, what they take and give, and the errors. Plugin authors find the rest in :mod:`shiftlens.plugin`,
:mod:`shiftlens.training`, :mod:`shiftlens.reporting` and :mod:`shiftlens.testing`. Names are loaded when they are first
used, so ``import shiftlens`` costs nothing; each stands once, in the stub beside this file.
"""

from __future__ import annotations

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
