"""Encoding against bare loops over the same network with all pictures already in memory, alternating in one run.

``python benchmarks/encoding.py FOLDER [--images 480] [--rounds 3] [--threads 2] [--sizes 160,224]``

All use the same cores and batches; the encoder also reads, decodes and scales the files. One bare loop leaves
the threads to torch, the other runs batches in lanes as the encoder does. The ratio is that of the median to
that of the faster bare loop: 1.0 means that decoding costs nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from shiftlens.framework.host.host import discover
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import Context, ImageSet, batches, in_lanes
from shiftlens.plugins.features.encoder import FeaturesEncoder, pooled
from shiftlens.plugins.features.family import TimmFamily
from shiftlens.plugins.features.network import TimmFeatures
from shiftlens.registry.catalogue import Catalogue


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def loaded(size: int | None) -> TimmFeatures:
    """Load the built-in backbone, at another input size where one is given."""
    catalogue = Catalogue(discover().backbones)
    spec = catalogue.get("efficientnet-lite0")
    if size:
        spec = spec.model_copy(update={"input_size": size})
    return TimmFamily().load(spec, catalogue.verified(spec)[0])


def measure(images: ImageSet, network: TimmFeatures, rounds: int, workers: int) -> tuple[float, float, float]:
    """Give images a second of the encoder, of the plain loop and of the loop in lanes, medians of ``rounds``."""
    encoder = FeaturesEncoder(backbone=network, context=Context(workers=workers))
    ready = [squares for _, squares in batches(images, network.size, [], workers=workers)]

    def code(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        return pooled(network.maps(squares, "final"))

    works = (
        lambda: encoder.encode(images),
        lambda: [code(squares) for squares in ready],
        lambda: list(in_lanes(code, ready, count=workers)),
    )
    encoder.encode(images.shards(32)[0])
    took = [[seconds(work) for work in works] for _ in range(rounds)]
    ours, plain, lanes = (len(images) / statistics.median(column) for column in zip(*took, strict=True))
    return ours, plain, lanes


def main() -> int:
    """Measure each size; end with 1 where the encoder is below 0.9 of the bare loop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--images", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sizes", default="", help="input sizes to try, by default that of the spec")
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    images = open_source(words.folder, "images", discover())
    images = images.select(images.refs[: words.images])
    ratios = []
    for size in map(int, filter(None, words.sizes.split(","))) if words.sizes else [None]:
        network = loaded(size)
        ours, plain, lanes = measure(images, network, words.rounds, words.threads)
        ratios.append(ours / max(plain, lanes))
        print(
            f"{len(images)} images at {network.size} px, {words.threads} threads: encoder {ours:.1f} images/s, bare loop "
            f"{plain:.1f}, bare lanes {lanes:.1f}, ratio {ratios[-1]:.3f}; 2 x 480 images in {960 / ours:.0f} s",
            flush=True,
        )
    return 0 if min(ratios) >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
