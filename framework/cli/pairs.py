"""What people write as ``KEY=VALUE``, and budgets as they say them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...specs.errors import UsageError, quoted
from ...specs.yaml import yaml_value

_BUDGET = re.compile(r"(?:(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>m|min|h)|(?P<steps>[0-9]+)steps?)")


def named_values(pairs: Sequence[str], option: str, form: str) -> dict[str, str]:
    """Read ``NAME=TEXT`` pairs.

    Raises:
        UsageError: one is not of that form, or a name stands twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals and value):
            raise UsageError(f"{option} {quoted(pair)} is not {form}", hint=f"{option} {form}")
        if key in found:
            raise UsageError(f"{option} {quoted(pair)}: {key} is given twice", hint="give each once")
        found[key] = value
    return found


def nested_values(pairs: Sequence[str], option: str = "--with") -> dict[str, Any]:
    """Read ``KEY=VALUE`` pairs whose keys may be dotted and whose values are YAML; ``option`` is what they were given by.

    >>> nested_values(["loss.l2=0.5", "loss.r1=1", "sizes=[4, 8]"])
    {'loss': {'l2': 0.5, 'r1': 1}, 'sizes': [4, 8]}

    Raises:
        UsageError: one is not of that form, or two speak of the same key.
        SpecError: a value is not YAML.
    """
    found: dict[str, Any] = {}
    for key, text in named_values(pairs, option, "KEY=VALUE").items():
        *outer, last = key.split(".")
        place = found
        for part in outer:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                break
        if not isinstance(place, dict) or last in place or not all((*outer, last)):
            raise UsageError(f"{option} {quoted(key)}: the key is empty or another one speaks of it", hint="give each key once")
        place[last] = yaml_value(text)
    return found


def budget_of(words: Sequence[str], others: dict[str, Any]) -> dict[str, Any]:
    """Read budgets: minutes, hours or steps.

    >>> budget_of(["2h", "500steps"], {})
    {'minutes': 120.0, 'steps': 500}

    Raises:
        UsageError: one is something else, or two of a kind are given, ``others`` among them.
    """
    found: dict[str, Any] = {}
    for word in words:
        match = _BUDGET.fullmatch(word)
        if match is None:
            raise UsageError(f"--budget {quoted(word)} is no budget", hint="write 30m, 2h or 500steps")
        key = "steps" if match["steps"] else "minutes"
        if key in found or key in others:
            raise UsageError(
                f"--budget {quoted(word)}: {key} are given twice", hint="give one in time and one in steps at most"
            )
        found[key] = int(match["steps"]) if match["steps"] else float(match["number"]) * (60 if match["unit"] == "h" else 1)
    return found
