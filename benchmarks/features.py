"""Which input size and layer tell two sets apart, and whether difference maps point at marked defects.

``python benchmarks/features.py REFERENCE TARGET [--sizes 160,224] [--layers blocks.6,final]``

Prints the scorer's held-out AUC for each size and layer. Where a target image has a mask (a PNG of the same stem
beside it, white where the defect is), it also prints how often the hottest place of its map lies on the mask or
within one place of it, and how often a place drawn at random would.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shiftlens.framework.host.host import discover
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import AttentionMaps, AttributeScores, Context, ImageSet, Latents
from shiftlens.plugins.features.config import DifferenceMapConfig, FeaturesConfig
from shiftlens.plugins.features.encoder import FeaturesEncoder
from shiftlens.plugins.features.explainer import DifferenceMap
from shiftlens.plugins.features.family import TimmFamily
from shiftlens.plugins.features.network import TimmFeatures
from shiftlens.plugins.stylediff.config import StyleDiffConfig
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.registry.catalogue import Catalogue

CONTEXT = Context(backbone_digest="one")


def near_mask(mask: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.bool_]:
    """Give the places of a map that touch the mask, and their neighbours."""
    touched = np.zeros((rows + 2, columns + 2), bool)
    for y, x in np.argwhere(mask):
        row, column = y * rows // mask.shape[0], x * columns // mask.shape[1]
        touched[row : row + 3, column : column + 3] = True
    return touched[1:-1, 1:-1]


def pointing(maps: AttentionMaps, place: Path) -> tuple[int, float, int]:
    """Count hits, hits expected by chance, and images with a mask."""
    hits, chance, images = 0, 0.0, 0
    for name, heat in zip(maps.ids, maps.maps, strict=True):
        file = (place / name).resolve().with_suffix(".png")
        if not file.is_file() or (place / name).suffix == ".png":
            continue
        near = near_mask(np.asarray(Image.open(file).convert("L")) > 127, *heat.shape)
        hits += bool(near[np.unravel_index(heat.argmax(), heat.shape)])
        chance += float(near.mean())
        images += 1
    return hits, chance, images


def scored(sets: list[ImageSet], network: TimmFeatures, layer: str) -> AttributeScores:
    """Encode both sets and score them."""
    encoder = FeaturesEncoder(FeaturesConfig(layer=layer), backbone=network, context=CONTEXT)
    latents: list[Latents] = [encoder.encode(images) for images in sets]
    return StyleDiff(StyleDiffConfig(permutations=199, bootstrap=50, self_splits=0), context=CONTEXT).score(*latents)


def main() -> None:
    """Measure every size with every layer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("target")
    parser.add_argument("--sizes", default="160,224")
    parser.add_argument("--layers", default="blocks.4,blocks.6,final")
    words = parser.parse_args()
    host = discover()
    sets = [open_source(words.reference, "reference", host), open_source(words.target, "target", host)]
    catalogue = Catalogue(host.backbones)
    for size in map(int, words.sizes.split(",")):
        spec = catalogue.get("efficientnet-lite0").model_copy(update={"input_size": size})
        network = TimmFamily().load(spec, catalogue.verified(spec)[0])
        for layer in words.layers.split(","):
            scores = scored(sets, network, layer)
            explainer = DifferenceMap(DifferenceMapConfig(most=1000), backbone=network, context=CONTEXT)
            hits, chance, images = pointing(explainer.explain(sets[1], scores), Path(words.target))
            print(
                f"{size} px, {layer}: AUC {scores.joint.separation:.3f} (p {scores.joint.p:.3f}), "
                f"hottest place on the defect {hits} of {images}, by chance {chance:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
