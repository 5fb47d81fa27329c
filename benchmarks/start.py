"""How long ``shiftlens --help`` takes beside an empty click program: ``python benchmarks/start.py``."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

EMPTY = "import click\n@click.group()\ndef cli(): pass\ncli()"
OURS = "from shiftlens.framework.cli.main import main; main()"
RUNS = 21


def seconds(code: str) -> float:
    """Give the seconds of one fresh process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    pairs = [(seconds(OURS), seconds(EMPTY)) for _ in range(RUNS)][1:]
    ours, empty = (median(side) for side in zip(*pairs, strict=True))
    print(f"--help {1000 * ours:.0f} ms, empty click program {1000 * empty:.0f} ms, ratio {ours / empty:.2f}")
