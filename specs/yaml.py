"""YAML files into specs: plain data only, and every problem with its place."""

from __future__ import annotations

import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from .errors import SpecError, quoted
from .nearest import nearest

MOST_BYTES = 1024 * 1024
MOST_VALUES = 100_000
"""Values in a file with its aliases written out; far above any spec, far below an alias bomb."""

Model = TypeVar("Model", bound=BaseModel)
_PLAIN = ("null", "bool", "int", "float", "str", "seq", "map")


class _Refusal(yaml.MarkedYAMLError):
    """Something valid in YAML that a spec may not hold."""

    def __init__(self, problem: str, node: yaml.Node) -> None:
        super().__init__(problem=problem, problem_mark=node.start_mark)


class _Loader(yaml.SafeLoader):
    """Reads what JSON could hold: no dates, bytes or sets; each key once and as text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.tag != "tag:yaml.org,2002:str":
                raise _Refusal("a key is not text; put it in quotes", key)
            if key.value in seen:
                raise _Refusal(f"key {quoted(key.value)} stands twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_constructors = {
    tag: constructor
    for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in _PLAIN
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a file as a mapping of plain data; an empty file is an empty mapping.

    Raises:
        SpecError: it cannot be read, is over 1 MiB, is not YAML, repeats a key, holds anything that
            JSON could not hold, or its aliases multiply without measure; with ``path:line``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SpecError(str(path), [f"cannot be read: {error.strerror}"], hint="give the path of a YAML file") from None
    if len(data) > MOST_BYTES:
        raise SpecError(
            str(path), [f"is over {MOST_BYTES // 1024} KiB"], hint="a spec is a short text; is this the right file?"
        )
    try:
        content = _construct(data)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise SpecError(where, [error.problem or "not YAML"]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise SpecError(str(path), [f"not YAML: {str(error).splitlines()[0]}"]) from None
    except RecursionError:
        raise SpecError(str(path), ["is nested too deeply"]) from None
    if not isinstance(content, dict):
        raise SpecError(f"{path}:1", [f"expected keys and values, found {quoted(content)}"])
    return content


def yaml_value(text: str) -> Any:
    """Read one value as it may stand in a file; nothing at all is an empty text.

    >>> yaml_value("[1, 2]"), yaml_value("on the line")
    ([1, 2], 'on the line')

    Raises:
        SpecError: it is not YAML, or nothing that JSON could hold.
    """
    if not text.strip():
        return text
    try:
        return _construct(text.encode("utf-8", "backslashreplace"))
    except yaml.MarkedYAMLError as error:
        raise SpecError(quoted(text), [error.problem or "not YAML"]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise SpecError(quoted(text), [f"not YAML: {str(error).splitlines()[0]}"]) from None
    except RecursionError:
        raise SpecError(quoted(text), ["is nested too deeply"]) from None


def _construct(data: bytes) -> Any:
    loader = _Loader(data)
    try:
        node = loader.get_single_node()
        if node is None:
            return {}
        if _size(node, {}) > MOST_VALUES:
            raise _Refusal(f"holds over {MOST_VALUES} values once its aliases are written out", node)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[int, int | None]) -> int:
    """Count the values below ``node`` with aliases written out; ``known`` holds ``None`` while a node is being counted."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) in known:
        size = known[id(node)]
        if size is None:
            raise _Refusal("an alias holds itself", node)
        return size
    known[id(node)] = None
    below = (part for entry in node.value for part in (entry if isinstance(entry, tuple) else (entry,)))
    total = 1 + sum(_size(part, known) for part in below)
    known[id(node)] = total
    return total


def parse_model(model: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Make ``model`` of plain data.

    Raises:
        SpecError: with every problem, each with its dotted path below ``where``; for an unknown key
            with the nearest valid one.
    """
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        problems = problems_of(error, model)
    raise SpecError(where, problems)


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Put what pydantic found wrong with data for ``model`` in our words, one line a problem, each with its dotted path."""
    return [_problem(model, one) for one in error.errors(include_url=False)]


def _problem(model: type[BaseModel], error: Any) -> str:
    loc: tuple[int | str, ...] = error["loc"]
    path = _dotted(loc) or "the whole"
    if error["type"] == "extra_forbidden":
        return f"{path}: unknown key; {nearest(str(loc[-1]), _keys_at(model, loc[:-1]))}"
    said = str(error["msg"]).removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    if error["type"] == "missing" or isinstance(error["input"], dict):
        return f"{path}: {said}"
    return f"{path}: {said}, found {quoted(error['input'])}"


def _dotted(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


def _keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    """Give the keys that are valid at ``loc`` below ``model``."""
    place: Any = model
    for part in loc:
        place = _step(place, part)
    models = [m for m in _alternatives(place) if isinstance(m, type) and issubclass(m, BaseModel)]
    return {field.alias or name for m in models for name, field in m.model_fields.items()}


def _step(place: Any, part: int | str) -> Any:
    for kind in _alternatives(place):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found = [f for name, f in kind.model_fields.items() if part in (name, f.alias)]
            if found:
                return found[0].annotation
        elif get_origin(kind) in (dict, Mapping) or get_origin(kind) in (list, tuple, frozenset, set):
            inside = [a for a in get_args(kind) if a is not Ellipsis]
            return inside[-1]
    return None


def _alternatives(place: Any) -> tuple[Any, ...]:
    if hasattr(place, "__metadata__"):
        return _alternatives(place.__origin__)
    if isinstance(place, types.UnionType) or str(get_origin(place)) == "typing.Union":
        return tuple(kind for arg in get_args(place) for kind in _alternatives(arg))
    return (place,)
