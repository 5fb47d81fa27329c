"""Finished runs with a repair whose truth is known: a darker site, and translators that mend it, spoil it or refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from shiftlens import RunOutcome, Text
from shiftlens.plugin import Context, ImageRef, ImageSet, Latents, Picture, Translator, Treatment
from shiftlens.plugins.physical.config import PhysicalConfig
from shiftlens.plugins.physical.encoder import Physical
from shiftlens.plugins.stylediff.config import StyleDiffConfig
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.testing import Pictures

MEASURED = PhysicalConfig(
    attributes=("exposure", "contrast", "colour-temperature", "tint", "saturation", "sharpness", "noise", "texture-strength")
)
QUICK = StyleDiffConfig(permutations=199, bootstrap=50, self_splits=0)
DARK = 0.6
Change = Callable[[np.ndarray], np.ndarray]


@cache
def photos(name: str, count: int, *, gain: float = 1.0, seed: int = 0, size: int = 64, names: str = "{}") -> ImageSet:
    """Coloured textures with bright blobs; the same light but for ``gain``."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:size, 0:size]
    pictures = {}
    for i in range(count):
        grey = 110 * (1 + 0.1 * rng.normal(0, 1, (size // 8, size // 8)).repeat(8, 0).repeat(8, 1))
        grey *= rng.normal(1, 0.04) * (1 + 0.06 * rng.normal(0, 1, (size, size)))
        x, y = rng.uniform(size * 0.3, size * 0.7, 2)
        grey[(rows - y) ** 2 + (columns - x) ** 2 < (size / 5) ** 2] *= 1.4
        rgb = grey[..., None] * np.array([1.0, 0.95, 0.85]) * gain
        pictures[names.format(f"{name}-{i:03}.png")] = Picture(np.clip(np.rint(rgb), 0, 255).astype(np.uint8), 255.0)
    refs = tuple(ImageRef(id_, f"{name}-{count}-{gain}-{seed}-{id_}", f"{name}:{n // 2}") for n, id_ in enumerate(pictures))
    return ImageSet(name, refs, Pictures(pictures), origin=f"/data/{name}")


def times(gain: float | np.ndarray) -> Change:
    """Each pixel times ``gain``."""
    return lambda pixels: np.clip(np.rint(pixels * np.asarray(gain)), 0, 255).astype(np.uint8)


def blurred(pixels: np.ndarray) -> np.ndarray:
    """Out of focus."""
    from scipy.ndimage import gaussian_filter

    return np.rint(gaussian_filter(pixels.astype(float), (1.2, 1.2, 0))).astype(np.uint8)


@dataclass(frozen=True)
class Toy:
    """What the toy translator does: ``change`` to all images but those in ``held``, which it gives back with their reasons."""

    change: Change
    held: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    way: str | None = "toy"


class ToyTranslator(Translator):
    """A translator of a third party, in memory."""

    def __init__(self, toy: Toy) -> None:
        super().__init__()
        self.toy = toy

    def translate(self, images: ImageSet) -> ImageSet:
        pictures, done = {}, {}
        for ref, picture in images.decoded():
            if isinstance(picture, Picture):
                pictures[ref.id] = picture
                if ref.id in self.toy.held:
                    en, ja = self.toy.held[ref.id]
                    done[ref.id] = Treatment(held_back=Text(en=en, ja=ja))
                else:
                    pictures[ref.id] = replace(picture, pixels=self.toy.change(picture.pixels))
                    if self.toy.way is not None:
                        done[ref.id] = Treatment(way=self.toy.way)
        return images.remade(Pictures(pictures), done, note="" if self.toy.way else "made by a toy")


_KNOWN: dict[str, Latents] = {}


def measured(images: ImageSet) -> Latents:
    """Codes with names; those of the same set are measured once."""
    key = images.digest()
    if key not in _KNOWN or images.note:
        with Physical(MEASURED, context=Context(space_key="physical")) as encoder:
            _KNOWN[key] = encoder.encode(images)
    return _KNOWN[key]


def seen(images: ImageSet) -> Latents:
    """Codes without names: four colours and their spread, slightly blurred by chance."""
    from shiftlens.plugin import Dimension, Space

    space = Space(encoder="looks", key="looks", dimensions=tuple(Dimension(id=f"c{i}") for i in range(4)))
    rng = np.random.default_rng(7)
    rows = [np.r_[p.pixels.mean((0, 1)), p.pixels.std()] for _, p in images.decoded() if isinstance(p, Picture)]
    ids = [r for r in images.refs if r.id in images.source.pictures]
    values = np.array(rows, np.float32) + rng.normal(0, 0.5, (len(rows), 4)).astype(np.float32)
    return Latents(
        space=space, images=images.name, ids=tuple(r.id for r in ids), groups=tuple(r.group for r in ids), values=values
    )


def finished(
    toy: Toy | None = None, *, count: int = 40, gain: float = DARK, before: bool = True, after: bool = True,
    learned: bool = False, language: str = "en", manifest: Mapping[str, Any] | None = None, **more: Any,
) -> RunOutcome:  # fmt: skip
    """A whole run: compare, translate, compare again, as far as it is asked for."""
    development = photos("development", count, seed=1, **more)
    site = photos("site", count, gain=gain, seed=2, **more)
    values: dict[str, Any] = {}
    wiring: dict[str, dict[str, str]] = {}
    sets = {"development": development, "site": site}
    if toy is not None:
        sets["repaired"] = values["repaired"] = ToyTranslator(toy).translate(site)
        wiring["repaired"] = {"images": "site"}
    spaces = {"physical": measured} | ({"looks": seen} if learned else {})
    for space, encode in spaces.items():
        for name, images in sets.items():
            values[f"{name}_{space}"], wiring[f"{name}_{space}"] = encode(images), {"images": name}
        for name, step in (("site", space), ("repaired", f"{space}_repaired")):
            if name in sets and (before if name == "site" else after):
                pair = {"reference": f"development_{space}", "target": f"{name}_{space}"}
                values[step] = StyleDiff(QUICK, context=Context()).score(*(values[own] for own in pair.values()))
                wiring[step] = pair
    return RunOutcome(
        pipeline="repair" if toy else "compare", inputs={"development": development, "site": site}, values=values,
        wiring=wiring, manifest=manifest or {"seed": 0, "backbones": {}}, language=language,
    )  # fmt: skip
