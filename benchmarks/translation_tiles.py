"""Real images under two lights: magnetic tiles of one level repaired to another, held against their true counterparts.

``python benchmarks/translation_tiles.py REGISTERED GROUPS.csv [--source exp5] [--target exp2] [--minutes 20] [-o FOLDER]``

``REGISTERED`` holds ``exp2/MT_Free/G001_887.png`` and so on: the same tiles (Huang et al. 2018) at every level of light, cut to
their common part, and masks of defects below ``mask``; ``GROUPS.csv`` says which tile a group shows (``group``, ``tile``,
``label_consistent``). A translator is fitted on one half of the tiles without defects; the other half is repaired and held
against the same tiles at the target level. Between levels lies a pure gain, so ``affine`` should be close to the truth.
Defects: those of all other folders, of which half of the contrast or more must be left; too faint ones are counted apart.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from translation_measures import HEAD, mean, measured, pictures, repaired, work_folder

from shiftlens import fit
from shiftlens.framework.running.session import session
from shiftlens.framework.running.sources import open_source
from shiftlens.plugins.mcdut.cheap import Floats
from shiftlens.plugins.mcdut.config import Limits
from shiftlens.plugins.mcdut.detect import contrast, levels
from shiftlens.plugins.mcdut.gate import judge

SIDE = 64
"""Short side, in px, below which a registered tile is left out: crops are of that size."""
KINDS = ("MT_Blowhole", "MT_Break", "MT_Crack", "MT_Fray")


class Tiles:
    """The registered groups, by tile."""

    def __init__(self, folder: Path, groups: Path) -> None:
        self.folder = folder
        with groups.open(newline="") as file:
            self.tile = {row["group"]: row["tile"] for row in csv.DictReader(file) if row["label_consistent"] == "1"}

    def files(self, level: str, kind: str) -> dict[str, Path]:
        """Give the files of one level and kind by group, those that are large enough."""
        found = {file.name.partition("_")[0]: file for file in sorted((self.folder / level / kind).glob("G*.png"))}
        return {group: file for group, file in found.items() if group in self.tile and min(Image.open(file).size) >= SIDE}

    def pairs(self, source: str, target: str, kind: str) -> list[tuple[str, Path, Path]]:
        """Give group, source file and target file of what stands at both levels."""
        here, there = self.files(source, kind), self.files(target, kind)
        return [(group, here[group], there[group]) for group in here if group in there]

    def fits(self, group: str) -> bool:
        """Say whether a group is of the half that is fitted on: every other tile."""
        return int(self.tile[group][1:]) % 2 == 0

    def mask(self, level: str, kind: str, file: Path, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Give the mask of a defect, ``(rows, columns)``."""
        with Image.open(self.folder / "mask" / level / kind / file.name) as image:
            return np.asarray(image.convert("L").resize(size, Image.Resampling.NEAREST)) > 127


def listed(place: Path, rows: Sequence[tuple[str, Path]], tiles: Tiles) -> str:
    """Write a CSV list of images grouped by tile, and give it as a source."""
    with place.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["path", "group"], *([str(file.resolve()), tiles.tile[group]] for group, file in rows)])
    return str(place)


def kept(masks: Sequence[NDArray[np.bool_]], before: Sequence[Floats], after: Sequence[Floats]) -> str:
    """Say how many defects kept half of their contrast, how many could not be seen before, and the same behind the gate."""
    limits, seen, left, through, left_through = Limits(), 0, 0, 0, 0
    for mask, here, there in zip(masks, before, after, strict=True):
        found, made = levels(here), levels(there)
        dark, bright = (contrast(found, mask, dark=dark) if mask.any() else 0.0 for dark in (True, False))
        strength = max(dark, bright)
        if strength < limits.contrast:
            continue
        still = contrast(made, mask, dark=dark >= bright) >= limits.strength * strength
        passes = judge(here, there, limits, found=found).reason is None
        seen, left = seen + 1, left + still
        through, left_through = through + passes, left_through + (still and passes)
    return f"{left} of {seen} ({len(masks) - seen} too faint) | {left_through} of {through}"


def main() -> None:
    """Fit, or take what an earlier run of the same folder fitted, and print Markdown tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("groups", type=Path)
    parser.add_argument("--source", default="exp5")
    parser.add_argument("--target", default="exp2")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--out", type=Path, help="folder that keeps the translator")
    given = parser.parse_args()
    tiles, out = Tiles(given.folder, given.groups), work_folder(given.out)
    free = tiles.pairs(given.source, given.target, "MT_Free")
    train, test = ([pair for pair in free if tiles.fits(pair[0]) == half] for half in (True, False))
    sources = {
        "source": listed(out / "source.csv", [(group, here) for group, here, _ in train], tiles),
        "target": listed(out / "target.csv", [(group, there) for group, _, there in train], tiles),
    }
    card = fit(
        "mcdut", sources, out=out / "tiles", seed=given.seed,
        config={"preset": "small", "load": SIDE, "crop": SIDE, "minutes": given.minutes},
    )  # fmt: skip
    print(f"{len(train)} tiles to fit on, {len(test)} to measure on; {card.trained_on}")
    print(f"verdict: {card.options['verdict']['winner']}: {card.options['verdict']['reason']['en']}\n")
    now = session()
    model, features = now.model(str(out / "tiles")), now.model("efficientnet-lite0")

    def read(rows: Sequence[tuple[str, Path]]) -> list[Floats]:
        return pictures(open_source(listed(out / "read.csv", rows, tiles), "read", now.host))

    before, truth = read([(g, x) for g, x, _ in test]), read([(g, y) for g, _, y in test])
    defects = [(kind, *pair) for kind in KINDS for pair in tiles.pairs(given.source, given.target, kind)]
    marked = read([(group, here) for _, group, here, _ in defects])
    masks = [
        tiles.mask(given.source, kind, here, (picture.shape[1], picture.shape[0]))
        for (kind, _, here, _), picture in zip(defects, marked, strict=True)
    ]
    lines = []
    print(HEAD)
    for method in ("none", *model.repairs, "network"):
        after = repaired(model, method, before)
        print(measured(before, after, truth, features).row(method))
        held = mean([judge(x, y, Limits()).reason is not None for x, y in zip(before, after, strict=True)])
        light = mean([float(y.mean() / t.mean()) for y, t in zip(after, truth, strict=True)])
        counted = kept(masks, marked, repaired(model, method, marked))
        lines.append(f"| {method} | {light:.3f} | {100 * held:.0f} % | {counted} |")
    print("\n| way | light, of the truth | good held back | defects kept | of those let through |\n|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
