"""One mapping laid over another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Lay ``high`` over ``low``, key by key where both hold mappings; anything else of ``high`` replaces what was there.

    >>> merged({"size": {"rows": 1, "columns": 2}, "names": ["a"]}, {"size": {"rows": 3}, "names": ["b"]})
    {'size': {'rows': 3, 'columns': 2}, 'names': ['b']}
    """
    found = dict(low)
    for key, value in high.items():
        below = found.get(key)
        found[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return found
