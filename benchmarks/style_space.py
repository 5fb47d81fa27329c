"""What the style space costs: scoring thousands of correlated channels, and encoding, decoding and traversing images.

``python benchmarks/style_space.py [--channels 7168] [--images 250 500 1000 2000] [--backbone NAME_OR_PATH]``

The first table scores random codes whose channels are mixtures of 16 causes, one of which is moved by one deviation, with the
defaults of ``stylediff``; the factor is that to the row above. The second, where a backbone is given, encodes and decodes
200 parts and traverses what leads between two sites. Times depend on what else the machine does: the load is printed.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from shiftlens.framework.running.session import session
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import Context, Dimension, Latents, Space
from shiftlens.plugins.stylediff.config import StyleDiffConfig
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.plugins.stylespace.encoder import StyleSpaceEncoder
from shiftlens.plugins.stylespace.traverse import StyleTraverser

CAUSES = 16
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Time one call."""
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def latents(name: str, count: int, channels: int, shift: float) -> Latents:
    """Codes of ``channels`` that mix few causes, as the channels of a style generator do."""
    rng = np.random.default_rng(sum(name.encode()))
    mixing = np.random.default_rng(0).normal(size=(CAUSES, channels)) / CAUSES**0.5
    causes = rng.normal(size=(count, CAUSES))
    causes[:, 0] += shift
    values = causes @ mixing + 0.05 * rng.normal(size=(count, channels))
    ids = tuple(f"{name}{i}" for i in range(count))
    space = Space(encoder="style", key="k", dimensions=tuple(Dimension(id=f"c/{i}") for i in range(channels)))
    return Latents(space=space, images=name, ids=ids, groups=ids, values=values.astype(np.float32))


def scoring(channels: int, counts: list[int]) -> None:
    """Print seconds of a whole scoring by the number of images a side."""
    print("| channels | images | seconds | factor | significant | clusters |\n|---|---|---|---|---|---|")
    before = None
    for count in counts:
        sides = latents("a", count, channels, 0), latents("b", count, channels, 1)
        seconds, scores = timed(lambda sides=sides: StyleDiff(StyleDiffConfig(), context=Context(workers=2)).score(*sides))
        found = int((scores.significance.p_family <= scores.alpha).sum())
        factor = "" if before is None else f"{seconds / before:.2f}"
        print(f"| {channels} | {count} + {count} | {seconds:.1f} | {factor} | {found} | {scores.causes.cluster.max() + 1} |")
        before = seconds


def decoding(name: str) -> None:
    """Print images a second of encoding with its gate, and seconds of traversals."""
    now = session()
    weights = now.weights(name)
    model = weights.load(now.host, Context())
    context = Context(workers=2, backbone_digest=weights.digest)
    query = f"n=200&size={now.catalogue.get(name).input_size}"
    sides = [open_source(f"parts:{site}?{query}&seed={i}", site, now.host) for i, site in enumerate(("osaka", "nagoya"))]
    for side in sides:
        list(side.decoded())  # rendered before the clock runs
    encoder = StyleSpaceEncoder(backbone=model, context=context)
    codes = [timed(lambda side=side: encoder.encode(side)) for side in sides]
    scores = StyleDiff(StyleDiffConfig(self_splits=0), context=context).score(*(code for _, code in codes))
    seconds, made = timed(
        lambda: StyleTraverser(backbone=model, context=context).traverse(*sides, *(code for _, code in codes), scores)
    )
    print(f"\nencoder and generator: {400 / sum(s for s, _ in codes):.0f} images/s")
    print(f"traversals: {seconds:.1f} s, {len(made.attributes)} shown, {len(made.unseen)} not visible")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--channels", type=int, default=7168)
    parser.add_argument("--images", type=int, nargs="*", default=[250, 500, 1000, 2000])
    parser.add_argument("--backbone")
    given = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f}\n")
    scoring(given.channels, given.images)
    if given.backbone:
        decoding(given.backbone)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\npeak memory: {peak:.1f} GiB; load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
