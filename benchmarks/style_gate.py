"""What the gate of a style backbone says of images that it was not fitted on: how many are made again worse than its limit.

``python benchmarks/style_gate.py [FOLDER …] [--backbone parts-style-64] [--images 100] [--seed 77] [--turned osaka]``

A row each for the sites of the parts world, for one of them turned by 90 and by 180 degrees, and for folders, or other sources
of images, of your own. The gate is closed where more than a tenth of the images is above the limit.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from shiftlens.framework.running.session import session
from shiftlens.framework.running.sources import open_source
from shiftlens.framework.values.gate import SHARE
from shiftlens.plugin import ImageSet, Picture, StyleModel, reconstruction_error, square
from shiftlens.plugins.parts.sites import SITES
from shiftlens.plugins.stylegan2.measure import psnr, reconstructed
from shiftlens.plugins.stylegan2.tensors import as_tensor

TURNS = {90: 1, 180: 2}


def row(model: StyleModel, images: ImageSet, said: str, quarters: int = 0) -> str:
    """Give a row of the table, of images turned by so many quarters."""
    assert model.encoder is not None
    assert model.error_limit is not None
    side = model.encoder.size
    pictures = [picture for _, picture in images.decoded(at_least=side) if isinstance(picture, Picture)]
    seen = as_tensor(np.stack([np.rot90(square(picture, side), quarters) for picture in pictures]))
    made, bare = (reconstructed(model.encoder, model.generator, seen, noise) for noise in ("fixed", "none"))
    share = float((reconstruction_error(seen, made) > model.error_limit).float().mean())
    figures = " | ".join(f"{psnr(seen, one):.1f}" for one in (made, bare))
    return f"| {said} | {len(seen)} | {figures} | {100 * share:.0f} % | {'closed' if share > SHARE else 'open'} |"


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--backbone", default="parts-style-64")
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--turned", default="osaka", choices=sorted(SITES))
    given = parser.parse_args()
    now = session()
    model: StyleModel = now.model(given.backbone)

    def rendered(site: str) -> ImageSet:
        return open_source(f"parts:{site}?n={given.images}&size={model.generator.size}&seed={given.seed}", site, now.host)

    print("| images | how many | PSNR, dB | without noise | above the limit | gate |\n|---|---|---|---|---|---|")
    for site in SITES:
        print(row(model, rendered(site), site), flush=True)
    for degrees, quarters in TURNS.items():
        print(row(model, rendered(given.turned), f"{given.turned}, turned by {degrees}°", quarters), flush=True)
    for folder in given.folders:
        found = open_source(folder, "folder", now.host)
        chosen = np.linspace(0, len(found) - 1, min(given.images, len(found))).astype(int)
        print(row(model, replace(found, refs=tuple(found.refs[i] for i in chosen)), Path(folder).name), flush=True)


if __name__ == "__main__":
    main()
