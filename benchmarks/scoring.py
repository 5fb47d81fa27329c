"""How fast W1 of all dimensions is, against a loop over scipy, in one run; how it grows; and a whole scoring.

Run with one thread: ``OMP_NUM_THREADS=1 python benchmarks/scoring.py``. The loop is timed on every 16th
dimension and multiplied, as it is linear in them; everything else is timed whole. Best of three.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import numpy as np
from scipy.stats import wasserstein_distance

from shiftlens.plugin import Context, Dimension, Latents, Space
from shiftlens.plugins.stylediff.config import StyleDiffConfig
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.plugins.stylediff.wasserstein import wasserstein

DIMENSIONS = 9088
EVERY = 16
REPEATS = 3


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def against_scipy(rng: np.random.Generator, n: int, m: int) -> None:
    a, b = (rng.standard_normal((DIMENSIONS, k), dtype=np.float32) for k in (n, m))
    one, two = (seconds(lambda w=w: wasserstein(a, b, w)) for w in (1, 2))
    loop = EVERY * seconds(lambda: [wasserstein_distance(x, y) for x, y in zip(a[::EVERY], b[::EVERY], strict=True)])
    worst = max(
        abs(w - wasserstein_distance(x, y)) / w
        for w, x, y in zip(wasserstein(a[::EVERY], b[::EVERY]), a[::EVERY], b[::EVERY], strict=True)
    )
    print(
        f"d={DIMENSIONS} N={n}+{m}: scipy loop {loop:.1f} s; one thread {one:.2f} s, {loop / one:.1f}x faster; "
        f"two threads {two:.2f} s, {loop / two:.1f}x faster; differs by {worst:.1e}"
    )


def growth(rng: np.random.Generator) -> None:
    last = 0.0
    factors = []
    for n in (1_000, 2_000, 4_000, 8_000, 16_000):
        a, b = (rng.standard_normal((1024, n), dtype=np.float32) for _ in range(2))
        taken = seconds(lambda a=a, b=b: wasserstein(a, b), 5)
        factors.append(taken / last if last else 0.0)
        print(f"d=1024 N={n}+{n}: {taken:.3f} s" + (f", factor {factors[-1]:.2f}" if last else ""))
        last = taken
    print(f"median factor per doubling: {np.median(factors[1:]):.2f}")


def whole(rng: np.random.Generator, n: int, dimensions: int) -> None:
    space = Space(encoder="bench", key="bench", dimensions=tuple(Dimension(id=f"d{i}") for i in range(dimensions)))
    sides = []
    for name in ("reference", "target"):
        values = rng.standard_normal((n, dimensions), dtype=np.float32)
        values[:, :5] += name == "target"
        ids = tuple(f"{name}{i}" for i in range(n))
        sides.append(Latents(space=space, images=name, ids=ids, groups=ids, values=values))
    scorer = StyleDiff(StyleDiffConfig(), context=Context(workers=1))
    print(f"whole scoring d={dimensions} n=m={n}, defaults, one thread: {seconds(lambda: scorer.score(*sides), 1):.2f} s")


def main() -> None:
    rng = np.random.default_rng(0)
    print(f"numpy {np.__version__}, {platform.machine()}")
    against_scipy(rng, 4_000, 4_000)
    against_scipy(rng, 4_000, 3_000)
    growth(rng)
    for n, dimensions in ((480, 22), (480, 1280), (2_000, 1280)):
        whole(rng, n, dimensions)


if __name__ == "__main__":
    main()
