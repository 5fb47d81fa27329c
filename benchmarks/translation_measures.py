"""What the benchmarks of translation measure on pictures whose true counterparts are known. Not a benchmark by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from shiftlens.plugin import Features, ImageSet, Picture
from shiftlens.plugins.mcdut.cheap import Floats
from shiftlens.plugins.mcdut.model import Mcdut
from shiftlens.plugins.mcdut.safety import apart, pooled
from shiftlens.plugins.mcdut.structure import edge_f1, gradient_correlation
from shiftlens.plugins.mcdut.translator import colours
from shiftlens.plugins.stylegan2.perceptual import Perceptual

HEAD = "| way | PSNR, dB | perceptual | KD | FD | edges | gradients | grain |\n|---|---|---|---|---|---|---|---|"


class Measured(NamedTuple):
    """One way to repair, on average over images.

    ``psnr`` in dB and ``perceptual`` (EfficientNet-Lite0, three shallow layers) to the true counterpart; ``kernel`` and
    ``frechet`` distances to the counterparts as a set; ``edges`` F1 and ``gradients`` correlation to what came in;
    ``grain`` the deviation of finest detail, as a share of the counterpart's.
    """

    psnr: float
    perceptual: float
    kernel: float
    frechet: float
    edges: float
    gradients: float
    grain: float

    def row(self, name: str) -> str:
        """Give a line of a Markdown table."""
        first, second = f"{self.psnr:.2f} | {self.perceptual:.4f}", f"{self.kernel:.2f} | {self.frechet:.2f}"
        return f"| {name} | {first} | {second} | {self.edges:.3f} | {self.gradients:.3f} | {self.grain:.2f} |"


def measured(before: Sequence[Floats], after: Sequence[Floats], truth: Sequence[Floats], features: Features) -> Measured:
    """Measure a way: its pictures ``after`` of ``before``, whose true counterparts are ``truth``."""
    made, pairs = list(zip(after, truth, strict=True)), list(zip(before, after, strict=True))
    distance = apart(pooled(truth, features), pooled(after, features))
    return Measured(
        psnr=mean([-10 * np.log10(max(float(((x - y) ** 2).mean()), 1e-10)) for x, y in made]),
        perceptual=mean([_perceptual(x, y, features) for x, y in made]),
        kernel=distance.kernel,
        frechet=distance.frechet,
        edges=mean([edge_f1(x, y) for x, y in pairs]),
        gradients=mean([gradient_correlation(x, y) for x, y in pairs]),
        grain=mean([_grain(x) / max(_grain(y), 1e-9) for x, y in made]),
    )


def pictures(images: ImageSet) -> list[Floats]:
    """Give the pictures of a set in 0..1, all of them in memory."""
    return [colours(picture) for _, picture in images.decoded() if isinstance(picture, Picture)]


def repaired(model: Mcdut, method: str, before: Sequence[Floats]) -> list[Floats]:
    """Repair picture by picture; ``none`` leaves them."""
    if method == "none":
        return list(before)
    way = model.way(method)  # type: ignore[arg-type]
    return [way([picture])[0] for picture in before]


def mean(values: Sequence[float]) -> float:
    """Give the mean as a plain number."""
    return float(np.mean(values))


def work_folder(given: Path | None) -> Path:
    """Give the folder to work in, made if need be; a temporary one if none is given."""
    folder = given or Path(tempfile.mkdtemp(prefix="shiftlens-benchmark-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@torch.inference_mode()
def _perceptual(picture: Floats, truth: Floats, features: Features) -> float:
    distance = Perceptual(features)
    both = torch.from_numpy(np.stack([picture, truth])).permute(0, 3, 1, 2).mul(2).sub(1)
    one, other = ([layer[i : i + 1] for layer in distance.of(both)] for i in (0, 1))
    return float(distance.between(one, other))


def _grain(picture: Floats) -> float:
    """Give the deviation of a picture's second differences, as a share of its light."""
    grey = picture.mean(axis=2)
    fine = grey[1:-1, 1:-1] * 4 - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return float(fine.std() / max(float(grey.mean()), 1e-6))
