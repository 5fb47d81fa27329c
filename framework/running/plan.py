"""A plan: a pipeline whose every name is resolved and every default filled, ready to run."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr, TypeAdapter

from ...specs.backbone import BackboneSpec
from ...specs.pipeline import PipelineSpec
from ..host.host import Offer


@dataclass(frozen=True)
class PlannedStep:
    """One step: what runs, with which config and weights, fed by what (port -> input or step).

    ``backbones`` are by slot, in the order of the card's needs; ``chosen`` is the name or path of the first, or
    of those that the pipeline names by slot. ``families`` name the code that runs the weights, where it is not that which
    every release of shiftlens had.
    """

    name: str
    offer: Offer
    config: BaseModel
    inputs: Mapping[str, str]
    backbones: Mapping[str, BackboneSpec]
    chosen: str | Mapping[str, str] | None = None
    families: tuple[str, ...] = ()

    def identity(self, digests: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Say what fixes the step's results besides its inputs and seed; ``digests`` are those of its backbones, by slot."""
        weights: Mapping[str, Any] = digests or {slot: one.model_dump(mode="json") for slot, one in self.backbones.items()}
        families = {"families": list(self.families)} if self.families else {}
        return {
            "component": self.offer.card.id,
            "version": self.offer.card.version,
            "distribution": self.offer.distribution,
            "config": canonical(self.config),
            "backbone": dict(weights) if len(weights) > 1 else next(iter(weights.values()), None),
            **families,
        }

    def space_key(self, digests: Mapping[str, str] | None = None) -> str:
        """Name the space of what an encoder gives: equal keys, comparable numbers."""
        return digest_of(self.identity(digests))


@dataclass(frozen=True)
class Plan:
    """All steps, each after those that feed it."""

    spec: PipelineSpec
    steps: tuple[PlannedStep, ...]

    def filled(self) -> dict[str, Any]:
        """Give the spec with every default filled and every id pinned, as it goes into ``run.json``."""
        steps = {
            step.name: {
                "use": f"{step.offer.card.id}@{step.offer.card.version}",
                "inputs": dict(step.inputs),
                "with": step.config.model_dump(mode="json"),
                **({"backbone": step.chosen} if step.chosen else {}),
            }
            for step in self.steps
        }
        return self.spec.model_dump(mode="json", by_alias=True) | {"steps": steps}


def canonical(value: Any) -> Any:
    """Give options as JSON data that is equal for equal options alone.

    Sets stand in order, secrets as their digest, infinity and NaN by name; nothing is left out.

    >>> from ..contract.cards import Need
    >>> canonical(Need(slot="s", protocol="p"))
    {'slot': 's', 'protocol': 'p', 'default': None}
    """
    if isinstance(value, BaseModel):
        said = value.model_dump(mode="json")
        own = {name: getattr(value, name) for name in type(value).model_fields}
        odd = {name: one for name, one in own.items() if name not in said or _is_odd(one)}
        return said | {name: canonical(one) for name, one in odd.items()}
    if isinstance(value, (SecretStr, SecretBytes)):
        return hashlib.sha256(repr(value.get_secret_value()).encode()).hexdigest()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted((canonical(one) for one in value), key=str)
    if isinstance(value, Mapping):
        return {str(key): canonical(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(one) for one in value]
    return TypeAdapter(Any).dump_python(value, mode="json")


def _is_odd(value: Any) -> bool:
    """Say whether what pydantic writes of a value may be unequal for equal ones, or equal for unequal ones."""
    if isinstance(value, BaseModel):
        return any(_is_odd(getattr(value, name)) or field.exclude for name, field in type(value).model_fields.items())
    if isinstance(value, Mapping):
        return any(map(_is_odd, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_is_odd, value))
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, (set, frozenset, SecretStr, SecretBytes))


def digest_of(data: Any) -> str:
    """Give the sha256 of JSON data, whatever the order of its keys.

    >>> digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
