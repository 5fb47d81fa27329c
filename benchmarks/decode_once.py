"""What decoding once is worth: the encoders of ``compare``, each by itself and together, in one run.

``python benchmarks/decode_once.py [IMAGES] [MEGAPIXELS]`` draws as many PNG as JPEG files of that size, and prints
seconds, their ratio, the peak of memory of each way in a process of its own, and whether the codes are equal to the last bit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

WAYS = ("apart", "together")
WORK = """
import json, sys, time, resource
from pathlib import Path
from shiftlens.plugin import Workshop, make_plan, session, works_of, do, Store

folder, way, store = sys.argv[1:]
shop = Workshop.of(session())
steps = {use: {"use": use, "inputs": {"images": "images"}} for use in ("physical", "features")}
data = {"pipeline": "p", "inputs": {"images": "images"}, "steps": steps}
plan = make_plan(data, shop.session.host, shop.session.layers, shop.session.catalogue)
images = shop.opened({"images": folder}, ["images"])
keys = {"images": images["images"].digest()}
began = time.perf_counter()
digests = {}
for group in [[step] for step in plan.steps] if way == "apart" else [plan.steps]:
    with shop.executor(lambda done, total: None) as executor:  # one of its own knows nothing of what others decoded
        works = works_of(shop, Store(Path(store)), group, images, keys)
        do(works, executor, shop.telling(Path(store)))
        digests |= {work.step.name: work.whole().digest() for work in works}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
print(json.dumps({"seconds": time.perf_counter() - began, "peak_mib": peak, "digests": digests}))
"""


def drawn(folder: Path, images: int, megapixels: float) -> None:
    """Write textured pictures with grain, every second one as JPEG."""
    rng = np.random.default_rng(0)
    width, height = round((megapixels * 1.5e6) ** 0.5), round((megapixels * 1e6 / 1.5) ** 0.5)
    for i in range(images):
        coarse = Image.fromarray(rng.integers(60, 190, (height // 64, width // 64, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
        picture = Image.fromarray(np.clip(smooth + rng.integers(-6, 7, (height, width, 1)), 0, 255).astype(np.uint8))
        picture.save(
            folder / (f"{i:03d}.jpg" if i % 2 else f"{i:03d}.png"), **({"quality": 92} if i % 2 else {"compress_level": 3})
        )


def main() -> None:
    """Time both ways, twice in turn."""
    images, megapixels = int(sys.argv[1]) if len(sys.argv) > 1 else 24, float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "images")
        folder.mkdir()
        drawn(folder, images, megapixels)
        found: dict[str, list[dict[str, object]]] = {way: [] for way in WAYS}
        for turn in range(2):
            for way in WAYS:
                words = [sys.executable, "-c", WORK, str(folder), way, str(Path(place, f"store-{way}-{turn}"))]
                found[way].append(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
        best = {way: min(float(str(one["seconds"])) for one in runs) for way, runs in found.items()}
        for way, runs in found.items():
            print(f"{way:>9}: {best[way]:.1f} s, {runs[0]['peak_mib']:.0f} MiB")
        same = len({json.dumps(one["digests"], sort_keys=True) for runs in found.values() for one in runs}) == 1
        print(f"ratio {best['together'] / best['apart']:.2f}; codes {'equal' if same else 'DIFFER'}")


if __name__ == "__main__":
    main()
