"""Heat maps laid on their images: one scale for all, so that a hot place is hot compared with every image of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

from ...specs.report import RepresentativeImage, Side
from ..outcome import RunOutcome
from ..values import AttentionMaps
from .amounts import figures
from .examples import EXAMPLES
from .names import storable
from .sides import SIDES, Comparison, input_of
from .thumbnails import Thumbnail, jpeg_uri, png_uri

COLOURS = "inferno"  # its lightness rises evenly, so it reads in grey print
STRONGEST = 0.8
BELOW, ABOVE = (10.0, 40.0, 110.0), (255.0, 176.0, 0.0)
MEAN_WIDE = 160
MID_GREY = (128, 128, 128)


@dataclass(frozen=True)
class MapSet:
    """The maps of one input: which comparison they are about (empty for none) and where each image's map is."""

    input: str
    about: str
    maps: AttentionMaps
    rows: dict[str, int]


@dataclass(frozen=True)
class HeatView:
    """Maps about one comparison, ready to be shown on one scale."""

    about: str
    words: str
    images: tuple[RepresentativeImage, ...]
    overlays: dict[tuple[str, str], str] = field(default_factory=dict)
    means: tuple[tuple[Side, int, str], ...] = ()
    signed: bool = False
    low: str = ""
    high: str = ""
    bar: str = ""


def map_sets(outcome: RunOutcome) -> list[MapSet]:
    """Give all maps of a run."""
    return [
        MapSet(
            input_of(outcome, step),
            outcome.wiring[step].get("about", ""),
            maps,
            {storable(image): row for row, image in enumerate(maps.ids)},
        )
        for step, maps in outcome.of_type(AttentionMaps)
    ]


def shown_with_maps(
    sets: Sequence[MapSet], compared: Sequence[Comparison], carriers: dict[str, tuple[RepresentativeImage, ...]]
) -> dict[str, tuple[RepresentativeImage, ...]]:
    """Choose the images to show with their maps, by what the maps are about.

    Those are the images that carry the difference of a space, where it differs and they have maps;
    else the images whose maps are hottest.
    """
    sides = {name: side.side for c in compared for side in c.sides for name in [side.input]}
    chosen: dict[str, tuple[RepresentativeImage, ...]] = {}
    for about in dict.fromkeys(s.about for s in sets):
        own = [s for s in sets if s.about == about]
        known = {(s.input, image) for s in own for image in s.rows}
        carrying = tuple(i for i in carriers.get(about, ()) if (i.input, i.id) in known)
        chosen[about] = carrying or tuple(image for s in own for image in _hottest(s, sides.get(s.input, SIDES[1])))
    return chosen


def views(
    sets: Sequence[MapSet],
    chosen: dict[str, tuple[RepresentativeImage, ...]],
    small: dict[tuple[str, str], Thumbnail],
) -> dict[str, HeatView]:
    """Lay the maps on the thumbnails, by what they are about; all maps about one thing share one scale."""
    made = {}
    for about, images in chosen.items():
        own = {s.input: s for s in sets if s.about == about}
        low, high = min(s.maps.low for s in own.values()), max(s.maps.high for s in own.values())
        overlays = {}
        for image in images:
            base = small[image.input, image.id].picture
            source = own[image.input]
            if base is not None:
                overlays[image.input, image.id] = jpeg_uri(overlay(base, source.maps.maps[source.rows[image.id]], low, high))
        side_of = {image.input: image.side for image in images}
        made[about] = HeatView(
            about=about,
            words=next((s.maps.about for s in own.values() if s.maps.about), ""),
            images=images,
            overlays=overlays,
            means=tuple(
                (side_of[name], len(s.rows), _mean_uri(s.maps, low, high)) for name, s in own.items() if name in side_of
            ),
            signed=low < 0 < high,
            low=figures(low),
            high=figures(high),
            bar=png_uri(_bar(low, high)),
        )
    return made


def overlay(base: Image.Image, heat: NDArray[np.float32], low: float, high: float) -> Image.Image:
    """Lay one map on its picture, made grey so that colour means heat alone.

    On a scale from 0 up, what is low stays clear and what is high glows. On a scale with both signs
    0 stays clear, below it darkens to blue and above it brightens to amber, so both read in grey print.

    Args:
        base: the picture, any size, RGB.
        heat: ``(height, width)`` over the whole picture.
        low: the lower end of the scale; NaN counts as clear.
        high: the upper end.
    """
    level = _level(heat, low, high)
    large = np.asarray(Image.fromarray(level).resize(base.size, Image.Resampling.BILINEAR))
    if low < 0 < high:
        colour = np.where(large[..., None] < 0, BELOW, ABOVE)
    else:
        colour = colormaps[COLOURS](large)[..., :3] * 255
    grey = np.asarray(base.convert("L"), np.float64)[..., None]
    alpha = (STRONGEST * np.abs(large))[..., None]
    return Image.fromarray(np.rint(grey * (1 - alpha) + colour * alpha).astype(np.uint8))


def _level(heat: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """Values as 0..1, or -1..1 on a scale with both signs; 0 is clear."""
    clear = 0.0 if low < 0 < high else low
    span = max(high, -low) if low < 0 < high else high - low if high > low else 1.0
    scaled = (np.nan_to_num(np.asarray(heat, np.float64), nan=clear) - clear) / span
    return np.clip(scaled, -1.0 if low < 0 < high else 0.0, 1.0).astype(np.float32)


def _mean_uri(maps: AttentionMaps, low: float, high: float) -> str:
    mean = np.asarray(maps.maps).mean(axis=0)
    size = MEAN_WIDE, max(1, round(MEAN_WIDE * mean.shape[0] / mean.shape[1]))
    return jpeg_uri(overlay(Image.new("RGB", size, MID_GREY), mean, low, high))


def _bar(low: float, high: float) -> Image.Image:
    """A bar as it looks on mid-grey, left ``low``, right ``high``."""
    values = np.repeat(np.linspace(low, high, 256, dtype=np.float32)[None], 12, axis=0)
    return overlay(Image.new("RGB", (256, 12), MID_GREY), values, low, high)


def _hottest(maps: MapSet, side: Side) -> list[RepresentativeImage]:
    means = np.asarray(maps.maps.maps, np.float64).mean(axis=(1, 2))
    ids = list(maps.rows)
    order = np.argsort(-means, kind="stable")[:EXAMPLES]
    return [RepresentativeImage(side=side, input=maps.input, id=ids[i], value=float(means[i])) for i in order.tolist()]
