"""Batches side by side, each on one thread of torch, in the order in which they came.

Torch splits every layer over its threads and waits for all of them at its end. Where other work
shares the cores that waiting makes two threads slower than one (ten times in the README's trial);
whole batches side by side wait for nobody, and their results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from ... import in_order

A = TypeVar("A")
B = TypeVar("B")


def in_lanes(work: Callable[[A], B], items: Iterable[A], *, lanes: int, device: str = "cpu") -> Iterator[B]:
    """Give ``work(item)`` of every item; at most ``lanes`` + 1 items wait. An accelerator takes them one after the other."""
    if device != "cpu":
        yield from map(work, items)
        return
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(max_workers=lanes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield from in_order(pool, work, items, most=lanes + 1)
    finally:
        torch.set_num_threads(before)  # what a lane sets is also what later threads of the process begin with
