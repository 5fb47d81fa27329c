"""Kills runs at random moments and resumes them: is the report the same as that of an undisturbed run?

``python benchmarks/kill_resume.py DEV SITE [--pipeline FILE] [--times 30]``
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = ("report.json", "attributes.csv")


def command(sources: list[str], out: Path, pipeline: str | None) -> list[str]:
    """Give the words of one comparison."""
    extra = ["--pipeline", pipeline] if pipeline else []
    return [sys.executable, "-m", "shiftlens", "compare", *sources, "-o", str(out), "--quiet", *extra]


def finished(words: list[str], store: Path) -> float:
    """Run to the end and give the seconds that it took."""
    began = time.perf_counter()
    subprocess.run(words, env=os.environ | {"SHIFTLENS_STORE": str(store)}, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def killed(words: list[str], store: Path, after: float) -> bool:
    """Start, kill after some seconds with all children, and say whether it was still running."""
    environment = os.environ | {"SHIFTLENS_STORE": str(store)}
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def trial(sources: list[str], pipeline: str | None, times: int, seed: int) -> int:
    """Kill ``times`` runs while they run, resume each, and give how many reports are as if nothing had happened."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        seconds = finished(command(sources, work / "undisturbed", pipeline), work / "store")
        wanted = [(work / "undisturbed" / name).read_bytes() for name in FILES]
        equal = kills = 0
        while kills < times:
            words, store = command(sources, work / f"out{kills}", pipeline), work / f"store{kills}"
            if not killed(words, store, rng.uniform(0, seconds)):
                seconds *= 0.9  # it was done before its turn came
                shutil.rmtree(store)
                continue
            finished(words, store)
            equal += [(work / f"out{kills}" / name).read_bytes() for name in FILES] == wanted
            kills += 1
            shutil.rmtree(store)
        return equal


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs=2)
    parser.add_argument("--pipeline")
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    equal = trial(given.sources, given.pipeline, given.times, given.seed)
    print(f"{given.times} runs killed, {equal} resumed to the same {' and '.join(FILES)}")
    sys.exit(equal != given.times)
