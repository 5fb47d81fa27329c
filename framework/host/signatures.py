"""Which ports a component names, and which of them it cannot do without, read without importing its module."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType

from ..contract.ports import CLASS_OF_ROLE
from .host import Offer


def required_ports(offer: Offer) -> Mapping[str, bool] | None:
    """Give the parameters of a component's method, and whether each must be given: it has no default, and may not be ``None``.

    The source is read, not run, unless the module is imported already. Nothing is given where the source does not tell: then
    the run finds out.
    """
    module, _, name = offer.card.target.partition(":")
    method = CLASS_OF_ROLE[offer.role].method
    if module in sys.modules:
        return _of_class(getattr(sys.modules[module], name, None), method)
    return _of_source(module, name, method)


def _of_class(kind: object, method: str) -> Mapping[str, bool] | None:
    try:
        parameters = list(inspect.signature(getattr(kind, method)).parameters.values())[1:]
    except (AttributeError, TypeError, ValueError):
        return None
    if not isinstance(inspect.getattr_static(kind, method), FunctionType):
        return None
    if any(one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL, one.POSITIONAL_ONLY) for one in parameters):
        return None
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    return {one.name: one.default is one.empty and "None" not in str(one.annotation) for one in named}


@cache
def _of_source(module: str, name: str, method: str) -> Mapping[str, bool] | None:
    try:
        spec = find_spec(module)
        tree = ast.parse(Path(str(spec.origin)).read_text(encoding="utf-8")) if spec and spec.origin else None
    except (ImportError, OSError, SyntaxError, ValueError, AttributeError):
        return None
    body = tree.body if tree else []
    kind = next((node for node in body if isinstance(node, ast.ClassDef) and node.name == name), None)
    found = (
        next((node for node in kind.body if isinstance(node, ast.FunctionDef) and node.name == method), None) if kind else None
    )
    if found is None or found.decorator_list or found.args.kwarg or found.args.vararg or found.args.posonlyargs:
        return None
    return _of_function(found.args)


def _of_function(arguments: ast.arguments) -> Mapping[str, bool]:
    positional = [*arguments.posonlyargs, *arguments.args][1:]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    pairs = [*zip(positional, defaults, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return {one.arg: default is None and not _may_be_none(one.annotation) for one, default in pairs}


def _may_be_none(annotation: ast.expr | None) -> bool:
    return annotation is None or "None" in ast.unparse(annotation) or "Optional" in ast.unparse(annotation)
