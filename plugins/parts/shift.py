"""Planted shifts: a site with one or more of its factors changed by a stated amount."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from ... import Spec, UsageError
from ...plugin import quoted
from .config import PartsSite
from .factors import DEFECTS, FACTORS, FAMILIES

_AMOUNT = re.compile(r"^(=|\+|\*|-)?(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|-?\.\d+)(sd)?$")
_WAYS: dict[str, Literal["to", "by", "times"]] = {"": "to", "=": "to", "+": "by", "-": "by", "*": "times"}


class Shift(Spec):
    """One planted change. ``of`` is a factor, ``FACTOR.spread``, ``brushed``, ``families.NAME`` or ``defects.NAME``.

    ``way`` sets a value (``to``), adds (``by``) or scales (``times``); ``unit`` ``sd`` counts in
    standard deviations of the factor at that site.
    """

    of: str
    amount: float = Field(allow_inf_nan=False)
    way: Literal["to", "by", "times"] = "by"
    unit: Literal["own", "sd"] = "own"

    @classmethod
    def parse(cls, of: str, text: str) -> Shift:
        """Read a change as people write it: ``3200``, ``+300``, ``-300``, ``*1.2``, ``+1sd``, ``=-5``.

        A blank in front is a ``+`` that a query string has eaten.

        >>> Shift.parse("lamp_temperature", "+300").amount
        300.0
        >>> Shift.parse("rotation", "=-5").way
        'to'

        Raises:
            UsageError: it cannot be read so.
        """
        match = _AMOUNT.match("+" + text[1:] if text.startswith(" ") else text)
        if match is None or (match[3] and match[1] not in ("+", "-")) or (match[1] in ("+", "-") and match[2][0] == "-"):
            raise UsageError(
                f"{of}: {quoted(text)} is no change", hint="write 5 or =-5 (new value), +5, -5, *1.2, or +1sd (its own spread)"
            )
        amount = float(match[2]) * (-1 if match[1] == "-" else 1)
        return cls(of=of, amount=amount, way=_WAYS[match[1] or ""], unit="sd" if match[3] else "own")


def shifted(site: PartsSite, shifts: list[Shift] | tuple[Shift, ...]) -> PartsSite:
    """Give ``site`` with all ``shifts``.

    Raises:
        UsageError: an unknown factor, the same one twice, or one in spreads where there is no spread; a shift that
            would show nothing (the way of brushing where nothing is brushed), or makes the site impossible.
            The message names the field.
    """
    data = site.model_dump()
    seen: set[str] = set()
    for shift in shifts:
        if shift.of in seen:
            raise UsageError(f"{shift.of}: is shifted twice", hint="add the two amounts up, or drop one of them")
        seen.add(shift.of)
        _apply(data, site, shift)
    try:
        made = PartsSite.model_validate(data)
    except ValidationError as error:
        said = "; ".join(_said(one) for one in error.errors(include_url=False))
        raise UsageError(f"site {site.site!r} cannot be shifted so: {said}", hint="shift it by less") from None
    for shift in shifts:
        _check_it_shows(made, shift)
    return made


def _apply(data: dict[str, Any], site: PartsSite, shift: Shift) -> None:
    name, _, part = shift.of.partition(".")
    if name in FACTORS and part in ("", "spread"):
        own = site.factors[name]
        key = part or "mean"
        old = getattr(own, key)
        data["factors"][name][key] = _changed(old, shift, own.spread)
    elif shift.of == "brushed":
        data["brushed"] = _changed(site.brushed, shift, 0.0)
    elif (name == "families" and part in FAMILIES) or (name == "defects" and part in DEFECTS):
        table: dict[str, float] = data[name]
        table[part] = _changed(table.get(part, 0.0), shift, 0.0)
    else:
        known = ", ".join([*FACTORS, "brushed", "FACTOR.spread", "families.NAME", "defects.NAME"])
        raise UsageError(f"{quoted(shift.of)}: no such factor", hint=f"known: {known}")


def _changed(old: float, shift: Shift, spread: float) -> float:
    if shift.unit == "sd":
        if spread == 0:
            raise UsageError(
                f"{shift.of}: has no spread at this site, so {shift.amount:+g}sd is nothing", hint="say it in units"
            )
        return old + shift.amount * spread
    if shift.way == "to":
        return shift.amount
    return old + shift.amount if shift.way == "by" else old * shift.amount


def _check_it_shows(site: PartsSite, shift: Shift) -> None:
    needs = FACTORS[shift.of.partition(".")[0]].idle_without if shift.of.partition(".")[0] in FACTORS else None
    if needs is None:
        return
    there: Mapping[str, float] = {
        "brushed": site.brushed,
        "defects": sum(site.defects.values()),
        "fill_power": site.factors["fill_power"].mean,
    }
    if there[needs] == 0:
        raise UsageError(f"{shift.of}: shows nothing at site {site.site!r}, whose {needs} is 0", hint=f"raise {needs} as well")


def _said(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {message}" if place else message
