"""How far each physical measure differs between two folders: mean difference over pooled standard deviation, in Markdown.

``python benchmarks/physical_pair.py REFERENCE 'exp2_*.jpg' TARGET 'exp5_*.jpg'``
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shiftlens.plugin import decode
from shiftlens.plugins.physical.measure import measure
from shiftlens.plugins.physical.words import DIMENSIONS


def rows(folder: str, pattern: str) -> NDArray[np.float64]:
    """Measure every file of ``folder`` that matches, ``(files, measures)``."""
    measured = [measure(decode(file.read_bytes())) for file in sorted(Path(folder).glob(pattern))]
    return np.array([[row[d.id] for d in DIMENSIONS] for row in measured])


def unwound(values: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    """Give angles as differences from their circular mean."""
    turn = 2 * np.pi / period
    middle = np.angle(np.nanmean(np.exp(1j * values * turn))) / turn
    return np.asarray((values - middle + period / 2) % period - period / 2)


def main(reference: str, reference_pattern: str, target: str, target_pattern: str) -> None:
    """Print the table."""
    start = time.process_time()
    left, right = rows(reference, reference_pattern), rows(target, target_pattern)
    each = (time.process_time() - start) / (len(left) + len(right))
    print(f"{len(left)} against {len(right)} files, {1e3 * each:.1f} ms of one core a file\n")
    print("| measure | reference | target | difference | over pooled sd | measured in |\n|---|---|---|---|---|---|")
    for i, dimension in enumerate(DIMENSIONS):
        both = np.concatenate([left[:, i], right[:, i]])
        share = np.isfinite(both).mean()
        if np.isfinite(left[:, i]).sum() < 5 or np.isfinite(right[:, i]).sum() < 5:
            print(f"| {dimension.id} | – | – | – | – | {100 * share:.0f} % |")
            continue
        if dimension.period:
            both = unwound(both, dimension.period)
        a, b = both[: len(left)], both[len(left) :]
        spread = float(np.sqrt((np.nanvar(a) + np.nanvar(b)) / 2))
        shift = float(np.nanmean(b) - np.nanmean(a))
        effect = shift / spread if spread > 0 else 0.0
        unit = "octaves" if dimension.scale == "log2" else dimension.unit
        print(
            f"| {dimension.id} | {np.nanmean(left[:, i]):.3g} | {np.nanmean(right[:, i]):.3g} | "
            f"{shift:+.3f} {unit} | {effect:+.2f} | {100 * share:.0f} % |"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
