"""Blocks rendered side by side, each on one thread of torch.

Torch splits every operation over its threads and waits for all of them at its end; where other work
shares the cores that is slower than one thread. Whole blocks side by side wait for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import torch

from ... import in_order
from .renderer import Rendered, World, render_block


def lanes(count: int) -> ThreadPoolExecutor:
    """Start ``count`` threads that each use one thread of torch."""
    before, started = torch.get_num_threads(), Barrier(count + 1)

    def begin() -> None:
        torch.set_num_threads(1)
        started.wait()

    pool = ThreadPoolExecutor(max_workers=count, initializer=begin, thread_name_prefix="parts")
    for _ in range(count):
        pool.submit(int)
    started.wait()
    torch.set_num_threads(before)  # what a lane sets is also what later threads of the process begin with
    return pool


def blocks(world: World, count: int, *, workers: int = 2) -> Iterator[tuple[int, Rendered]]:
    """Give the number of its first image, and each block, of the first ``count`` images, in order; few wait at a time."""

    def rendered(block: int) -> tuple[int, Rendered]:
        return block * world.block, render_block(world, block)

    with lanes(workers) as pool:
        yield from in_order(pool, rendered, range(-(-count // world.block)), most=2 * workers + 1)
