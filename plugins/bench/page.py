"""``benchmark.md``: the tables for people, and what the numbers do not say."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .config import BenchSpec
from .figure import at_one
from .metrics import mean
from .prose import CONTENT, FACTOR, LIMITS, NOBODY, NULL, PAIRED, PLANTED, SIZES, UNCLAIMED, WIDTH, filled
from .rows import Row

_FAILS = 0.5
"""Share of trials below which a factor counts as not found."""
_QUALITY = ("precision_at_1", "claim_first", "recall_at_5", "average_precision")
_PAIRED = ("all_named", "all_lead", "precision_at_1", "average_precision", "made_up")


def page(rows: Sequence[Row], spec: BenchSpec, facts: Mapping[str, Any], cost: Mapping[str, Any]) -> str:
    """Give the whole page."""
    parts = [_head(rows, spec, facts, cost)]
    for suite, section in (("null", _null), ("planted", _planted), ("paired", _paired), ("content", _content)):
        own = [row for row in rows if row["suite"] == suite]
        if own:
            parts += section(own, spec)
    parts += ["## What these numbers do not say", filled(LIMITS, source=spec.source)]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    """Give a Markdown table.

    >>> print(table(["a", "b"], [["x", 1]]))
    | a | b |
    |---|---|
    | x | 1 |
    """
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join(rows + [f"| {' | '.join(str(cell) for cell in line)} |" for line in lines])


def _head(rows: Sequence[Row], spec: BenchSpec, facts: Mapping[str, Any], cost: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in json.loads(facts["versions"]).items())
    options = ", ".join(f"{key} {value}" for key, value in spec.options.items()) or "as they are"
    made = filled(
        "Images of `{source}` ({options}), rendered with known truth; encoders {encoders}, scorers {scorers}. This page, "
        "`benchmark.csv` ({count} rows), `benchmark.json` and the figure are made by",
        source=spec.source, options=options, encoders=_list(spec.encoders), scorers=_list(spec.scorers), count=len(rows),
    )  # fmt: skip
    took = filled(
        "Seed {seed}; {versions}. It took {minutes:.1f} minutes, stops not counted, and {peak:.0f} MiB at the peak, for "
        "{images} images rendered and encoded and {cells} cells scored ({scoring:.1f} core minutes).",
        seed=facts["seed"], versions=versions, minutes=cost["seconds"] / 60, peak=cost["peak_mib"], images=cost["images"],
        cells=cost["cells"], scoring=cost["scoring_seconds"] / 60,
    )  # fmt: skip
    figure = "![False alarms, power and precision](benchmark.svg)"
    return "\n\n".join([f"# Benchmark: {spec.title or spec.bench}", made, f"    {facts['command']}", took, figure])


def _null(rows: Sequence[Row], spec: BenchSpec) -> list[str]:
    assert spec.null
    levels = sorted({row["alpha"] for row in rows})
    wrong = [r for r in rows if r["alarm_low"] > r["alpha"]]
    said = "; ".join(f"{r['scorer']} on {r['encoder']} ({r['name']}, α = {r['alpha']:g})" for r in wrong)
    chance = f"{len(rows)} intervals of 95 % miss about {max(1, round(len(rows) / 40))} times on that side by chance alone"
    verdict = (
        f"Beyond their interval: {said}; {chance}."
        if wrong
        else "None names anything more often than it may, within the interval."
    )
    lines = []
    for some in _by(rows, "encoder", "scorer", "name"):
        at = {row["alpha"]: row for row in some}
        kind = "single" if some[0]["name"] == "images" else "groups"
        rates = [_rate(at[a], *which) for which in (("alarms", "alarm"), ("joint", "joint")) for a in levels]
        lines.append([some[0]["scorer"], some[0]["encoder"], kind, _sizes(some[0]), *rates])
    head = ["scorer", "encoder", "images", "sizes", *(f"{what}, α = {a:g}" for what in ("named", "joint test") for a in levels)]
    text = filled(NULL, splits=rows[0]["trials"], pool=spec.null.pool, views=spec.null.views)
    return ["## Nothing differs: false alarms", text, textwrap.fill(verdict, WIDTH), table(head, lines)]


def _rate(row: Row, name: str, stem: str) -> str:
    low, high = row[f"{stem}_low"], row[f"{stem}_high"]
    text = f"{100 * row[name]:.1f} ({100 * low:.1f}–{100 * high:.1f})"
    return text if low <= row["alpha"] <= high else f"**{text}**"


def _planted(rows: Sequence[Row], spec: BenchSpec) -> list[str]:
    assert spec.planted
    named = [r for r in rows if r["claims"]]
    text = filled(PLANTED, relevant=spec.planted.relevant, apart=spec.planted.apart)
    found = ["## One factor planted", text, "### All factors together", _summary(rows)]
    if named:
        found += ["### Found, by images a side and strength", filled(SIZES), _by_size(named), *_by_factor(named, spec)]
    return [*found, *_unclaimed(rows, spec), "### What nobody finds", _nobody(rows)]


def _summary(rows: Sequence[Row]) -> str:
    unnamed = [r for r in rows if r["found"] != "" and not r["claims"]]
    groups = [*_by(at_one(rows), "encoder", "scorer"), *_by(unnamed, "encoder", "scorer", "strength", "images")]
    lines = []
    for some in groups:
        shares = [_mean(some, name) for name in _QUALITY]
        rank = sorted(r["rank"] for r in some)[len(some) // 2]
        first = some[0]
        lines.append([
            first["scorer"], first["encoder"], f"{first['strength']:g}", _sizes(first), len(some), *shares, rank,
            *(_mean(some, name) for name in ("found", "joint", "made_up")),
        ])  # fmt: skip
    head = [
        "scorer", "encoder", "strength", "sizes", "factors", "precision@1", "first", "recall@5", "AP", "median rank", "found",
        "joint test", "made up",
    ]  # fmt: skip
    return table(head, lines)


def _by_size(rows: Sequence[Row]) -> str:
    places = sorted({(r["images"], r["strength"]) for r in rows if r["images"]})
    lines = []
    for some in _by(rows, "encoder", "scorer"):
        at = [_mean([r for r in some if (r["images"], r["strength"]) == place], "found") for place in places]
        lines.append([some[0]["scorer"], some[0]["encoder"], *at])
    return table(["scorer", "encoder", *(f"{n} + {n}, strength {s:g}" for n, s in places)], lines)


def _by_factor(rows: Sequence[Row], spec: BenchSpec) -> list[str]:
    assert spec.planted
    largest = max(r["images"] for r in rows)
    one = {(r["name"], r["scorer"]): r for r in at_one(rows)}
    scorers = list(spec.scorers)
    lines = []
    for some in _by([r for r in rows if r["images"] == largest], "name"):
        by = {r["scorer"]: r for r in some}
        leading = [r for r in some if r["scorer"] == scorers[0]]
        strongest = max(leading, key=lambda r: r["strength"])
        name = some[0]["name"]
        step = spec.planted.factors[name].step
        lines.append([
            name, "spread" if step is None else f"{step:+g}", some[0]["claims"],
            _number(one.get((name, scorers[0]), strongest)["moved"]), *(_smallest(by[s]) for s in scorers),
            _number(strongest["dose_response"]), strongest["first"] or "–", strongest["made_up_names"] or "–",
        ])  # fmt: skip
    head = ["factor", "step", "claimed by", "moved", *scorers, "dose–response", "comes first", "made up"]
    strength = next(iter(one.values()))["strength"]
    text = filled(FACTOR, strength=f"{strength:g}", power=f"{spec.planted.power:g}", scorer=scorers[0])
    return [f"### By factor, {largest} images a side: the smallest shift found", text, table(head, lines)]


def _smallest(row: Row) -> str:
    return {"=": "", "<=": "≤ ", ">": "> "}[row["smallest_is"]] + f"{row['smallest']:.2g}"


def _unclaimed(rows: Sequence[Row], spec: BenchSpec) -> list[str]:
    encoder = next((name for name, use in spec.encoders.items() if use.named), "")
    kept = [r for r in rows if not r["claims"] and r["encoder"] == encoder]
    if not kept:
        return []
    largest = max(r["images"] for r in kept)
    lines = [
        [some[0]["name"], f"{some[0]['strength']:g}", *(_number(r["alarms"]) for r in some), some[0]["first"] or "–"]
        for some in _by([r for r in kept if r["images"] == largest], "name", "strength")
    ]
    head = ["factor", "strength", *spec.scorers, "comes first"]
    text = filled(UNCLAIMED, encoder=encoder, scorer=next(iter(spec.scorers)))
    return [f"### Factors without an attribute of their name, {largest} images a side", text, table(head, lines)]


def _nobody(rows: Sequence[Row]) -> str:
    """Say which factors no scorer finds on any encoder, at the encoder's largest strength and size."""

    def seen(some: Sequence[Row], *shares: str) -> bool:
        return any(r[share] != "" and r[share] >= _FAILS for r in some for share in shares)

    nobody, misnamed = [], []
    for some in _by(rows, "name"):
        top = [max(own, key=lambda r: (r["strength"], r["images"])) for own in _by(some, "encoder", "scorer")]
        if not seen(top, "alarms", "joint"):
            nobody.append(some[0]["name"])
        elif any(r["claims"] for r in top) and not seen([r for r in top if r["claims"]], "found"):
            misnamed.append(some[0]["name"])
    return filled(NOBODY, nobody=_list(nobody) or "none", misnamed=_list(misnamed) or "none")


