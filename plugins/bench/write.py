"""Files of a benchmark: each written beside and renamed, equal for equal results."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ... import Spec
from ...plugin import as_json, written_whole
from .config import BenchSpec
from .figure import draw
from .page import page
from .rows import COLUMNS, Row, as_text


class Cost(Spec):
    """What a benchmark took: wall clock, memory at its peak, images rendered and encoded, cells scored."""

    seconds: float
    peak_mib: float
    images: int
    cells: int


def add_cost(out: Path, cost: Cost) -> Cost:
    """Add what a run took to that of earlier runs into the same folder, and give the sum.

    A run that goes on where another was stopped adds to it; one that finds everything done adds nothing.

    Raises:
        OutputUnusable: the folder cannot be written.
    """
    path = out / "cost.json"
    earlier = _earlier(path)
    if earlier and not cost.images and not cost.cells:
        return earlier
    if earlier:
        cost = Cost(
            seconds=cost.seconds + earlier.seconds,
            peak_mib=max(cost.peak_mib, earlier.peak_mib),
            images=cost.images + earlier.images,
            cells=cost.cells + earlier.cells,
        )
    _write(path, as_json(cost.model_dump()).encode())
    return cost


def write_all(
    out: Path, spec: BenchSpec, rows: Sequence[Row], facts: Mapping[str, Any], cost: Cost, scoring_seconds: float
) -> None:
    """Write tables and figure into ``out``; ``scoring_seconds`` are of one core.

    Raises:
        OutputUnusable: the folder cannot be written.
    """
    _write(out / "benchmark.csv", _csv(rows).encode())
    data = {
        "schema_version": 1, **facts, "versions": json.loads(facts["versions"]),
        "suite": spec.model_dump(mode="json", by_alias=True), "rows": [_plain(row) for row in rows],
    }  # fmt: skip
    _write(out / "benchmark.json", as_json(data).encode())
    for kind, content in draw(rows, spec).items():
        _write(out / f"benchmark.{kind}", content)
    text = page(rows, spec, facts, cost.model_dump() | {"scoring_seconds": scoring_seconds})
    _write(out / "benchmark.md", text.encode())


def _write(path: Path, content: bytes) -> None:
    with written_whole(path) as file:
        file.write(content)


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([as_text(row[name]) for name in COLUMNS] for row in rows)
    return text.getvalue()


def _plain(row: Row) -> dict[str, Any]:
    """Give a row as JSON has it: only what is known, and the versions once, above."""
    known = {k: v for k, v in row.items() if v != "" and not (isinstance(v, float) and math.isnan(v))}
    return {k: v for k, v in known.items() if k != "versions"}


def _earlier(path: Path) -> Cost | None:
    try:
        return Cost.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, ValueError):
        return None
