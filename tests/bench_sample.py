"""A suite of a toy world, small enough for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SUITE: dict[str, Any] = {
    "bench": "toy",
    "source": "toy:world",
    "encoders": {"toy-code": {}, "nameless": {"named": False, "trials": 2}},
    "scorers": {
        "stylediff": {"with": {"self_splits": 0, "bootstrap": 50, "permutations": 99}},
        "welch": {},
        "mmd": {"with": {"permutations": 99}},
    },
    "null": {"pool": 100, "side": 30, "splits": 24, "views": 5},
    "planted": {
        "reference": 80,
        "images": [24, 60],
        "trials": 4,
        "strengths": [0.5, 2],
        "apart": 60,
        "factors": {
            "light": {"step": 1, "claims": ["light"]},
            "place": {"step": 1, "claims": ["place"]},
            "grain": {"step": 0.001, "claims": ["grain"]},
        },
    },
    "paired": {
        "reference": 80,
        "images": [60],
        "trials": 2,
        "factors": {"light": {"step": 1, "claims": ["light"]}, "place": {"step": 1, "claims": ["place"]}},
        "pairs": [{"plant": {"light": 1.5, "place": 1.5}}],
    },
    "content": {"reference": 80, "images": [60], "changes": {"lit": {"light": "2"}, "moved": {"place": "2"}}},
    "quick": {"null": {"splits": 5}, "planted": {"only": ["light"]}},
}


def written(path: Path, **changes: Any) -> str:
    """Write the suite, with changes, and give its path."""
    path.write_text(yaml.safe_dump({**SUITE, **changes}), encoding="utf-8")
    return str(path)