def _paired(rows: Sequence[Row], spec: BenchSpec) -> list[str]:  # noqa: ARG001  (one shape for all sections)
    lines = [
        [r["name"], r["scorer"], r["encoder"], _sizes(r), *(_number(r[n]) for n in _PAIRED), r["made_up_names"] or "–"]
        for r in rows
    ]
    for some in _by(rows, "encoder", "scorer"):
        lines.append(["**all**", some[0]["scorer"], some[0]["encoder"], "", *(_mean(some, n) for n in _PAIRED), ""])
    head = ["factors", "scorer", "encoder", "sizes", "both named", "both on their own", "precision@1", "AP", "made up", "which"]
    return ["## Two factors planted at once", filled(PAIRED), table(head, lines)]


def _content(rows: Sequence[Row], spec: BenchSpec) -> list[str]:
    assert spec.content
    kinds = " or ".join(spec.content.unmoved)
    lines = []
    for r in rows:
        named = spec.encoders[r["encoder"]].named
        lines.append([
            r["name"], r["scorer"], r["encoder"], _sizes(r), _number(r["alarms"]), _number(r["joint"]),
            *((_number(r["unmoved_named"]), r["unmoved_names"] or "–", r["first"] or "–") if named else ("–",) * 3),
        ])  # fmt: skip
    head = ["change", "scorer", "encoder", "sizes", "anything named", "joint test", f"{kinds} named", "which", "comes first"]
    return ["## Other parts under the same light", filled(CONTENT, kinds=kinds), table(head, lines)]


def _by(rows: Iterable[Row], *names: str) -> list[list[Row]]:
    """Give rows in groups of equal ``names``, in the order they come."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return list(found.values())


def _sizes(row: Row) -> str:
    return f"{row['images']} + {row['images']}"


def _mean(rows: Sequence[Row], name: str) -> str:
    return _number(mean([r[name] for r in rows if r[name] != ""]))


def _number(value: Any) -> str:
    return "–" if value == "" or math.isnan(value) else f"{value:.2f}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
