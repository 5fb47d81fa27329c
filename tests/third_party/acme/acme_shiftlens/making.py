"""What makes images, or what is needed to make them again; each of its own alone."""

from dataclasses import dataclass

import numpy as np

from shiftlens import Text
from shiftlens.plugin import (
    Compensator,
    Editor,
    ImageRef,
    ImageSet,
    ImageSource,
    Inversion,
    Latents,
    Picture,
    SetAside,
    Translator,
    Treatment,
)

from .places import GRID, _grid

TOO_DARK = 0.2


class Rest(Compensator):
    """What the mean level does not say of an image: how each place differs from it."""

    def compensate(self, images: ImageSet, codes: Latents) -> Inversion:
        """Give codes and rests."""
        rest, rows = [], []
        for ref, picture in images.decoded():
            if not isinstance(picture, SetAside):
                grid = _grid(picture)
                rest.append(grid - grid.mean())
                rows.append(codes.ids.index(ref.id))
        maps = np.array(rest, np.float16).reshape(-1, 1, GRID, GRID)
        return Inversion(
            space=codes.space,
            images=images.name,
            ids=tuple(codes.ids[row] for row in rows),
            codes=codes.values[rows],
            discrepancy=maps,
            layer="pixels",
            error=np.abs(maps.astype(np.float32)).mean(axis=(1, 2, 3)),
        )


@dataclass(frozen=True)
class Scaled:
    """Pictures multiplied by a factor as they are asked for."""

    source: ImageSource
    factor: float
    kept: frozenset[str]

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        """Give a picture."""
        picture = self.source.picture(ref)
        if ref.id in self.kept:
            return picture
        pixels = np.clip(picture.pixels * self.factor, 0, picture.white).astype(picture.pixels.dtype)
        return Picture(pixels, picture.white, picture.alpha)


class Dim(Editor):
    """Darkens images, but for those that are dark already."""

    def edit(self, images: ImageSet, inversion: Inversion) -> ImageSet:
        """Give the edited images; only those that were inverted are touched."""
        done = {}
        for ref, picture in images.decoded():
            if isinstance(picture, SetAside) or ref.id not in inversion.ids:
                continue
            if picture.unit().mean() < TOO_DARK:
                done[ref.id] = Treatment(held_back=Text(en="it is dark already", ja="すでに暗い画像です"))
            else:
                done[ref.id] = Treatment(way="dimming", note=Text(en="half the light", ja="光量を半分にしました"))
        kept = frozenset(id_ for id_, one in done.items() if one.way is None)
        return images.remade(Scaled(images.source, self.config.factor, kept), done)


class Lift(Translator):
    """Brightens images by a fifth, and says nothing of single ones."""

    def translate(self, images: ImageSet) -> ImageSet:
        """Give the brighter images."""
        return images.remade(Scaled(images.source, 1.2, frozenset()))
