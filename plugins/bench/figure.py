"""One figure: false alarms, power by strength, and which factor each scorer finds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from threading import Lock

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .config import BenchSpec
from .metrics import mean
from .rows import Row

INK, FAINT = "#3a3f45", "#d5d9de"
COLOURS = ("#0b5cab", "#b3470b", "#2f7d4f", "#7a4fa3", "#8a6d00", "#a3305f", "#3a7d8c", "#555b61")
MARKS = "osD^vP*X"
_STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "shiftlens", "font.size": 9, "axes.edgecolor": INK, "xtick.color": INK,
    "ytick.color": INK, "axes.labelcolor": INK, "text.color": INK, "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip
_LOCK = Lock()  # matplotlib's settings belong to the process


def draw(rows: Sequence[Row], spec: BenchSpec) -> dict[str, bytes]:
    """Give the figure as ``svg`` and ``png``; what was not run is left out."""
    panels = [p for p in (_null, _power, _factors) if p.__name__ != "_null" or spec.null]
    panels = [p for p in panels if p.__name__ == "_null" or spec.planted]
    if not panels:
        panels = [_alarms]
    named = len({r["name"] for r in rows if r["suite"] == "planted" and r["claims"]})
    wide = {"_null": 4.2, "_power": 4.2, "_factors": 4.8, "_alarms": 6.0}
    tall = max(3.6, 1.6 + 0.21 * named) if _factors in panels else 3.8
    with _LOCK, mpl.rc_context(_STYLE):
        figure = Figure(figsize=(sum(wide[p.__name__] for p in panels), tall), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, len(panels), width_ratios=[wide[p.__name__] for p in panels], squeeze=False)[0]
        for panel, axis in zip(panels, axes, strict=True):
            panel(axis, rows, spec)
        out = {}
        for kind in ("svg", "png"):
            room = io.BytesIO()
            figure.savefig(room, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None})
            out[kind] = room.getvalue()
    return out


def _null(axis: Axes, rows: Sequence[Row], spec: BenchSpec) -> None:
    """Share of false alarms at the level nearest 5 %, with intervals, a line a scorer and encoder."""
    assert spec.null
    level = min(spec.null.alphas, key=lambda a: abs(a - 0.05))
    kept = [r for r in rows if r["suite"] == "null" and r["alpha"] == level]
    labels = list(dict.fromkeys((r["encoder"], r["scorer"]) for r in kept))
    axis.axvline(100 * level, color=INK, lw=1, ls="--")
    for offset, (name, colour) in enumerate((("images", COLOURS[0]), ("groups", COLOURS[1]))):
        own = [r for r in kept if r["name"] == name]
        y = [labels.index((r["encoder"], r["scorer"])) + 0.22 * offset - 0.11 for r in own]
        x = np.array([100 * r["alarms"] for r in own])
        spread = np.abs(np.array([[100 * r["alarm_low"], 100 * r["alarm_high"]] for r in own]).reshape(-1, 2).T - x)
        axis.errorbar(
            x,
            y,
            xerr=spread,
            fmt=MARKS[offset],
            ms=4,
            color=colour,
            lw=1,
            capsize=2,
            label=f"single {name}" if not offset else "in groups",
        )
    axis.set_yticks(range(len(labels)), [f"{scorer} · {encoder}" for encoder, scorer in labels])
    axis.invert_yaxis()
    axis.set_xlim(left=0)
    axis.set_xlabel(f"comparisons with a false alarm, % (nominal {100 * level:g} %)")
    axis.set_title("False alarms", loc="left", fontsize=9)
    axis.legend(frameon=False, loc="lower right", fontsize=8, bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)


def _power(axis: Axes, rows: Sequence[Row], spec: BenchSpec) -> None:
    """Mean share of trials in which a right attribute was named, over the claimed factors, by strength and size."""
    assert spec.planted
    kept = [r for r in rows if r["suite"] == "planted" and r["claims"]]
    sizes = sorted({r["images"] for r in kept})
    strengths = sorted({r["strength"] for r in kept})
    for number, scorer in enumerate(spec.scorers):
        for size, style in zip(sizes[::-1], ("-", "--", ":"), strict=False):
            y = [
                100 * mean([r["found"] for r in kept if (r["scorer"], r["images"], r["strength"]) == (scorer, size, s)])
                for s in strengths
            ]
            axis.plot(
                strengths, y, style, marker=MARKS[number % len(MARKS)], ms=4, lw=1.4, color=COLOURS[number % len(COLOURS)],
                label=scorer if size == sizes[-1] else None,
            )  # fmt: skip
    axis.axhline(100 * spec.planted.power, color=FAINT, lw=1, zorder=0)
    axis.set_xscale("log", base=2)
    axis.set_xticks(strengths, [f"{s:g}" for s in strengths])
    axis.minorticks_off()
    axis.set_ylim(0, 103)
    axis.set_xlabel("strength of the shift, steps (about 1 deviation of the measure)")
    axis.set_ylabel("factors found, %")
    dashes = ", ".join(f"{style} {size}" for size, style in zip(sizes[::-1], ("solid", "dashed", "dotted"), strict=False))
    axis.set_title(f"Images a side: {dashes}", loc="left", fontsize=9)
    axis.legend(frameon=False, loc="lower right", fontsize=8)


def _factors(axis: Axes, rows: Sequence[Row], spec: BenchSpec) -> None:
    """Precision@1 of each claimed factor and scorer at the strength nearest 1 and the largest size."""
    kept = at_one(rows)
    names = list(dict.fromkeys(r["name"] for r in kept))
    scorers = list(spec.scorers)
    grid = np.full((len(names), len(scorers)), np.nan)
    for r in kept:
        grid[names.index(r["name"]), scorers.index(r["scorer"])] = r["precision_at_1"]
    axis.imshow(grid, cmap="Blues", vmin=0, vmax=1.25, aspect="auto")
    for (i, j), value in np.ndenumerate(grid):
        axis.text(j, i, f"{value:.2g}", ha="center", va="center", fontsize=7, color="white" if value > 0.7 else INK)
    axis.set_xticks(range(len(scorers)), scorers)
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    where = f"strength {kept[0]['strength']:g}, {kept[0]['images']} a side" if kept else ""
    axis.set_title(f"Precision@1, {where}", loc="left", fontsize=9)


def _alarms(axis: Axes, rows: Sequence[Row], spec: BenchSpec) -> None:
    """Share of comparisons with anything named, for suites that have neither a null nor ladders."""
    kept = [r for r in rows if r["encoder"] == next(iter(spec.encoders))]
    names = list(dict.fromkeys(r["name"] for r in kept))
    width = 0.8 / len(spec.scorers)
    for number, scorer in enumerate(spec.scorers):
        y = [100 * mean([r["alarms"] for r in kept if (r["scorer"], r["name"]) == (scorer, n)]) for n in names]
        axis.bar(
            np.arange(len(names)) + width * (number + 0.5) - 0.4, y, width, color=COLOURS[number % len(COLOURS)], label=scorer
        )
    axis.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axis.set_ylabel("comparisons with something named, %")
    axis.legend(frameon=False, fontsize=8, ncols=3, loc="upper left", bbox_to_anchor=(0, 1.15))


def at_one(rows: Sequence[Row]) -> list[Row]:
    """Give the planted rows of named measures at the strength nearest 1 and the largest size."""
    kept = [r for r in rows if r["suite"] == "planted" and r["claims"]]
    if not kept:
        return []
    strength = min({r["strength"] for r in kept}, key=lambda s: (abs(s - 1), s))
    images = max(r["images"] for r in kept)
    return [r for r in kept if r["strength"] == strength and r["images"] == images]
