"""W1 of two plain samples, all rows at once, exactly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
BLOCK = 1 << 16
"""Values held at once: with their differences (512 KiB in float64) they stay in the cache of one core."""


class Levels:
    """The pieces of the quantile axis between which neither empirical quantile function jumps.

    W1 is the integral of abs(Q_b - Q_a) over levels 0..1. The jumps {i/n} and {j/m}, and the order
    statistics on both sides of them, depend on ``n`` and ``m`` alone, so they serve every row.
    Levels are counted in units of 1/(n*m): integers, exact.
    """

    def __init__(self, n: int, m: int) -> None:
        ends = np.unique(np.concatenate([np.arange(1, n + 1, dtype=np.int64) * m, np.arange(1, m + 1, dtype=np.int64) * n]))
        self.width: Floats = np.diff(ends, prepend=0) / (n * m)
        self.first = (ends - 1) // m
        self.second = (ends - 1) // n
        self.equal = n == m

    def between(self, a: Singles, b: Singles, room: Floats) -> tuple[Floats, Floats]:
        """Give ``(up, down)`` of sorted rows; ``room`` ``(rows, pieces)`` is written over."""
        if self.equal:
            np.subtract(b, a, out=room, dtype=np.float64)
        else:
            np.subtract(np.take(b, self.second, axis=1), np.take(a, self.first, axis=1), out=room, dtype=np.float64)
        net = room @ self.width
        total = np.abs(room, out=room) @ self.width
        return np.maximum(total + net, 0) / 2, np.maximum(total - net, 0) / 2


def transport_sorted(a: Singles, b: Singles) -> tuple[Floats, Floats]:
    """Give ``(up, down)`` of rows that are sorted: W1 is their sum, mean(b) - mean(a) their difference.

    Args:
        a: ``(rows, n)``, each row ascending.
        b: ``(rows, m)``, each row ascending.
    """
    levels = Levels(a.shape[1], b.shape[1])
    up, down = np.empty(len(a)), np.empty(len(a))
    step = max(1, BLOCK // len(levels.width))
    for start in range(0, len(a), step):
        rows = slice(start, start + step)
        up[rows], down[rows] = levels.between(a[rows], b[rows], np.empty((len(a[rows]), len(levels.width))))
    return up, down


def wasserstein(a: Singles, b: Singles, workers: int = 1) -> Floats:
    """Give W1 of each row of ``a`` ``(rows, n)`` against the same row of ``b`` ``(rows, m)``, no NaN.

    Memory beyond the input is two small buffers a thread, whatever the number of rows.

    >>> wasserstein(np.zeros((1, 3), np.float32), np.ones((1, 2), np.float32))
    array([1.])
    """
    levels = Levels(a.shape[1], b.shape[1])
    out = np.empty(len(a))
    step = max(1, BLOCK // (a.shape[1] + b.shape[1]))
    starts = range(0, len(a), step)

    def work(mine: range) -> None:
        first, second = (np.empty((step, side.shape[1]), np.float32) for side in (a, b))
        room = np.empty((step, len(levels.width)))
        for start in mine:
            count = min(step, len(a) - start)
            for buffer, side in ((first, a), (second, b)):
                buffer[:count] = side[start : start + count]
                buffer[:count].sort(axis=1)
            up, down = levels.between(first[:count], second[:count], room[:count])
            out[start : start + count] = up + down

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        list(pool.map(work, [starts[i :: max(1, workers)] for i in range(max(1, workers))]))
    return out
