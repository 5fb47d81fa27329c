"""Which measure of the physical encoder moves when one thing alone changes: a table in Markdown, on scenes that know the truth.

``python benchmarks/physical_confusion.py`` prints, for each change and each measure, the mean shift over
the scenes in units of the measure's ``floor``, the smallest difference that anyone cares about.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, stats

from shiftlens.plugin import Picture
from shiftlens.plugins.physical.measure import measure
from shiftlens.plugins.physical.words import DIMENSIONS

Field = NDArray[np.float64]
HEIGHT, WIDTH = 320, 400
PART = (190, 110)
"""Length and width of the part in px at scale 1."""


@dataclass(frozen=True)
class Scene:
    """One photograph: what stands there, how it is lit, taken and stored. Every field has a true value."""

    seed: int = 0
    kind: str = "plate"  # a plate with a part; "weave": a periodic texture; "grain": a random one; both fill the frame
    gain: float = 1.0
    contrast: float = 1.0
    gradient: float = 0.25  # EV from corner to corner
    gradient_direction: float = 30.0
    vignetting: float = 0.1  # EV at the corner
    kelvin: float = 6500.0
    green: float = 0.0  # EV of green light
    saturation: float = 1.0
    blur: float = 0.8  # standard deviation in px
    noise: float = 0.012  # of the level
    rotation: float = 12.0
    x: float = 0.0  # of the width
    y: float = 0.0
    scale: float = 1.0
    texture: float = 1.0
    spots: int = 2
    quality: int | None = None  # of JPEG
    colour: bool = True


def photograph(scene: Scene) -> Picture:
    """Take the picture: ``uint8``, RGB or grey."""
    rng = np.random.default_rng([scene.seed, 7])
    world = _world(scene)
    level = world.mean(axis=(0, 1))
    world = level + scene.contrast * (world - level)
    grey = world.mean(axis=2, keepdims=True)
    world = np.maximum(grey + scene.saturation * (world - grey), 0)
    world *= lamp(scene.kelvin) * np.exp2(np.array([0, scene.green, 0]) / 2.2)
    world *= _light(scene)[..., None]
    seen = world if scene.colour else world.mean(axis=2, keepdims=True)
    seen = ndimage.gaussian_filter(seen, (scene.blur, scene.blur, 0)) * _spots(scene)[..., None]
    seen = seen if scene.colour else seen[..., 0]
    seen = scene.gain * seen * (1 + scene.noise * rng.standard_normal(seen.shape))
    pixels = np.clip(np.rint(seen * 255), 0, 255).astype(np.uint8)
    if scene.quality is None:
        return Picture(pixels, 255.0)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=scene.quality)
    return Picture(np.asarray(Image.open(file)), 255.0)


def _world(scene: Scene) -> Field:
    """Give reflectances ``(HEIGHT, WIDTH, 3)``; edges cover pixels in part."""
    angle = np.radians(scene.rotation)
    right, down = np.meshgrid(
        np.arange(WIDTH) + 0.5 - WIDTH * (0.5 + scene.x), np.arange(HEIGHT) + 0.5 - HEIGHT * (0.5 + scene.y)
    )
    u = (right * np.cos(angle) - down * np.sin(angle)) / scene.scale
    v = (right * np.sin(angle) + down * np.cos(angle)) / scene.scale
    if scene.kind == "weave":
        pattern = np.tanh(3 * np.sin(2 * np.pi * u / 14)) + np.tanh(3 * np.sin(2 * np.pi * v / 22))
        return np.asarray(0.35 * (1 + 0.06 * scene.texture * pattern[..., None] * np.array([1.1, 1.0, 0.85])))
    grain = _grain(scene, u, v)
    if scene.kind == "grain":
        return np.asarray(0.35 * (1 + 0.2 * scene.texture * grain[..., None] * np.array([1.1, 1.0, 0.85])))
    inside = np.minimum(PART[0] / 2 - np.abs(u), PART[1] / 2 - np.abs(v))
    for hole in (-60, 0, 60):
        inside = np.minimum(inside, np.hypot(u - hole, v) - 9)
    cover = np.clip(inside * scene.scale + 0.5, 0, 1)[..., None]
    ground = 0.22 * (1 + 0.12 * scene.texture * _grain(scene, right, down))[..., None] * np.array([0.97, 1.0, 1.03])
    part = 0.5 * (1 + 0.12 * scene.texture * grain)[..., None] * np.array([1.06, 1.0, 0.9])
    return np.asarray(cover * part + (1 - cover) * ground)


@cache
def _tile(seed: int) -> Field:
    tile = ndimage.gaussian_filter(np.random.default_rng([seed, 3]).standard_normal((512, 512)), (1.6, 7), mode="wrap")
    return np.asarray(tile / tile.std())


def _grain(scene: Scene, u: Field, v: Field) -> Field:
    """Give a random texture of unit spread, its lines along u, at points ``(u, v)``."""
    return np.asarray(ndimage.map_coordinates(_tile(scene.seed), [v, u], order=1, mode="grid-wrap"))


def _light(scene: Scene) -> Field:
    x = (np.arange(WIDTH) - (WIDTH - 1) / 2)[None]
    y = (np.arange(HEIGHT) - (HEIGHT - 1) / 2)[:, None]
    angle = np.radians(scene.gradient_direction)
    reach = WIDTH * abs(np.cos(angle)) + HEIGHT * abs(np.sin(angle))
    plane = scene.gradient * (x * np.cos(angle) - y * np.sin(angle)) / reach
    return np.asarray(np.exp2(plane - scene.vignetting * (x**2 + y**2) / ((WIDTH**2 + HEIGHT**2) / 4)))


def _spots(scene: Scene) -> Field:
    rng = np.random.default_rng([scene.seed, 5])
    places = rng.uniform(14, [HEIGHT - 14, WIDTH - 14], (200, 2))[: scene.spots]
    plane = np.ones((HEIGHT, WIDTH))
    ys, xs = np.mgrid[-9:10, -9:10]
    spot = 1 - 0.6 * np.exp(-(ys**2 + xs**2) / (2 * 1.5**2))
    for y, x in places.astype(int):
        plane[y - 9 : y + 10, x - 9 : x + 10] *= spot
    return plane


def lamp(kelvin: float) -> NDArray[np.float64]:
    """Give the stored RGB of a grey thing under a black body, its mean 1.

    Planck's law, seen by the CIE 1931 observer as Wyman, Sloan and Shirley (2013) approximate it:
    another way than the encoder's.
    """
    nm = np.arange(380.0, 781.0, 5)

    def lobe(height: float, centre: float, left: float, right: float) -> Field:
        return height * np.exp(-0.5 * ((nm - centre) / np.where(nm < centre, left, right)) ** 2)

    x = lobe(1.056, 599.8, 37.9, 31.0) + lobe(0.362, 442.0, 16.0, 26.7) + lobe(-0.065, 501.1, 20.4, 26.2)
    y = lobe(0.821, 568.8, 46.9, 40.5) + lobe(0.286, 530.9, 16.3, 31.1)
    z = lobe(1.217, 437.0, 11.8, 36.0) + lobe(0.681, 459.0, 26.0, 13.8)
    power = nm**-5 / np.expm1(1.438777e7 / (nm * kelvin))
    to_srgb = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    stored = (to_srgb @ np.array([(power * each).sum() for each in (x, y, z)])) ** (1 / 2.2)
    return np.asarray(stored / stored.mean())


Change = Callable[[Scene], Scene]
CHANGES: dict[str, tuple[Change, frozenset[str]]] = {
    "gain ×0.5": (lambda s: replace(s, gain=0.5 * s.gain), frozenset({"exposure"})),
    "gain ×1.63": (lambda s: replace(s, gain=1.63 * s.gain), frozenset({"exposure", "highlights"})),
    "contrast ×0.7": (
        lambda s: replace(s, contrast=0.7),
        frozenset({"contrast", "texture-strength", "saturation", "dark-spots"}),
    ),
    "gradient 0.6 EV": (lambda s: replace(s, gradient=0.6), frozenset({"gradient"})),
    "gradient turned 90°": (lambda s: replace(s, gradient_direction=120), frozenset({"gradient-direction"})),
    "vignetting 0.6 EV": (lambda s: replace(s, vignetting=0.6), frozenset({"vignetting", "exposure"})),
    "warmer": (lambda s: replace(s, kelvin=5000), frozenset({"colour-temperature"})),
    "greener": (lambda s: replace(s, green=0.3), frozenset({"tint", "exposure"})),
    "saturation ×1.6": (lambda s: replace(s, saturation=1.6), frozenset({"saturation"})),
    "blur 2 px": (lambda s: replace(s, blur=2.0), frozenset({"sharpness", "texture-strength", "contrast"})),
    "noise ×3": (lambda s: replace(s, noise=3 * s.noise), frozenset({"noise"})),
    "dust": (lambda s: replace(s, spots=14), frozenset({"dark-spots"})),
    "texture ×1.6": (lambda s: replace(s, texture=1.6), frozenset({"texture-strength", "contrast", "saturation"})),
    "turned 20°": (lambda s: replace(s, rotation=s.rotation + 20), frozenset({"part-rotation", "orientation"})),
    "moved right 8 %": (lambda s: replace(s, x=s.x + 0.08), frozenset({"part-x"})),
    "moved down 8 %": (lambda s: replace(s, y=s.y + 0.08), frozenset({"part-y"})),
    "larger ×1.2": (
        lambda s: replace(s, scale=1.2 * s.scale),
        frozenset({"part-size", "texture-period", "texture-strength", "exposure"}),
    ),
    "JPEG 90": (lambda s: replace(s, quality=90), frozenset({"noise"})),
    "JPEG 40": (lambda s: replace(s, quality=40), frozenset({"blockiness", "noise", "saturation"})),
}
"""One thing changed at a time, and the measures that may move with it: its own and true consequences."""


def scenes(kind: str, count: int) -> list[Scene]:
    """Give ``count`` photographs of one kind of thing, alike but not the same."""
    rng = np.random.default_rng(11)
    return [
        Scene(
            seed=i,
            kind=kind,
            rotation=12 + rng.normal(0, 1),
            x=rng.normal(0, 0.01),
            y=rng.normal(0, 0.01),
            gain=2 ** rng.normal(0, 0.05),
        )
        for i in range(count)
    ]


def rows_of(pictures: list[Picture]) -> NDArray[np.float64]:
    """Measure pictures: ``(pictures, measures)``."""
    measured = [measure(picture) for picture in pictures]
    return np.array([[row[d.id] for d in DIMENSIONS] for row in measured])


def shifts(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean paired shift of each measure in units of its floor; NaN where fewer than half of the pairs have both."""
    difference = after - before
    for column, dimension in enumerate(DIMENSIONS):
        if dimension.period:
            half = dimension.period / 2
            difference[:, column] = (difference[:, column] + half) % dimension.period - half
    known = np.isfinite(difference)
    counts = known.sum(axis=0)
    totals = np.where(known, difference, 0).sum(axis=0)
    means = np.where(2 * counts >= len(difference), totals / np.maximum(counts, 1), np.nan)
    return np.asarray(means / [dimension.floor for dimension in DIMENSIONS])


