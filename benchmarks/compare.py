"""What a whole comparison costs: seconds, peak memory, a second identical run, and growth with the number of images.

``python benchmarks/compare.py DEV SITE``; give two sets of 480 images to repeat the figures of the documents.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def cost(sources: list[str], out: Path, store: Path, *extra: str) -> tuple[float, float]:
    """Give seconds and peak memory in MiB of one comparison in a process of its own."""
    words = [sys.executable, "-m", "shiftlens", "compare", *sources, "-o", str(out), "--quiet", *extra]
    began = time.perf_counter()
    process = subprocess.Popen(words, env=os.environ | {"SHIFTLENS_STORE": str(store)}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(words)}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return time.perf_counter() - began, usage.ru_maxrss / unit


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs=2)
    parser.add_argument("--pipeline")
    given = parser.parse_args()
    more = ["--pipeline", given.pipeline] if given.pipeline else []
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        first, memory = cost(given.sources, work / "out", work / "store", *more)
        second, _ = cost(given.sources, work / "out", work / "store", *more)
        size = (work / "out/report.html").stat().st_size / 2**20
    print(f"first {first:.1f} s, peak {memory:.0f} MiB, report {size:.1f} MiB")
    print(f"second {second:.1f} s, {second / first:.1%} of the first")
