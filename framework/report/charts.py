"""Distribution charts as inline SVG: numbers and units only, so that one chart serves both languages."""

from __future__ import annotations

import io
import re
from threading import Lock

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator
from numpy.typing import NDArray

DEVELOPMENT, SITE, INK, FAINT = "#0b5cab", "#b3470b", "#3a3f45", "#d5d9de"
BINS = 28
MOST_TICKS = 6
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "shiftlens",
    "font.size": 9,
    "hatch.linewidth": 0.7,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.unicode_minus": True,
}
_LOCK = Lock()  # matplotlib's settings belong to the process


def distribution(
    reference: NDArray[np.float64],
    target: NDArray[np.float64],
    *,
    name: str,
    unit: str = "",
    scale: str = "linear",
    limit: float | None = None,
) -> str:
    """Draw two distributions: histograms with their medians, and both cumulative curves in the corner.

    Development is hatched with a dashed median, site is filled with a solid one, so they differ
    without colour. Logarithmic values are shown as factors of the development median. A limit is a dotted
    black line.

    Args:
        reference: values of development, any length above 0; NaN are left out.
        target: values of the site.
        name: letters and digits, unique on the page: the caption's id is ``name-text``.
        unit: written below the axis.
        scale: ``log2`` shows factors.
        limit: a value to be marked, on a linear scale.
    """
    reference, target = (values[np.isfinite(values)] for values in (reference, target))
    if scale == "log2":
        middle = np.median(reference)
        reference, target, unit = reference - middle, target - middle, "×"
    with _LOCK, mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.2, 2.4))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.03, 0.13, 0.94, 0.84))
        ends = _range(reference, target)
        if limit is not None:
            ends = min(ends[0], limit), max(ends[1], limit)
        _histograms(axes, reference, target, ends)
        if limit is not None:
            axes.axvline(limit, color=INK, linewidth=1.6, linestyle=(0, (1, 1.5)))
        _label(axes, unit, scale, ends)
        inset = figure.add_axes((0.76, 0.62, 0.2, 0.34))
        _cumulative(inset, reference, target, axes.get_xlim())
        return _svg(figure, name)


def _range(reference: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[float, float]:
    """The middle 99 % of both sides, so that one wild value does not flatten the rest."""
    low = min(np.quantile(reference, 0.005), np.quantile(target, 0.005))
    high = max(np.quantile(reference, 0.995), np.quantile(target, 0.995))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    return float(low), float(high)


def _histograms(axes: Axes, reference: NDArray[np.float64], target: NDArray[np.float64], ends: tuple[float, float]) -> None:
    edges = np.linspace(*ends, BINS + 1)
    heights = []
    for values, colour, hatch, fill in ((reference, DEVELOPMENT, "////", 0.0), (target, SITE, None, 0.28)):
        share = np.histogram(np.clip(values, *ends), edges)[0] / len(values)
        heights.append(share.max())
        axes.stairs(share, edges, fill=True, facecolor=(colour, fill), edgecolor=(colour, 0.65), hatch=hatch, linewidth=0)
        axes.stairs(share, edges, color=colour, linewidth=1.4)
    top = max(heights) * 1.12
    for values, colour, dash in ((reference, DEVELOPMENT, (0, (4, 2))), (target, SITE, "-")):
        axes.plot([np.median(values)] * 2, [0, top], color=colour, linewidth=2, linestyle=dash)
    pad = (ends[1] - ends[0]) * 0.02
    axes.set_xlim(ends[0] - pad, ends[1] + (ends[1] - ends[0]) * 0.32)  # room for the inset
    axes.set_ylim(0, top)
    axes.set_yticks([])
    axes.spines[["left", "right", "top"]].set_visible(False)


def _label(axes: Axes, unit: str, scale: str, ends: tuple[float, float]) -> None:
    low, high = ends
    if scale == "log2":
        factors = factor_ticks(low, high)
        axes.xaxis.set_major_locator(FixedLocator([float(np.log2(f)) for f in factors]))
        axes.xaxis.set_major_formatter(FixedFormatter([f"×{f:.3g}" for f in factors]))
        return
    axes.xaxis.set_major_locator(FixedLocator([t for t in MaxNLocator(5).tick_values(low, high) if low <= t <= high]))
    axes.annotate(unit, (1, 0), (0, -5), "axes fraction", "offset points", color=INK, ha="right", va="top")


def factor_ticks(low: float, high: float) -> list[float]:
    """Give at most six factors between two base-2 logarithms: even steps, or halves and doubles where the range is wide.

    >>> factor_ticks(-0.5, 0.5), factor_ticks(-0.5, 1.3), factor_ticks(-3.0, 2.1)
    ([0.8, 1.0, 1.2, 1.4], [0.75, 1.0, 1.5, 2.0], [0.125, 0.25, 0.5, 1.0, 2.0, 4.0])
    """
    if high - low < 1.2:
        rows = (
            [round(step * k, 2) for k in range(1, int(2**high / step) + 1)] for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
        )
    else:
        halves = [m * 2.0**k for k in range(-64, 65) for m in (1, 1.5)]
        rows = (halves[::every] for every in (1, 2, 4, 8, 16))
    inside = ([f for f in row if low <= np.log2(f) <= high] for row in rows)
    return next((row for row in inside if len(row) <= MOST_TICKS), [])


def _cumulative(axes: Axes, reference: NDArray[np.float64], target: NDArray[np.float64], ends: tuple[float, float]) -> None:
    grid = np.linspace(*ends, 81)
    for values, colour, dash in ((reference, DEVELOPMENT, (0, (4, 2))), (target, SITE, "-")):
        axes.plot(grid, np.searchsorted(np.sort(values), grid, side="right") / len(values), color=colour, lw=1.3, ls=dash)
    axes.set_xlim(*ends)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xticks([])
    axes.set_yticks([0, 0.5, 1], ["0", "", "1"], fontsize=7)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.spines[["right", "top"]].set_visible(False)


def _svg(figure: Figure, name: str) -> str:
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.S)
    text = re.sub(r' id="[a-z.]+\w*_\d+"', "", text)  # names that repeat in every chart
    text = re.sub(r'(\bid="|url\(#|href="#)(\w)', rf"\1{name}-\2", text)
    head = rf'<svg viewBox="\1" role="img" aria-labelledby="{name}-text">'
    text = re.sub(r'^<svg [^>]*?viewBox="([^"]*)"[^>]*>', head, text, flags=re.S)
    return re.sub(r"\s*\n\s*", "\n", text).strip()
