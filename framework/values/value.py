"""The base of what flows between steps: checked against the shapes that it declares, stored without code of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, model_validator

from ...specs.errors import PromiseBroken


def read_only(value: Any) -> NDArray[Any]:
    """Give a view that nobody can write through: values are shared by all steps that are wired to them."""
    view = np.asarray(value).view()
    view.flags.writeable = False
    return view


Array = Annotated[
    NDArray[Any],
    BeforeValidator(read_only),
    PlainSerializer(lambda value: value.tolist(), when_used="json"),
]
Arrays = dict[str, NDArray[Any]]
_KINDS = {"float": "f", "int": "iu", "bool": "b", "uint8": "u"}


@dataclass(frozen=True)
class Axes:
    """What a field of a value promises; written as ``Annotated[Array, Axes("images", "dimensions", nan=True)]``.

    Axes of one name have one length within a value, and in the values inside it; a number stands for that length. Other
    fields that have a length (tuples) may name one axis.

    Args:
        names: the axes, outermost first.
        kind: of number; any integer is an ``int``, any floating-point number a ``float``.
        nan: whether NaN may stand in it, for "does not apply". Infinity never may.
        least: no number is below it.
        most: no number is above it.
    """

    names: tuple[str | int, ...]
    kind: Literal["float", "int", "bool", "uint8"]
    nan: bool
    least: float | None
    most: float | None

    def __init__(
        self, *names: str | int, kind: Literal["float", "int", "bool", "uint8"] = "float", nan: bool = False,
        least: float | None = None, most: float | None = None,
    ) -> None:  # fmt: skip
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "nan", nan)
        object.__setattr__(self, "least", least)
        object.__setattr__(self, "most", most)

    def problem(self, found: Any, sizes: dict[str, int]) -> str | None:
        """Say how ``found`` differs from the promise, if it does; axes not yet in ``sizes`` are added to it."""
        shape = found.shape if isinstance(found, np.ndarray) else (len(found),)
        if len(shape) != len(self.names):
            return f"shape {shape} came, {self._said(sizes)} was promised"
        wanted = [name if isinstance(name, int) else sizes.setdefault(name, have) for name, have in self._pairs(shape)]
        if list(shape) != wanted:
            return f"shape {shape} came, {self._said(sizes)} was promised"
        return self._wrong_numbers(found) if isinstance(found, np.ndarray) else None

    def _wrong_numbers(self, found: NDArray[Any]) -> str | None:
        if found.dtype.kind not in _KINDS[self.kind] or (self.kind == "uint8" and found.dtype != np.uint8):
            return f"{found.dtype} came, {self.kind} was promised"
        if found.size == 0 or self.kind == "bool":
            return None
        if self.kind == "float" and np.isinf(found).any():
            return "an infinite number came, none was promised"
        if self.kind == "float" and not self.nan and np.isnan(found).any():
            return "NaN came, numbers were promised everywhere"
        return self._beyond(found)

    def _beyond(self, found: NDArray[Any]) -> str | None:
        if self.least is None and self.most is None:
            return None
        with np.errstate(invalid="ignore"):
            wrong = found[
                (found < (-np.inf if self.least is None else self.least))
                | (found > (np.inf if self.most is None else self.most))
            ]
        ends = f"{'' if self.least is None else f'{self.least:g}'}..{'' if self.most is None else f'{self.most:g}'}"
        return f"{wrong.flat[0]:g} came, numbers in {ends} were promised" if wrong.size else None

    def _pairs(self, shape: tuple[int, ...]) -> Iterator[tuple[str | int, int]]:
        return zip(self.names, shape, strict=True)

    def _said(self, sizes: Mapping[str, int]) -> str:
        parts = [f"{name} = {sizes[name]}" if isinstance(name, str) and name in sizes else str(name) for name in self.names]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


class Value(BaseModel):
    """The base of everything a step gives, and of its parts. Fields may be arrays, and values.

    Raises:
        PromiseBroken: a field is not what its :class:`Axes` promise; the field, what came and what was promised are named.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def lengths(self) -> dict[str, int]:
        """Give the lengths of axes that follow from other fields."""
        return {}

    @model_validator(mode="after")
    def _checked(self) -> Self:
        self.check()
        return self

    def check(self, sizes: Mapping[str, int] | None = None, within: str = "") -> None:
        """Hold every field against its promise; ``sizes`` are lengths of axes known outside, ``within`` names where it lies.

        Raises:
            PromiseBroken: see :class:`Value`.
        """
        known = {**(sizes or {}), **self.lengths()}
        within = within or type(self).__name__
        for name, axes in promises(type(self)).items():
            found = getattr(self, name)
            if found is not None and (problem := axes.problem(found, known)):
                raise PromiseBroken(f"{within}.{name}: {problem}", hint="see the fields of the value's class")
        for name in type(self).model_fields:
            if isinstance(inner := getattr(self, name), Value):
                inner.check(known, f"{within}.{name}")

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        """Take the value apart: plain JSON data, and arrays by field, those of inner values by dotted names."""
        data, arrays = {}, {}
        own = {name: getattr(self, name) for name in type(self).model_fields}
        for name, value in own.items():
            if isinstance(value, np.ndarray):
                arrays[name] = value
            elif isinstance(value, Value):
                data[name], inner = value.parts()
                arrays |= {f"{name}.{key}": array for key, array in inner.items()}
        plain = {name for name, value in own.items() if not isinstance(value, (np.ndarray, Value))}
        return self.model_dump(mode="json", include=plain) | data, arrays

    @classmethod
    def join(cls, data: dict[str, Any], arrays: Arrays) -> Self:
        """Put a value together from its :meth:`parts`."""
        whole: dict[str, Any] = {**data}
        for name, array in arrays.items():
            *outer, last = name.split(".")
            place = whole
            for part in outer:
                place[part] = dict(place[part])
                place = place[part]
            place[last] = array
        return cls.model_validate(whole)

    def digest(self) -> str:
        """Give the sha256 of the value: the same content, the same digest."""
        data, arrays = self.parts()
        total = hashlib.sha256(json.dumps(data, sort_keys=True).encode())
        for name in sorted(arrays):
            array = np.ascontiguousarray(arrays[name])
            total.update(f"{name}{array.dtype.str}{array.shape}".encode())
            total.update(array.tobytes())
        return total.hexdigest()


@cache
def promises(kind: type[Value]) -> Mapping[str, Axes]:
    """Give what the fields of a class of values promise, by field."""
    found = {name: [one for one in field.metadata if isinstance(one, Axes)] for name, field in kind.model_fields.items()}
    return {name: axes[0] for name, axes in found.items() if axes}
