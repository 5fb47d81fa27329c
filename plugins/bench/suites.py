"""Suites by name: the built-in YAML files, or a file of the user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ... import SpecError, UnknownName
from ...plugin import merged, nearest, parse_model, quoted, read_yaml
from .config import BenchSpec

_FOLDER = Path(__file__).parent
PARTS = ("null", "planted", "paired", "content")


def suite_names() -> list[str]:
    """Give the names of the built-in suites.

    >>> suite_names()
    ['content', 'null', 'paired', 'planted', 'standard']
    """
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def suite(name: str, *, quick: bool = False) -> BenchSpec:
    """Read a suite by its name, or by the path of its file, with its smaller numbers where ``quick``.

    Raises:
        UnknownName: there is no such suite.
        SpecError: it does not hold; every problem is named with its field.
    """
    data, where = _data(name, ())
    smaller = data.pop("quick", {})
    if not isinstance(smaller, Mapping):
        raise SpecError(where, [f"quick: expected keys and values, found {quoted(smaller)}"])
    return parse_model(BenchSpec, merged(data, smaller) if quick else data, where)


def _data(name: str, above: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    path = Path(name) if name.endswith((".yaml", ".yml")) else _FOLDER / f"{name}.yaml"
    where = name if path == Path(name) else f"suite {name}"
    if path != Path(name) and name not in suite_names():
        raise UnknownName(f"no suite {quoted(name)}", hint=f"{nearest(name, suite_names())} or give the path of a YAML file")
    if name in above:
        raise SpecError(where, [f"include: {' includes '.join((*above, name))}"])
    data = read_yaml(path)
    included = data.pop("include", [])
    if not isinstance(included, list) or not all(isinstance(one, str) for one in included):
        raise SpecError(where, [f"include: expected a list of names of suites, found {quoted(included)}"])
    below: dict[str, Any] = {}
    for other in included:
        below = merged(below, _data(other, (*above, name))[0])
    return merged(below, data), where