def table(kind: str, count: int = 6) -> str:
    """Give the confusion table of one kind of scene; shifts below one floor are left out, a dash stands for no value."""
    base = scenes(kind, count)
    before = rows_of([photograph(scene) for scene in base])
    shown = [i for i, d in enumerate(DIMENSIONS) if d.words is not None and d.id not in ("resolution", "aspect")]
    lines = ["| change | " + " | ".join(DIMENSIONS[i].id for i in shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for name, (change, own) in CHANGES.items():
        moved = shifts(before, rows_of([photograph(change(scene)) for scene in base]))
        cells = []
        for i in shown:
            size = f"{moved[i]:+.0f}" if abs(moved[i]) >= 1 else ""
            text = "–" if np.isnan(moved[i]) else size
            cells.append(f"**{text}**" if text and DIMENSIONS[i].id in own else text)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


@dataclass(frozen=True)
class Ladder:
    """A factor in rising steps, and what a measure of it should read.

    ``true`` gives the truth in the measure's unit, where it has one; ``offset`` says that scenes have
    something of it of their own, so that only differences can be held against the truth.
    """

    steps: tuple[float, ...]
    change: Callable[[Scene, float], Scene]
    true: Callable[[float], float] | None = None
    offset: bool = False
    kind: str = "plate"
    falls: bool = False


def _set(name: str, **more: float) -> Callable[[Scene, float], Scene]:
    return lambda scene, step: replace(scene, **{name: step, **more})  # type: ignore[arg-type]


LADDERS: dict[str, Ladder] = {
    "exposure": Ladder((0.35, 0.5, 0.7, 1, 1.4, 1.63), _set("gain"), lambda g: float(np.log2(g)), offset=True),
    "contrast": Ladder((0.4, 0.55, 0.7, 0.85, 1, 1.15), _set("contrast")),
    "gradient": Ladder((0.1, 0.25, 0.4, 0.6, 0.9), _set("gradient"), lambda g: g),
    "gradient-direction": Ladder((20, 65, 110, 160, 215, 300), _set("gradient_direction", gradient=0.4), lambda a: a),
    "vignetting": Ladder((0, 0.15, 0.3, 0.5, 0.8), _set("vignetting"), lambda v: v),
    "colour-temperature": Ladder((3000, 4000, 5000, 6500, 8000), _set("kelvin"), lambda k: k, kind="grain"),
    "tint": Ladder((-0.4, -0.2, 0, 0.2, 0.4), _set("green"), lambda g: g, kind="grain"),
    "saturation": Ladder((0.4, 0.7, 1, 1.3, 1.7), _set("saturation")),
    "sharpness": Ladder((0.5, 0.8, 1.2, 1.7, 2.4, 3.4), _set("blur"), falls=True),
    "noise": Ladder((0.006, 0.012, 0.025, 0.05), _set("noise", colour=False), lambda n: float(np.log2(100 * n))),
    "dark-spots": Ladder((0, 5, 15, 30, 60), _set("spots"), lambda n: n / (HEIGHT * WIDTH / 1e6), kind="weave"),
    "texture-strength": Ladder((0.4, 0.7, 1, 1.4, 2), _set("texture")),
    "texture-period": Ladder((0.7, 0.85, 1, 1.2, 1.6), _set("scale"), lambda z: 14 * z, kind="weave"),
    "orientation": Ladder((5, 30, 62, 101, 140, 171), _set("rotation"), lambda a: a, kind="grain"),
    "part-x": Ladder((-0.15, -0.06, 0, 0.04, 0.12), _set("x"), lambda x: 50 + 100 * x),
    "part-y": Ladder((-0.12, -0.06, 0, 0.04, 0.1), _set("y"), lambda y: 50 + 100 * y),
    "part-size": Ladder(
        (0.6, 0.8, 1, 1.2, 1.4), _set("scale"), lambda z: float(np.log2(z**2 * PART[0] * PART[1] / (HEIGHT * WIDTH)) / 2)
    ),
    "part-rotation": Ladder((3, 35, 72, 110, 144, 176), _set("rotation"), lambda a: a),
    "blockiness": Ladder((85, 70, 55, 40, 25, 12), lambda s, q: replace(s, quality=int(q))),
}
"""Planted truth for each measure but the shares of clipped pixels, which are counted."""


def climb(name: str, count: int = 3) -> tuple[float, float]:
    """Climb a ladder.

    Returns:
        The lowest Spearman correlation over scenes, and the largest error in the measure's unit (NaN without a truth).
    """
    ladder = LADDERS[name]
    column = next(i for i, d in enumerate(DIMENSIONS) if d.id == name)
    period = DIMENSIONS[column].period
    correlations, errors = [], []
    for scene in scenes(ladder.kind, count):
        read = rows_of([photograph(ladder.change(scene, step)) for step in ladder.steps])[:, column]
        sign = -1 if ladder.falls else 1
        correlations.append(sign * float(stats.spearmanr(ladder.steps if name != "blockiness" else range(len(read)), read)[0]))
        if ladder.true is None:
            continue
        error = read - [ladder.true(step) for step in ladder.steps]
        if ladder.offset:
            error -= error.mean()
        errors += [abs(e) if period is None else abs((e + period / 2) % period - period / 2) for e in error]
    return min(correlations), max(errors, default=float("nan"))


if __name__ == "__main__":
    print("| measure | steps planted | Spearman, lowest | error, largest |\n|---|---|---|---|")
    for measured, ladder in LADDERS.items():
        lowest, largest = climb(measured)
        unit = next("octaves" if d.scale == "log2" else d.unit for d in DIMENSIONS if d.id == measured)
        steps = ", ".join(f"{step:g}" for step in ladder.steps)
        print(f"| {measured} | {steps} | {lowest:.2f} | {'–' if np.isnan(largest) else f'{largest:.2g} {unit}'} |")
    for kind in ("plate", "weave", "grain"):
        print(f"\n### {kind}\n\n{table(kind)}")
