"""What a translator between two parts sites is worth: how near it comes to the truth, and whether it brings a model back.

``python benchmarks/translation_worth.py [--backbone matsuyama-to-osaka] [--source matsuyama] [--target osaka]
[--images 1500] [--epochs 14] [--seeds 0 1 2]``

First, 64 parts that stand in the same pose at both sites are repaired in every way, and held against what they look like at
the target. Then a small network learns on parts of the target site to tell those with a stain or a missing hole from good
ones, and is tried on other parts of that site, on parts of the source site, and on these repaired in every way (through the
gate: what that holds back stays as it was). *Recovered* is the share of the lost balanced accuracy that a way brings back.
Means over seeds of the classifier and, after ±, their standard deviation; with ``--epochs 0`` there is no classifier.
"""

from __future__ import annotations

import argparse
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from translation_measures import HEAD, measured, pictures, repaired

from shiftlens.framework.running.session import Session, session
from shiftlens.framework.running.sources import open_source
from shiftlens.plugins.mcdut.cheap import Floats
from shiftlens.plugins.mcdut.gate import judge

SIZE, TESTED, BATCH, RATE = 128, 400, 32, 3e-3
PAIRS, PAIRS_SEED = 64, 9001
DEFECTS = "&".join([
    "defects.stain=0.3", "defects.missing-hole=0.25", "defects.scratch=0", "defects.dent=0", "defects.burr=0",
    "defects.crack=0", "defect_size=%2B0.5",
])  # fmt: skip


def lot(now: Session, site: str, seed: int, count: int) -> tuple[list[Floats], NDArray[np.bool_]]:
    """Give parts of a site, and which of them have a defect."""
    images = open_source(f"parts:{site}?{DEFECTS}&n={count}&seed={seed}&size={SIZE}", "lot", now.host)
    return pictures(images), np.array([ref.meta["label"] == "NG" for ref in images.refs])


def batch(some: list[Floats]) -> Tensor:
    """Give pictures as ``(images, 3, rows, columns)`` in -1..1."""
    return torch.from_numpy(np.stack(some)).permute(0, 3, 1, 2).mul(2).sub(1).contiguous()


def trained(images: Tensor, wrong: Tensor, epochs: int, seed: int) -> nn.Module:
    """Train the classifier; pictures are mirrored at random, nothing else is varied."""
    torch.manual_seed(seed)
    widths, parts = [3, 16, 32, 48, 64], []
    for narrow, wide in pairwise(widths):
        parts += [nn.Conv2d(narrow, wide, 3, 2, 1), nn.BatchNorm2d(wide), nn.ReLU()]
    parts += [nn.Conv2d(64, 64, 3, 1, 1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, 1)]
    network = nn.Sequential(*parts)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-2)
    whole = len(images) // BATCH * BATCH
    course = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=epochs * whole // BATCH)
    for _ in range(epochs):
        for rows in torch.randperm(len(images))[:whole].view(-1, BATCH):
            some = images[rows]
            for axis in (2, 3):
                some = some.flip(axis) if torch.rand(()) < 0.5 else some
            loss = F.binary_cross_entropy_with_logits(network(some)[:, 0], wrong[rows].float())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            course.step()
    return network.eval()


@torch.inference_mode()
def accuracy(network: nn.Module, images: Tensor, wrong: NDArray[np.bool_]) -> float:
    """Give the mean of the shares of defects found and of good parts passed."""
    said = torch.cat([network(some)[:, 0] for some in images.split(64)]).numpy() > 0
    return float((said[wrong].mean() + (~said[~wrong]).mean()) / 2)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--backbone", default="matsuyama-to-osaka")
    parser.add_argument("--source", default="matsuyama")
    parser.add_argument("--target", default="osaka")
    parser.add_argument("--images", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    now = session()
    model, features = now.model(given.backbone), now.model("efficientnet-lite0")
    before, truth = (
        pictures(open_source(f"parts:{site}?like={given.target}&n={PAIRS}&seed={PAIRS_SEED}&size={SIZE}", "pairs", now.host))
        for site in (given.source, given.target)
    )
    print(HEAD)
    for method in ("none", *model.repairs, "network"):
        print(measured(before, repaired(model, method, before), truth, features).row(method), flush=True)
    stopped = sum(judge(x, y, model.limits).reason is not None for x, y in zip(before, truth, strict=True))
    print(f"\nthe gate would hold back {stopped} of {len(truth)} true counterparts\n", flush=True)
    if not given.epochs:
        return
    learnt, wrong = lot(now, given.target, 1, given.images)
    networks = [trained(batch(learnt), torch.from_numpy(wrong), given.epochs, seed) for seed in given.seeds]
    there, site = lot(now, given.target, 2, TESTED), lot(now, given.source, 3, TESTED)
    best = np.array([accuracy(network, batch(there[0]), there[1]) for network in networks])
    print(f"{wrong.mean():.0%} of {len(wrong)} parts have a defect; {TESTED} a side are tried\n")
    print("| images | held back | balanced accuracy | recovered |\n|---|---|---|---|")
    print(f"| {given.target} | – | {said(best)} | – |")
    lost = np.zeros(len(networks))
    for method in ("none", *model.repairs, "network"):
        made = repaired(model, method, site[0])
        held = [judge(x, y, model.limits).reason is not None for x, y in zip(site[0], made, strict=True)]
        used = batch([x if stays else y for x, y, stays in zip(site[0], made, held, strict=True)])
        found = np.array([accuracy(network, used, site[1]) for network in networks])
        if method == "none":
            lost = best - found
            print(f"| {given.source} | – | {said(found)} | 0 % |", flush=True)
            continue
        share = 1 - float((best - found).mean()) / max(float(lost.mean()), 1e-9)
        print(f"| {given.source}, {method} | {np.mean(held):.1%} | {said(found)} | {share:.0%} |", flush=True)


def said(values: NDArray[np.float64]) -> str:
    """Give mean and deviation."""
    return f"{values.mean():.3f}" + (f" ± {values.std(ddof=1):.3f}" if len(values) > 1 else "")


if __name__ == "__main__":
    main()
