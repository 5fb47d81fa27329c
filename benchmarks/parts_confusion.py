"""What each factor of the rendered world moves: a table of factors against measures, for ``docs/confusion.md``.

``python benchmarks/parts_confusion.py [--images 64] > docs/confusion.md``. Each factor of the suite ``planted`` is moved by two
of its steps on the same parts; a figure is the mean change of the measure over the standard deviation that it has among them.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
from numpy.typing import NDArray

from shiftlens.framework.host.host import Host, discover
from shiftlens.framework.host.targets import config_model, target_class
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import Context
from shiftlens.plugins.bench.suites import suite

STRENGTH = 2
SHOWN = 0.2
HEAD = """\
# What each factor moves

Made by `python benchmarks/parts_confusion.py{words} > docs/confusion.md`.

The same {count} parts of `parts:osaka`, 96 px, rendered before and after one factor moves by two steps of the benchmark
([what a step is](benchmark.md)). A figure is the mean change of a measure in standard deviations that it has among the parts
before; changes below {shown} are left out, **bold** is the measure that claims the factor, a dash means that it does not apply.
Some factors are planted on parts that show them, as in the benchmark. Where a row has other large figures, physics moves
them too, or the measure is not as pure as its name: both are said by the benchmark as *follows* and *made up*.
"""


def measured(host: Host, options: dict[str, str], count: int) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Give the names of the measures and ``(images, measures)`` of parts under ``options``."""
    query = "&".join(f"{key}={value}" for key, value in {"n": str(count), "seed": "11", "size": "96", **options}.items())
    offer = host.find("physical", "encoder")
    encoder = target_class(offer)(config_model(offer)(), context=Context(workers=2))
    latents = encoder.encode(open_source(f"parts:osaka?{query.replace('+', '%2B')}", "parts", host))
    return tuple(d.id for d in latents.space.dimensions), latents.values


def row(before: NDArray[np.float32], after: NDArray[np.float32], periods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean change of each measure in its own standard deviations; NaN where it applies to fewer than half."""
    change = wrapped(after.astype(np.float64) - before, periods)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        turn = np.exp(2j * np.pi * before / np.where(np.isnan(periods), 1, periods))
        middle = np.angle(np.nanmean(turn, axis=0)) / (2 * np.pi) * periods
        about = np.where(np.isnan(periods), np.nanmean(before, axis=0, dtype=np.float64), middle)
        spread = np.sqrt(np.nanmean(wrapped(before - about, periods) ** 2, axis=0))
        moved = np.nanmean(change, axis=0) / np.where(spread > 0, spread, np.nan)
    return np.where(np.isfinite(change).mean(axis=0) >= 0.5, moved, np.nan)


def wrapped(difference: NDArray[np.float64], periods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring differences of angles to within half a period; ``periods`` is NaN for measures that are no angles."""
    turns = np.round(difference / np.where(np.isnan(periods), np.inf, periods))
    return difference - np.where(np.isnan(periods), 0, periods) * turns


def table(count: int) -> str:
    """Give the whole table as Markdown."""
    from shiftlens.plugins.physical.words import DIMENSIONS

    host = discover()
    periods = np.array([d.period if d.period else np.nan for d in DIMENSIONS])
    factors = suite("planted", quick=False).planted.factors
    kept: dict[tuple[tuple[str, str], ...], NDArray[np.float32]] = {}
    lines = []
    for name, factor in factors.items():
        options = dict(factor.options)
        key = tuple(sorted(options.items()))
        if key not in kept:
            names, kept[key] = measured(host, options, count)
        change = f"{STRENGTH * (factor.step or 0):+g}"
        _, after = measured(host, {**options, name: change}, count)
        cells = []
        for measure, moved in zip(names, row(kept[key], after, periods), strict=True):
            text = "–" if np.isnan(moved) else f"{moved:+.1f}" if abs(moved) >= SHOWN else ""
            cells.append(f"**{text or '0'}**" if measure in factor.claims else text)
        lines.append(f"| {name} {change} | " + " | ".join(cells) + " |")
    head = "| factor | " + " | ".join(names) + " |\n|---|" + "---:|" * len(names)
    return "\n".join([head, *lines])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=64)
    given = parser.parse_args()
    words = f" --images {given.images}" if given.images != 64 else ""
    print(HEAD.format(words=words, count=given.images, shown=SHOWN))
    print(table(given.images))
