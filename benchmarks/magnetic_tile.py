"""A real, controlled shift: magnetic tiles under six light levels (Huang et al. 2018, file names ``exp1_`` … ``exp6_``).

``python benchmarks/magnetic_tile.py FOLDER [--halvings 20]`` with the folder that holds ``MT_Free/Imgs``. The same tiles stand
at every level; between ``exp2`` and ``exp5`` lies a pure gain of 1.63. Two halves of one level are one place.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
from pathlib import Path

from shiftlens import compare
from shiftlens.specs.report import Report

WORK = tempfile.mkdtemp()


def told(report: Report) -> None:
    """Print the verdict and what leads to what."""
    print(report.verdict.headline.en)
    for a in report.attributes:
        if a.significant and a.encoder == "physical":
            print(
                f"  {a.id}: {a.words.en}, effect {a.effect:.2f}, {'stands alone' if a.stands_alone else f'follows {a.follows}'}"
            )
    for space in report.spaces:
        itself = f"itself {space.self_alarms}/{space.self_splits}"
        print(f"  {space.encoder}: AUC {space.separation:.2f} (p {space.separation_p:.3f}), {itself}")


def halves(files: list[Path], number: int) -> tuple[str, str]:
    """Write two CSV lists that share the files at random."""
    shuffled = random.Random(number).sample(files, len(files))
    lists = []
    for side, chosen in (("a", shuffled[::2]), ("b", shuffled[1::2])):
        path = Path(WORK) / f"{number}{side}.csv"
        with path.open("w", newline="") as out:
            csv.writer(out).writerows([["path"], *([str(f)] for f in sorted(chosen))])
        lists.append(str(path))
    return lists[0], lists[1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--halvings", type=int, default=20)
    given = parser.parse_args()
    free, holes = (given.folder.resolve() / name / "Imgs" for name in ("MT_Free", "MT_Blowhole"))
    print("exp2 against exp5, one cause, ×1.63:")
    told(compare(f"{free}?match=exp2_*.jpg", f"{free}?match=exp5_*.jpg", out=f"{WORK}/shift"))
    print("blowholes against none, all at exp3:")
    told(compare(f"{free}?match=exp3_*.jpg", f"{holes}?match=exp3_*.jpg", out=f"{WORK}/content"))
    found = 0
    for number in range(given.halvings):
        report = compare(*halves(sorted(free.glob("exp3_*.jpg")), number), out=f"{WORK}/half{number}")
        found += report.verdict.shift
        if report.verdict.shift:
            print(f"  halving {number}: {report.verdict.headline.en}")
    print(f"halves of exp3 against each other: {found} of {given.halvings} runs report anything")
    print(f"reports: {WORK}")
