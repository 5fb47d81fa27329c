"""What a second identical ``compare --repair`` costs: whole processes, on rendered parts, as a share of the first.

``python benchmarks/repeat.py [IMAGES]`` prints seconds of both, their ratio, and whether the reports are equal to the byte.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPORT = ("report.html", "report.json", "attributes.csv", "repair.csv")


def main() -> None:
    """Run twice."""
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 480
    with tempfile.TemporaryDirectory() as place:
        own = os.environ | {"SHIFTLENS_STORE": str(Path(place, "store"))}
        sides = []
        for site, seed in (("osaka", 1), ("matsuyama", 2)):
            folder = Path(place, site)
            words = [sys.executable, "-m", "shiftlens", "synth", f"parts:{site}", "-n", str(images), "--seed", str(seed)]
            subprocess.run([*words, "-o", str(folder)], check=True, capture_output=True, env=own)
            sides.append(str(folder / "test"))
        seconds, reports = [], []
        for out in ("first", "second"):
            words = [sys.executable, "-m", "shiftlens", "compare", *sides, "--repair", "matsuyama-to-osaka", "--quiet"]
            began = time.perf_counter()
            subprocess.run([*words, "-o", str(Path(place, out))], check=True, capture_output=True, env=own)
            seconds.append(time.perf_counter() - began)
            reports.append([Path(place, out, name).read_bytes() for name in REPORT])
        print(f"first {seconds[0]:.1f} s, second {seconds[1]:.1f} s, ratio {seconds[1] / seconds[0]:.3f}")
        print(f"reports {'equal' if reports[0] == reports[1] else 'DIFFER'}")


if __name__ == "__main__":
    main()
