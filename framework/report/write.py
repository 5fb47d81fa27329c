"""Write the report of a run: ``report.html``, ``report.json``, ``attributes.csv`` and the tables of sections."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from ...specs.base import Text
from ...specs.errors import quoted
from ...specs.report import SECTIONS, Report
from ..files.csv import as_csv
from ..files.names import storable
from ..files.whole import written_whole
from ..running.outcome import RunOutcome
from .assemble import assemble
from .page import page
from .sections import Sections
from .steps import step_views
from .tables import attributes_csv


def write_report(outcome: RunOutcome, folder: Path, sections: Sections | None = None, layout: Sequence[str] = ()) -> Report:
    """Write the report of a finished run and give it.

    Each file is written beside its place and renamed into it, so a file that is there is whole. The
    same values give the same bytes.

    Args:
        outcome: what the run read, planned and made.
        folder: where the files go; made where it is not there.
        sections: what plugins add. One that raises is named in the report and left out.
        layout: ids of the sections to show, in order, after the verdict; empty for all in their own order.

    Raises:
        OutputUnusable: the folder or a file of it cannot be written.
        ComponentFailed: a step's scores are not wired to latents.
    """
    shown_sections, notices = (sections or Sections()).rendered(outcome)
    known = {*SECTIONS, *(section.id for section in shown_sections)}
    notices += [
        Text(
            en=f"No section {quoted(name)} has anything to show.",
            ja=f"セクション {quoted(name)} には表示する内容がありません。",
        )
        for name in layout
        if name not in known
    ]
    data = {section.id: to_jsonable_python(section.data) for section in shown_sections}
    steps = step_views(outcome)
    if steps:
        data["steps"] = {view.step: view.data() for view in steps}
    report = assemble(outcome, sections=data, notices=notices)
    _store(folder / "report.html", page(outcome, report, shown_sections, layout, steps).encode("utf-8", "backslashreplace"))
    _store(folder / "report.json", as_json(report))
    _store(folder / "attributes.csv", attributes_csv(report))
    for section in shown_sections:
        for name, rows in section.tables.items():
            columns = list(rows[0]) if rows else []
            _store(folder / f"{name}.csv", as_csv(columns, ([row[column] for column in columns] for row in rows)))
    return report


def as_json(report: Report) -> bytes:
    """Give the bytes of ``report.json``; numbers that are none are ``null``."""
    data = _jsonable(report.model_dump())
    return (json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode("utf-8", "backslashreplace")


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(inner) for inner in value]
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return to_jsonable_python(value)


def _store(path: Path, data: bytes) -> None:
    with written_whole(path) as file:
        file.write(data)
