"""Heat maps laid on their images: one scale for all, so that a hot place is hot compared with every image of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

from ...specs.report import RepresentativeImage, Side, SpaceReport
from ..files.names import storable
from ..running.outcome import RunOutcome
from ..values.maps import AttentionMaps
from .amounts import figures
from .examples import EXAMPLES
from .sides import SIDES, comparisons, repairs
from .thumbnails import Thumbnail, jpeg_uri, png_uri

COLOURS = "inferno"  # its lightness rises evenly, so it reads in grey print
STRONGEST = 0.8
BELOW, ABOVE = (10.0, 40.0, 110.0), (255.0, 176.0, 0.0)
MEAN_WIDE = 160
MID_GREY = (128, 128, 128)


@dataclass(frozen=True)
class MapSet:
    """The maps of one input, and the row of each image's map."""

    maps: AttentionMaps
    rows: dict[str, int]


@dataclass(frozen=True)
class MapGroup:
    """Maps to be shown together: what they are about (a step, empty for none), and the maps of each input."""

    about: str
    by_input: dict[str, MapSet]

    @property
    def words(self) -> str:
        """What the maps' maker says of them."""
        return next(iter(self.by_input.values())).maps.about


@dataclass(frozen=True)
class HeatView:
    """One group of maps, ready to be shown on one scale."""

    about: str
    words: str
    images: tuple[RepresentativeImage, ...]
    overlays: dict[tuple[str, str], str]
    means: tuple[tuple[Side, int, str], ...]
    signed: bool
    low: str
    high: str
    bar: str


def map_groups(outcome: RunOutcome) -> list[MapGroup]:
    """Give all maps of the images that are compared; maps of both sides about the same thing are one group.

    What was only compared again after a repair has none.
    """
    compared = comparisons(outcome)
    known = {*outcome.inputs, *(side.input for c in compared for side in c.sides)}
    again = {r.after.step for r in repairs(outcome)} - {c.step for c in compared}
    groups: list[MapGroup] = []
    for step, maps in outcome.of_type(AttentionMaps):
        name, about = outcome.source_of(step), outcome.wiring[step].get("about", "")
        if name not in known or about in again:
            continue
        own = MapSet(maps, {storable(image): row for row, image in enumerate(maps.ids)})
        fits = (g for g in groups if (g.about, g.words) == (about, maps.about) and name not in g.by_input)
        group = next(fits, None)
        if group is None:
            groups.append(MapGroup(about, {name: own}))
        else:
            group.by_input[name] = own
    return groups


def images_with_maps(
    group: MapGroup, spaces: Sequence[SpaceReport], side_of: Mapping[str, Side]
) -> tuple[RepresentativeImage, ...]:
    """Choose the images of a group to show with their maps.

    Those are the images that carry the difference the maps are about; none where that is no
    difference; else the images whose maps are hottest.
    """
    space = next((s for s in spaces if s.step == group.about), None)
    if space is not None and not space.differs:
        return ()
    carriers = space.representative if space else ()
    known = tuple(i for i in carriers if i.input in group.by_input and i.id in group.by_input[i.input].rows)
    return known or tuple(i for name, own in group.by_input.items() for i in _hottest(name, own, side_of.get(name, SIDES[1])))


def heat_view(group: MapGroup, images: tuple[RepresentativeImage, ...], small: Mapping[tuple[str, str], Thumbnail]) -> HeatView:
    """Lay the maps of a group on the thumbnails of its images, all on one scale."""
    sets = group.by_input
    low, high = min(s.maps.low for s in sets.values()), max(s.maps.high for s in sets.values())
    overlays = {}
    for image in images:
        base, own = small[image.input, image.id].picture, sets[image.input]
        if base is not None:
            overlays[image.input, image.id] = jpeg_uri(overlay(base, own.maps.maps[own.rows[image.id]], low, high))
    side_of = {image.input: image.side for image in images}
    return HeatView(
        about=group.about,
        words=group.words,
        images=images,
        overlays=overlays,
        means=tuple((side_of[name], len(s.rows), _mean_uri(s.maps, low, high)) for name, s in sets.items() if name in side_of),
        signed=low < 0 < high,
        low=figures(low),
        high=figures(high),
        bar=png_uri(bar(low, high)),
    )


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


def bar(low: float, high: float) -> Image.Image:
    """A bar as it looks on mid-grey, left ``low``, right ``high``."""
    values = np.repeat(np.linspace(low, high, 256, dtype=np.float32)[None], 12, axis=0)
    return overlay(Image.new("RGB", (256, 12), MID_GREY), values, low, high)


def _hottest(name: str, own: MapSet, side: Side) -> list[RepresentativeImage]:
    means = np.asarray(own.maps.maps, np.float64).mean(axis=(1, 2))
    ids = list(own.rows)
    order = np.argsort(-np.abs(means), kind="stable")[:EXAMPLES]
    return [RepresentativeImage(side=side, input=name, id=ids[i], value=float(means[i])) for i in order.tolist()]
