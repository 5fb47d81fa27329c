"""Defect safety: what each way to repair does to planted defects, to structure, and to the distance from the target domain.

Every image is repaired by itself, so how many of a lot have a defect does not change what happens to one of them; unequal
ratios of OK to NG only weigh the same shares differently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from ... import Spec
from ...plugin import Features, square
from ...plugin import Picture as StoredPicture
from ...training import frechet_distance, kernel_distance, pooled_features
from .cheap import Floats
from .config import Limits
from .defects import KINDS, PlantedDefect, plant
from .detect import Level, changes, contrast, levels
from .gate import judge

Way = Callable[[list[Floats]], list[Floats]]
RATIOS: Mapping[str, float] = {"99:1": 0.01, "50:50": 0.5}
"""Shares of images with a defect."""
_AROUND = 4
_DRAWS = 40
_CELLS = 8


class Distance(Spec):
    """How far images are from the target domain: kernel distance, the mean of ``draws``, and Fréchet distance.

    Each draw is of a half of either set; two ways to repair the same images have draws of the same halves. ``light`` is how
    far the mean pictures of both sets are apart in most of 8 × 8 cells (the median, 0..1): networks hardly see dark corners.
    """

    kernel: float
    draws: tuple[float, ...]
    frechet: float
    light: float | None = None


class Row(Spec):
    """One way to repair, measured. Shares are 0..1; ``through`` is of the images that the gate lets through.

    ``unseen`` planted defects were too faint, or lost in texture, before any repair, and are left out.
    ``kept`` is the share of planted defects that keep half of their contrast or more; ``invented`` that of images, with and
    without planted defects, on which anything appeared elsewhere. ``escapes`` and ``overkills`` are lots of 1000 images by
    their ratio of OK to NG: defects that would be missed, and good images that would be rejected, for that alone.
    """

    name: str
    images: int
    planted: int
    unseen: int
    kept: float
    kept_through: float | None
    invented: float
    invented_through: float | None
    held_ok: float
    held_ng: float
    edges: float
    gradients: float
    distance: Distance | None
    escapes: dict[str, float]
    overkills: dict[str, float]


class Subject:
    """Pictures to measure on, with defects planted on copies of them.

    Args:
        pictures: ``(rows, columns, 3)`` in 0..1, held out from fitting.
        limits: what counts as a defect.
        seed: of the defects.
        planted: how many defects, at least; each kind once on every picture, and again where that gives fewer.
    """

    def __init__(self, pictures: Sequence[Floats], limits: Limits, seed: int = 0, planted: int = 1) -> None:
        self.pictures, self.limits = list(pictures), limits
        self.levels: list[list[Level]] = [levels(picture) for picture in self.pictures]
        self.planted: list[tuple[PlantedDefect, list[Level], float]] = []
        self.unseen = 0
        repeats = -(-planted // (len(KINDS) * len(self.pictures)))
        for i, picture in enumerate(self.pictures):
            for j, kind in enumerate(KINDS * repeats):
                made = plant(picture, kind, np.random.default_rng([seed, i, j]))
                found = levels(made.picture)
                strength = contrast(found, made.mask, dark=made.dark) if made.mask.any() else 0.0
                own = contrast(self.levels[i], made.mask, dark=made.dark) if made.mask.any() else 0.0
                if strength < max(limits.contrast, 2 * own):  # too faint, or lost in the picture's own texture
                    self.unseen += 1
                else:
                    self.planted.append((made, found, strength))

    def measured(self, name: str, way: Way, distance: Callable[[list[Floats]], Distance] | None = None) -> Row:
        """Measure one way to repair.

        Args:
            name: of the way.
            way: gives as many pictures, of the same sizes.
            distance: of repaired pictures from the target domain, if it is to be measured.
        """
        limits, repaired = self.limits, [way([picture])[0] for picture in self.pictures]
        pairs = zip(self.pictures, repaired, self.levels, strict=True)
        good = [judge(before, after, limits, found=found) for before, after, found in pairs]
        kept, extra, held = [], [], []
        for made, found, strength in self.planted:
            after = way([made.picture])[0]
            seen = levels(after)
            kept.append(contrast(seen, made.mask, dark=made.dark) >= limits.strength * strength)
            aside = binary_dilation(made.mask, iterations=_AROUND)
            extra.append(changes(found, seen, least=limits.contrast, strength=limits.strength, aside=aside).invented > 0)
            held.append(judge(made.picture, after, limits, found=found).reason is not None)
        wrong = [one.changes.invented > 0 for one in good]
        held_good = [one.reason is not None for one in good]
        missed = _mean([not k and not h for k, h in zip(kept, held, strict=True)])
        alarm = _mean([w and not h for w, h in zip(wrong, held_good, strict=True)])
        return Row(
            name=name, images=len(good), planted=len(kept), unseen=self.unseen,
            kept=_mean(kept), kept_through=_through(kept, held),
            invented=_mean(wrong + extra), invented_through=_through(wrong + extra, held_good + held),
            held_ok=_mean(held_good), held_ng=_mean(held), edges=_mean([one.edges for one in good]),
            gradients=_mean([one.gradients for one in good]),
            distance=None if distance is None else distance(repaired),
            escapes={ratio: round(1000 * share * missed, 3) for ratio, share in RATIOS.items()},
            overkills={ratio: round(1000 * (1 - share) * alarm, 3) for ratio, share in RATIOS.items()},
        )  # fmt: skip


def table(
    ways: Mapping[str, Way], pictures: Sequence[Floats], target: Sequence[Floats], limits: Limits, *,
    features: Features | None, seed: int = 0, planted: int = 1,
) -> list[Row]:  # fmt: skip
    """Measure doing nothing and every way in one table.

    Args:
        ways: by name.
        pictures: of the source domain, held out from fitting.
        target: of the target domain.
        limits: what must hold.
        features: the network of the distances; none are measured without one.
        seed: of defects and subsets.
        planted: how many defects, at least.
    """
    subject = Subject(pictures, limits, seed, planted)
    every = {"none": _unchanged, **ways}
    if features is None:
        return [subject.measured(name, way) for name, way in every.items()]
    network, reference, wanted = features, pooled(target, features), light(target)

    def distance(pictures: list[Floats]) -> Distance:
        found = apart(reference, pooled(pictures, network), seed)
        return found.model_copy(update={"light": float(np.median(np.abs(light(pictures) - wanted)))})

    return [subject.measured(name, way, distance) for name, way in every.items()]


def pooled(pictures: Sequence[Floats], features: Features) -> NDArray[np.float32]:
    """Give the means of a layer's maps, ``(pictures, channels)``."""
    eight = (np.rint(picture * 255).astype(np.uint8) for picture in pictures)
    return pooled_features((square(StoredPicture(one, 255.0), features.size) for one in eight), features)


def light(pictures: Sequence[Floats]) -> NDArray[np.float64]:
    """Give the mean colour of 8 × 8 cells, ``(8, 8, 3)``, over all pictures, of any sizes from 8 px."""
    cells = [
        [[cell.mean(axis=(0, 1)) for cell in np.array_split(band, _CELLS, axis=1)] for band in np.array_split(one, _CELLS)]
        for one in pictures
    ]
    return np.mean(cells, axis=0, dtype=np.float64)  # type: ignore[no-any-return]


def apart(reference: NDArray[np.float32], made: NDArray[np.float32], seed: int = 0) -> Distance:
    """Give the distances of two sets of features."""
    half = max(2, min(len(reference), len(made)) // 2)
    draws = [kernel_distance(reference, made, subsets=1, size=half, seed=one).mean for one in range(seed, seed + _DRAWS)]
    return Distance(kernel=float(np.mean(draws)), draws=tuple(draws), frechet=frechet_distance(reference, made))


def _unchanged(pictures: list[Floats]) -> list[Floats]:
    return pictures


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 6) if len(values) else 0.0


def _through(values: Sequence[bool], held: Sequence[bool]) -> float | None:
    found = [value for value, one in zip(values, held, strict=True) if not one]
    return _mean(found) if found else None
