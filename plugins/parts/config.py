"""Sites as pydantic specs, and the options of a source ``parts:SITE?…``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, create_model, model_validator

from ... import Spec
from .factors import DEFECTS, FACTORS, FAMILIES, REACH, Factor

Family = Literal["bracket", "washer", "gear", "flange", "connector", "link", "plate"]
Defect = Literal["scratch", "dent", "stain", "burr", "missing-hole", "crack"]


class Spread(Spec):
    """How one factor is distributed over parts or images: normal, cut at 2.6 spreads, in the factor's unit."""

    mean: float = Field(allow_inf_nan=False)
    spread: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="standard deviation")


class PartsSite(Spec):
    """One site: how its parts, its light and its camera are distributed.

    Raises a validation error that names the field: a value could leave the bounds of its factor, a factor is
    unknown or missing, or no family of parts is made.
    """

    site: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)
    story: str = Field(default="", description="what is special there, for people")
    ground: Literal["belt", "tray", "mat"] = "belt"
    families: dict[Family, float] = Field(description="weight of each family of parts")
    brushed: float = Field(default=0.6, ge=0, le=1, description="share of parts that are brushed; the others are cast")
    defects: dict[Defect, float] = Field(default={}, description="share of parts with each defect, 0 to 1")
    factors: dict[str, Spread]

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_means(cls, data: Any) -> Any:
        """Let a lone number stand for a mean, and ``[mean, spread]`` for both."""
        if not isinstance(data, dict) or not isinstance(data.get("factors"), dict):
            return data
        return {**data, "factors": {name: _as_spread(value) for name, value in data["factors"].items()}}

    @model_validator(mode="after")
    def _is_possible(self) -> PartsSite:
        problems = [*_missing_or_unknown(self.factors), *_shares(self.families, self.defects)]
        problems += [_out_of_bounds(FACTORS[name], value) for name, value in self.factors.items() if name in FACTORS]
        said = [problem for problem in problems if problem]
        if said:
            raise ValueError("; ".join(said))
        return self


def _as_spread(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"mean": value}
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return {"mean": value[0], "spread": value[1]}
    return value


def _missing_or_unknown(factors: dict[str, Spread]) -> list[str]:
    unknown = [f"factors.{name}: no such factor; there are {', '.join(FACTORS)}" for name in factors if name not in FACTORS]
    return unknown + [f"factors.{name}: missing" for name in FACTORS if name not in factors]


def _shares(families: dict[Family, float], defects: dict[Defect, float]) -> list[str]:
    problems = [f"families.{name}: a weight is not negative, found {w}" for name, w in families.items() if not w >= 0]
    if not problems and not 0 < sum(families.values()) < float("inf"):
        problems.append("families: no family has a weight above 0")
    problems += [f"defects.{name}: a share is 0 to 1, found {r}" for name, r in defects.items() if not 0 <= r <= 1]
    return problems


def _out_of_bounds(factor: Factor, value: Spread) -> str:
    unit = f" {factor.unit}" if factor.unit else ""
    if not factor.least <= value.mean <= factor.most:
        return f"factors.{factor.id}: {value.mean:g}{unit} is outside of {factor.least:g} to {factor.most:g}{unit}"
    room = min(value.mean - factor.least, factor.most - value.mean)
    if value.spread * REACH > room + 1e-9:
        return (
            f"factors.{factor.id}: with a spread of {value.spread:g}{unit} around {value.mean:g}{unit} draws leave "
            f"{factor.least:g} to {factor.most:g}{unit}; at most {room / REACH:.3g}{unit} fits"
        )
    return ""


class PartsOptions(Spec):
    """How many images of a site, of which parts, in which size."""

    n: int = Field(default=200, ge=1, le=1_000_000, description="images")
    seed: int = Field(default=0, ge=0, lt=2**32, description="names the parts: equal seeds are the same parts at every site")
    size: int = Field(default=128, ge=64, le=512, description="width and height in pixels")
    views: int = Field(default=1, ge=1, le=1000, description="images of each part in a row; they form a group")
    like: str = Field(default="", description="site whose parts and poses are taken, so that only light and camera differ")


def _change(about: str, alias: str | None = None) -> Any:
    return (str, Field(default="", alias=alias, description=f"{about} (5 or =-5: new value; +5, -5, *1.2, +1sd: change)"))


_FIELDS: dict[str, Any] = {
    **{f.id: _change(f"mean{f' in {f.unit}' if f.unit else ''}: {f.about}") for f in FACTORS.values()},
    **{f"{f.id}_spread": _change(f"spread of {f.id}", f"{f.id}.spread") for f in FACTORS.values()},
    "brushed": _change("share of brushed parts"),
    **{f"family_{name}": _change(f"weight of the family {name}", f"families.{name}") for name in FAMILIES},
    **{f"defect_{name.replace('-', '_')}": _change(f"share of parts with {name}", f"defects.{name}") for name in DEFECTS},
}
SourceOptions: type[PartsOptions] = create_model("SourceOptions", __base__=PartsOptions, **_FIELDS)
"""Options of a source: those of :class:`PartsOptions`, and a change of anything that a site says."""


def changes_of(options: PartsOptions) -> dict[str, str]:
    """Give the changes that ``options`` ask for: dotted name (``exposure``, ``exposure.spread``, ``defects.crack``) → text."""
    found = {}
    for name, field in type(options).model_fields.items():
        if name not in PartsOptions.model_fields and (text := getattr(options, name)):
            found[field.alias or name] = text
    return found
