"""The options that every fitter has: its budget, and how often it saves, notes and shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from ...specs.base import Spec
from ...specs.merged import merged

BUDGET = ("minutes", "steps")
_PACE = (*BUDGET, "save_minutes", "note_steps", "preview_minutes")


class FitConfig(Spec):
    """The base of every fitter's config.

    A subclass may have a field ``preset`` and fill ``presets``: values by preset, which hold where nothing else is given. The
    budget is one statement: whoever gives ``minutes`` or ``steps`` replaces both of the preset's or the class's.

    >>> FitConfig(batch=8, steps=100).minutes is None
    True
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    minutes: float | None = Field(
        default=60, gt=0, allow_inf_nan=False, description="budget in minutes, over all sessions of this training"
    )
    steps: int | None = Field(default=None, gt=0, description="budget in steps; where both are given, the first reached ends")
    batch: int = Field(default=8, ge=1, le=65_536, description="images a step")
    save_minutes: float = Field(default=5, gt=0, allow_inf_nan=False, description="minutes between checkpoints")
    note_steps: int = Field(default=20, ge=1, le=100_000, description="steps that one line of metrics is the mean of")
    preview_minutes: float = Field(default=5, gt=0, allow_inf_nan=False, description="minutes between previews")
    precision: Literal["no", "fp16", "bf16"] = Field(default="no", description="mixed precision, where the device has it")

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        given = {key: value for key, value in data.items() if key not in BUDGET or value is not None}
        field = cls.model_fields.get("preset")
        preset = given.get("preset", field.default if field else None)
        below: Mapping[str, Any] = cls.presets.get(preset, {}) if isinstance(preset, str) else {}
        for said in (below, given):
            if any(key in said for key in BUDGET):
                below = {**below, **dict.fromkeys(BUDGET), **{key: said[key] for key in BUDGET if key in said}}
        return merged(below, given)

    @model_validator(mode="after")
    def _ends(self) -> FitConfig:
        if self.minutes is None and self.steps is None:
            raise ValueError("minutes or steps: a training needs a budget")
        return self

    def identity(self) -> dict[str, Any]:
        """Say what the weights depend on: everything but the budget and the pace of saving and showing."""
        return self.model_dump(mode="json", exclude=set(_PACE))
