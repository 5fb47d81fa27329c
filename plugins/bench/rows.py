"""Cells and their trials as rows of the table: one a cell, of the null one a cell and level."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from .cells import Cell
from .config import BenchSpec
from .metrics import dose_response, interval, mean, smallest_found
from .work import Trials

Row = dict[str, Any]
COLUMNS = (
    "suite", "encoder", "scorer", "name", "strength", "images", "trials", "alpha", "claims", "relevant", "dimensions",
    "alarms", "alarm_low", "alarm_high", "joint", "joint_low", "joint_high", "found", "found_low", "found_high",
    "precision_at_1", "claim_first", "recall_at_5", "average_precision", "rank", "moved", "effect", "made_up", "made_up_names",
    "folded", "all_named", "all_lead", "unmoved_named", "unmoved_names", "first", "dose_response", "smallest", "smallest_is",
    "seed", "versions", "reference", "target", "command",
)  # fmt: skip
_SHARED = ("precision_at_1", "claim_first", "recall_at_5", "average_precision", "moved", "effect", "all_named", "all_lead")


def rows_of(done: Iterable[tuple[Cell, Trials]], spec: BenchSpec, facts: Mapping[str, Any]) -> list[Row]:
    """Give every row; ``facts`` (seed, versions, command) stand in each.

    Shares of trials come with their 95 % interval (Clopper-Pearson). ``dose_response`` and ``smallest`` are of all strengths
    of a factor at one size, and stand in the row of each.
    """
    cells = list(done)
    found = [row for cell, trials in cells for row in _rows(cell, trials, spec, facts)]
    _add_ladders(found, cells, spec)
    return found


def _rows(cell: Cell, trials: Trials, spec: BenchSpec, facts: Mapping[str, Any]) -> list[Row]:
    alphas = spec.null.alphas if cell.suite == "null" and spec.null else (cell.alpha,)
    return [_row(cell, trials, alpha, facts) for alpha in alphas]


def _row(cell: Cell, trials: Trials, alpha: float, facts: Mapping[str, Any]) -> Row:
    count = len(trials.rows)
    row: Row = dict.fromkeys(COLUMNS, "")
    row |= {
        "suite": cell.suite, "encoder": cell.encoder, "scorer": cell.scorer, "name": cell.name, "strength": cell.strength,
        "images": cell.images, "trials": count, "alpha": alpha, "claims": "; ".join(" ".join(claim) for claim in cell.claims),
        "relevant": trials.relevant, "dimensions": trials.dimensions, "reference": cell.reference.text,
        "target": cell.target.text if cell.target else "", **facts,
    }  # fmt: skip
    _share(row, "alarms", "alarm", [t["p_family"] <= alpha for t in trials.rows])
    _share(row, "joint", "joint", [t["p_joint"] <= alpha for t in trials.rows])
    if cell.suite == "null":
        return row
    made_up = [name for t in trials.rows for name in t["made_up"]]
    if cell.suite != "content" and not cell.apart:  # without names, what is not among the most relevant may still have moved
        row["made_up"] = mean([float(bool(t["made_up"])) for t in trials.rows])
        row["made_up_names"] = _most_common(made_up)
    row["folded"] = mean([t["folded"] for t in trials.rows])
    row["first"] = _most_common([t["first"] for t in trials.rows if t["first"]])
    if cell.unmoved:
        row["unmoved_named"] = mean([float(bool(t["unmoved_named"])) for t in trials.rows])
        row["unmoved_names"] = _most_common([name for t in trials.rows for name in t["unmoved_named"]])
    if "found" not in trials.rows[0]:
        return row
    _share(row, "found", "found", [t["found"] > 0 for t in trials.rows])
    for name in _SHARED:
        if name in trials.rows[0]:
            row[name] = mean([t[name] for t in trials.rows])
    row["rank"] = sorted(t["rank"] for t in trials.rows)[count // 2]
    return row


def _share(row: Row, name: str, stem: str, hits: list[bool]) -> None:
    row[name] = sum(hits) / len(hits)
    row[f"{stem}_low"], row[f"{stem}_high"] = interval(sum(hits), len(hits))


def _most_common(names: list[str]) -> str:
    """Give up to five names, the most frequent first."""
    return ", ".join(sorted(set(names), key=lambda name: (-names.count(name), name))[:5])


def _add_ladders(rows: list[Row], cells: list[tuple[Cell, Trials]], spec: BenchSpec) -> None:
    """Add to each planted row what all strengths of its factor say together."""
    if spec.planted is None:
        return
    ladders: dict[tuple[Any, ...], list[tuple[Cell, Trials]]] = {}
    for cell, trials in cells:
        if cell.suite == "planted" and "found" in trials.rows[0]:
            ladders.setdefault((cell.encoder, cell.scorer, cell.name, cell.images), []).append((cell, trials))
    for row in rows:
        ladder = ladders.get((row["encoder"], row["scorer"], row["name"], row["images"]), [])
        if row["suite"] != "planted" or not ladder:
            continue
        strengths = [cell.strength for cell, trials in ladder for _ in trials.rows]
        row["dose_response"] = dose_response(strengths, [t["effect"] for _, trials in ladder for t in trials.rows])
        power = [mean([t["found"] for t in trials.rows]) for _, trials in ladder]
        row["smallest_is"], row["smallest"] = smallest_found([cell.strength for cell, _ in ladder], power, spec.planted.power)


def as_text(value: Any) -> str:
    """Give a value as it stands in the CSV: numbers in up to six digits, nothing for what is not known."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return str(value)
