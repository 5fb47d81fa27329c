"""Names that are loaded when they are first used: each stands once, in the stub that type checkers read.

``lazy_loader`` does this for a package; here five modules beside each other do it, of which one is the package.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def facade(name: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Give ``__getattr__``, ``__dir__`` and ``__all__`` of a module of this package.

    Args:
        name: of the module, ``__name__``.
        file: its ``__file__``; beside it lies the stub, whose every line imports from a module below the package.
    """
    places: dict[str, str] = {}
    for node in ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            places |= {alias.name: f"{__package__}.{node.module}" for alias in node.names}

    def get(wanted: str) -> Any:
        if wanted not in places:
            raise AttributeError(f"module {name!r} has no attribute {wanted!r}")
        found = getattr(import_module(places[wanted]), wanted)
        setattr(sys.modules[name], wanted, found)
        return found

    return get, lambda: sorted(places), sorted(places)
