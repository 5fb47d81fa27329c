"""The report of a run, from what its steps gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...specs.base import Text
from ...specs.report import Attribute, Report
from ..running.outcome import RunOutcome
from .attributes import attributes_of
from .heat import map_groups
from .notices import input_reports, set_aside, warnings
from .sides import attribute_ids, comparisons
from .spaces import space_report, tests_of
from .verdict import verdict

PASSING = frozenset({"started", "finished", "device"})
"""Keys of a manifest that change from run to run, or with the machine, while every number stays the same."""
PASSING_IN_STEP = frozenset({"seconds", "reused"})


def assemble(outcome: RunOutcome, *, sections: Mapping[str, Any], notices: Sequence[Text]) -> Report:
    """Put the report of a finished run together; the same values give the same report.

    Args:
        outcome: the finished run.
        sections: data of plugins' sections by id.
        notices: more warnings, of sections that could not be shown.
    """
    compared = comparisons(outcome)
    tests = tests_of(compared)
    ids = attribute_ids(compared)
    attributes: list[Attribute] = []
    for comparison in compared:
        attributes += attributes_of(comparison, tests=tests, alpha=outcome.alpha, ids=ids[comparison.step])
    groups = map_groups(outcome)
    spaces = []
    for comparison in compared:
        mapped = {name: own.rows for g in groups if g.about == comparison.step for name, own in g.by_input.items()}
        spaces.append(space_report(comparison, tests=tests, alpha=outcome.alpha, mapped=mapped))
    aside = set_aside(outcome)
    return Report(
        pipeline=outcome.pipeline,
        language="ja" if outcome.language == "ja" else "en",
        warnings=(*warnings(outcome, compared), *notices),
        verdict=verdict(attributes, spaces, alpha=outcome.alpha, tests=tests),
        inputs=input_reports(outcome, aside),
        attributes=tuple(attributes),
        spaces=tuple(spaces),
        set_aside=aside,
        sections=dict(sections),
        made=lasting(outcome.manifest),
    )


def lasting(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Give the part of a manifest that fixes the numbers.

    >>> lasting({"seed": 0, "started": "2026-11-21", "steps": {"a": {"seconds": 3.2, "key": "1f"}}})
    {'seed': 0, 'steps': {'a': {'key': '1f'}}}
    """
    kept = {key: value for key, value in manifest.items() if key not in PASSING}
    if "steps" in kept:
        kept["steps"] = {
            step: {key: value for key, value in facts.items() if key not in PASSING_IN_STEP}
            for step, facts in kept["steps"].items()
        }
    return kept
