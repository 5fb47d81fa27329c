"""Scores by the names of their fields, whatever part they belong to."""

from __future__ import annotations

from typing import Any

from shiftlens.plugin import AttributeScores, Causes, Effects, JointTest, SelfTest, Significance

PARTS = {"effects": Effects, "significance": Significance, "causes": Causes, "joint": JointTest, "self_test": SelfTest}
SHORT = {"effect": "size", "effect_low": "low", "effect_high": "high", "left": "remaining", "left_p": "remaining_p"}
SHORT |= {"separation_p": "p", "self_splits": "splits", "self_alarms": "alarms"}


def _by_part(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    inside: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    outside = {}
    for name, value in fields.items():
        own = SHORT.get(name, name)
        part = next((part for part, kind in PARTS.items() if own in kind.model_fields), None)
        if part is None:
            outside[name] = value
        else:
            inside[part][own] = value
    return outside, inside


def scores_with(fields: dict[str, Any]) -> AttributeScores:
    """Make scores of all their fields."""
    outside, inside = _by_part(fields)
    return AttributeScores(**outside, **{part: kind(**inside[part]) for part, kind in PARTS.items()})


def changed(scores: AttributeScores, **fields: Any) -> AttributeScores:
    """Give scores with some fields changed."""
    outside, inside = _by_part(fields)
    parts = {part: getattr(scores, part).model_copy(update=own) for part, own in inside.items() if own}
    return scores.model_copy(update=outside | parts)
