"""What each part of MCDUT adds to CUT, at an equal number of steps and equal seeds, on parts whose true counterparts are known.

``python benchmarks/translation_ablation.py [--source matsuyama] [--target osaka] [--steps 1500] [--seeds 0 1 2] [-o FOLDER]``

A generator of 24 channels and 6 blocks on whole pictures of 64 px: CUT as published (``cut``), with crops as negatives, with
domain consistency, with coordinate attention, with all three; then ``small``, which begins as a cheap repair, and ``small``
with all three. Trained unpaired on ``--images`` parts a side, judged on 128 others: each is the same part in the same pose at
both sites, so that the truth lies pixel on pixel. Figures are of the network without its gate: means over seeds and, after ±,
their standard deviation. A folder that is given again, with the same options, is gone on with.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from translation_measures import HEAD, Measured, measured, pictures, repaired, work_folder

from shiftlens import fit
from shiftlens.framework.running.session import session
from shiftlens.framework.running.sources import open_source
from shiftlens.plugins.mcdut.cheap import Floats

SIZE, TEST, TEST_SEED = 64, 128, 9001
CUT = {"skip": False, "smooth": 0, "restraint": 0.0, "identity_term": True}
CROPS = {"views": {"center": 1, "random": 2, "source": "cropped"}}
CONSISTENCY = {"consistency": {"weight": 10.0}}
ATTENTION = {"dca": "coordinate"}
ALL = CROPS | CONSISTENCY | ATTENTION
VARIANTS = {
    "cut": CUT,
    "cut + crops": CUT | CROPS,
    "cut + consistency": CUT | CONSISTENCY,
    "cut + attention": CUT | ATTENTION,
    "cut + all": CUT | ALL,
    "small": {},
    "small + all": ALL,
}


def spread(found: list[Measured]) -> list[str]:
    """Give each measure as its mean and deviation."""
    table = np.array(found)
    digits = (2, 4, 1, 1, 3, 3, 2)
    said = zip(table.mean(axis=0), table.std(axis=0, ddof=1 if len(found) > 1 else 0), digits, strict=True)
    return [f"{mean:.{d}f}" + (f" ± {deviation:.{d}f}" if len(found) > 1 else "") for mean, deviation, d in said]


def main() -> None:
    """Fit every variant, or take what an earlier run of the same folder fitted, and print a Markdown table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", default="matsuyama")
    parser.add_argument("--target", default="osaka")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--precision", default="no")
    parser.add_argument("-o", "--out", type=Path, help="folder that keeps the translators")
    given = parser.parse_args()
    out, now = work_folder(given.out), session()
    features = now.model("efficientnet-lite0")

    def read(site: str) -> list[Floats]:
        source = f"parts:{site}?like={given.target}&n={TEST}&seed={TEST_SEED}&size={SIZE}"
        return pictures(open_source(source, "read", now.host))

    before, truth = read(given.source), read(given.target)
    found: dict[str, list[Measured]] = {}
    for seed in given.seeds:
        for name, options in [(name, VARIANTS[name]) for name in given.variants]:
            place = out / f"{name.replace(' + ', '-')}-{seed}"
            sources = {
                side: f"parts:{site}?n={given.images}&seed={10 * seed + number}&size={SIZE}"
                for number, (side, site) in enumerate([("source", given.source), ("target", given.target)], 1)
            }
            config = {
                "preset": "small", "load": SIZE, "crop": SIZE, "steps": given.steps, "planted": 30,
                "precision": given.precision, "save_minutes": 60, "preview_minutes": 60, **options,
            }  # fmt: skip
            fit("mcdut", sources, out=place, seed=seed, config=config)
            model = now.model(str(place))
            for method in ("none", "affine", "histogram", "network") if name == "cut" else ("network",):
                row = measured(before, repaired(model, method, before), truth, features)
                found.setdefault(name if method == "network" else method, []).append(row)
                print(f"seed {seed}: {row.row(name if method == 'network' else method)}", flush=True)
    print(f"\n{HEAD}")
    for name, rows in found.items():
        print(f"| {name} | {' | '.join(spread(rows))} |")


if __name__ == "__main__":
    main()
