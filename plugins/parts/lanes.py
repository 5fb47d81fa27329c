"""Blocks rendered side by side, each on one thread of torch."""

from __future__ import annotations

from collections.abc import Iterator

from ...plugin import in_order, lanes
from .renderer import Rendering, World, render_block


def blocks(world: World, count: int, *, workers: int = 2) -> Iterator[tuple[int, Rendering]]:
    """Give the number of its first image, and each block, of the first ``count`` images, in order; few wait at a time."""

    def rendered(block: int) -> tuple[int, Rendering]:
        return block * world.block, render_block(world, block)

    with lanes(workers) as pool:
        yield from in_order(pool, rendered, range(-(-count // world.block)), most=2 * workers + 1)
