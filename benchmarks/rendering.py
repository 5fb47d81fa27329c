"""Rendering of parts: images a second, against the plain loop that leaves the threads to torch, alternating in one run.

``python benchmarks/rendering.py [--sizes 64,128,256] [--seconds 4] [--rounds 3] [--lanes 2]``

Ends with 1 where 64 px comes below 150 images a second or 128 px below 40 on two lanes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch

from shiftlens.plugins.parts.lanes import blocks
from shiftlens.plugins.parts.renderer import World, render_block
from shiftlens.plugins.parts.sites import SITES

LEAST = {64: 150.0, 128: 40.0}
"""Images a second that are promised on two cores, by size in px."""


def rate(work: Callable[[int], None], count: int) -> float:
    """Give images a second of ``work(count)``."""
    start = time.perf_counter()
    work(count)
    return count / (time.perf_counter() - start)


def measure(size: int, lanes: int, seconds: float, rounds: int) -> tuple[float, float]:
    """Give images a second side by side and in a plain loop, medians of ``rounds``."""
    world = World(SITES["osaka"], seed=1, size=size)

    def ours(count: int) -> None:
        for _ in blocks(world, count, workers=lanes):
            pass

    def plain(count: int) -> None:
        for block in range(-(-count // world.block)):
            render_block(world, block)

    ours(2 * lanes * world.block)
    once = rate(ours, 4 * lanes * world.block)
    count = max(1, round(once * seconds / world.block)) * world.block
    took = [(rate(ours, count), rate(plain, max(world.block, count // 4 // world.block * world.block))) for _ in range(rounds)]
    side_by_side, loop = (statistics.median(column) for column in zip(*took, strict=True))
    return side_by_side, loop


def main() -> int:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="64,128,256")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lanes", type=int, default=2)
    words = parser.parse_args()
    torch.set_num_threads(words.lanes)
    held = True
    for size in map(int, words.sizes.split(",")):
        ours, loop = measure(size, words.lanes, words.seconds, words.rounds)
        print(f"{size} px: {ours:.1f} images/s on {words.lanes} lanes, plain loop {loop:.1f} images/s, ratio {ours / loop:.2f}")
        held &= words.lanes < 2 or ours >= LEAST.get(size, 0.0)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
