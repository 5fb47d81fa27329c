"""The ports of a role, read off the signature of its one method."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ...specs.errors import ComponentFailed
from ..values.images import ImageSet
from . import steps
from .around import Fitter
from .cards import Role
from .component import Component

CLASS_OF_ROLE: Mapping[Role, type[Component]] = {
    "encoder": steps.Encoder,
    "latent-scorer": steps.LatentScorer,
    "attention-explainer": steps.AttentionExplainer,
    "keypoint-finder": steps.KeypointFinder,
    "traverser": steps.Traverser,
    "compensator": steps.Compensator,
    "translator": steps.Translator,
    "editor": steps.Editor,
}
"""The roles that may be steps of a pipeline. Fitters make backbones before a pipeline runs."""
EACH_ALONE: frozenset[Role] = frozenset({"encoder", "translator"})
"""Roles whose components always work image by image; those of others say so on their card."""


@dataclass(frozen=True)
class Port:
    """One input of a role: the type of its value, and whether it may be left out."""

    type: type
    optional: bool


@dataclass(frozen=True)
class Ports:
    """The inputs of a role by name, and the type of what it gives."""

    inputs: Mapping[str, Port]
    output: type


@cache
def ports_of(role: Role) -> Ports:
    """Give the ports of a role.

    >>> sorted(ports_of("latent-scorer").inputs)
    ['reference', 'target']
    """
    kind = CLASS_OF_ROLE[role]
    method = getattr(kind, kind.method)
    hints = get_type_hints(method)
    names = [name for name in inspect.signature(method).parameters if name != "self"]
    return Ports({name: _port(hints[name]) for name in names}, hints["return"])


def method_of(component: Component, role: Role) -> Any:
    """Give the one method of a component's role."""
    return getattr(component, CLASS_OF_ROLE[role].method)


def ports_of_fitter(kind: type[Fitter], whose: str) -> Mapping[str, Port]:
    """Give the ports that a fitter names itself: the parameters of its own ``fit``.

    Args:
        kind: the class of the fitter.
        whose: what to call it in messages.

    Raises:
        ComponentFailed: a parameter is no :class:`ImageSet` that could be given by name.
    """
    method = getattr(kind, "fit", None)
    try:
        hints = get_type_hints(method)
        parameters = [p for p in inspect.signature(method).parameters.values() if p.name != "self"]  # type: ignore[arg-type]
    except (TypeError, NameError) as error:
        raise ComponentFailed(
            f"{whose}: its fit cannot be read: {error}", hint="import ImageSet where fit is defined"
        ) from None
    found = {p.name: _port(hints.get(p.name)) for p in parameters}
    for parameter in parameters:
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if not named or found[parameter.name].type is not ImageSet:
            raise ComponentFailed(
                f"{whose}: {parameter.name!r} of its fit is no ImageSet", hint="give every parameter that type and a name"
            )
    return found


def _port(hint: Any) -> Port:
    if get_origin(hint) not in (Union, UnionType):
        return Port(hint, optional=False)
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    return Port(kinds[0], optional=True)
