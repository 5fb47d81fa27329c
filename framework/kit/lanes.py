"""Work side by side on threads that use one thread of torch each, in the order in which it came.

Torch splits every layer over its threads and waits for all of them at its end. Where other work
shares the cores that waiting makes two threads slower than one (ten times in the trial of the
features plugin's README); whole batches side by side wait for nobody, and their results do not
depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from ..values.ahead import in_order

A = TypeVar("A")
B = TypeVar("B")


def lanes(count: int) -> ThreadPoolExecutor:
    """Start ``count`` threads that each use one thread of torch."""
    import torch

    before, started = torch.get_num_threads(), Barrier(count + 1)

    def begin() -> None:
        torch.set_num_threads(1)
        started.wait()

    pool = ThreadPoolExecutor(max_workers=count, initializer=begin, thread_name_prefix="lane")
    for _ in range(count):
        pool.submit(int)
    started.wait()
    torch.set_num_threads(before)  # what a lane sets is also what later threads of the process begin with
    return pool


def in_lanes(work: Callable[[A], B], items: Iterable[A], *, count: int, device: str = "cpu") -> Iterator[B]:
    """Give ``work(item)`` of every item; at most ``count`` + 1 items wait. An accelerator takes them one after the other."""
    if device != "cpu":
        yield from map(work, items)
        return
    with lanes(count) as pool:
        yield from in_order(pool, work, items, most=count + 1)
