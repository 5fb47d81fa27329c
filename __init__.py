"""shiftlens: which attributes differ between two folders of unlabelled images, where, and what to do.

The verbs, what they take and give, and the errors. Plugin authors find the rest in :mod:`shiftlens.plugin`,
:mod:`shiftlens.training`, :mod:`shiftlens.reporting` and :mod:`shiftlens.testing`. Names are loaded when they are first
used, so ``import shiftlens`` costs nothing; each stands once, in the stub beside this file.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any
from warnings import warn

from ._facade import facade

_RENAMED = {
    "Imported": "ImportedBackbone", "Judged": "Judgement", "Stored": "StoredObject", "Unseen": "InvisibleChange",
    "Shown": "TraversalRow",
    "follow": "update_average",
}  # fmt: skip
"""Names of before, and what they are called now."""
__version__ = "0.1.0"
_found, __dir__, __all__ = facade(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Give a name of this module; one that had its place here before there were five modules is found where it is now."""
    if name in __all__:
        return _found(name)
    old, name = name, _RENAMED.get(name, name)
    for room in ("plugin", "training", "reporting") if not name.startswith("_") else ():
        module = import_module(f".{room}", __name__)
        if name in module.__all__:
            warn(f"shiftlens.{old} is now shiftlens.{room}.{name}", DeprecationWarning, stacklevel=2)
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
