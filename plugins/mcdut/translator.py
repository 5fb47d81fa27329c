"""Translator: any images through a backbone that provides ``translator``, each as large and as deep as it was."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ... import OutputUnusable, Text, UsageError
from ...plugin import ImageRef, ImageSet, Picture, SetAside, Translator, Treatment, Unreadable, quoted
from ...plugin import in_lanes as lanes_of
from .cheap import Floats
from .config import Limits, Method, TranslateConfig
from .gate import judge
from .model import Mcdut

Work = list[tuple[ImageRef, Picture | SetAside]]
_TOGETHER = 8
_EIGHT_BITS = 255.0
_GUESS = Text(
    en="more than 8 bits; the depth is kept, but the network was fitted on 8 bits: what is finer than 1/255 is its guess",
    ja="8 ビット超の画像です。階調数は保ちますが、ネットワークは 8 ビットで学習しているため、1/255 より細かい値は推定です",
)


class McdutTranslator(Translator):
    """Repairs images, and gives those back as they were on which that would invent or lose anything.

    The :class:`shiftlens.plugin.Treatment` of an image says which way it was repaired, or why it was held back.
    """

    backbone: Mcdut

    def translate(self, images: ImageSet) -> ImageSet:
        """Repair every image; see :class:`shiftlens.plugin.Translator`.

        Results lie in a temporary folder for as long as the set is in use: a byte or two a pixel and channel.

        Raises:
            UsageError: the backbone is none of the family ``mcdut``, or has no such cheap repair.
            OutputUnusable: the temporary folder is full.
        """
        config = self.config if isinstance(self.config, TranslateConfig) else TranslateConfig()
        method, closed = self._method(config)
        done = _Results(Path(tempfile.mkdtemp(prefix="shiftlens-")))
        repair = _Repair(self.backbone, method, closed, config.limits or self.backbone.limits, config.gate)
        treatments: dict[str, Treatment] = {}
        batches = _alike(images.decoded(workers=self.context.workers), 1 if self.context.device == "cpu" else _TOGETHER)
        for results in lanes_of(repair, batches, count=self.context.workers, device=self.context.device):
            for result in results:
                done.keep(result)
                treatments[result.ref.id] = result.treatment
                self.context.progress(len(treatments), len(images))
        return images.remade(done, treatments)

    def _method(self, config: TranslateConfig) -> tuple[Method, Text | None]:
        """Give the way to repair, and why nothing may be repaired, if so."""
        model = self.backbone
        if not isinstance(model, Mcdut):
            raise UsageError(f"the backbone is no translator of this family: {type(model).__name__}", hint="choose another one")
        verdict = model.verdict
        if config.method == "winner":
            if verdict is None or (verdict.winner is None and config.gate == "off"):
                return "network", None
            return (verdict.winner, None) if verdict.winner else ("network", verdict.reason)
        if config.method != "network" and config.method not in model.repairs:
            known = ", ".join(["network", *model.repairs])
            raise UsageError(f"method: this backbone has no repair {quoted(config.method)}", hint=f"it has {known}")
        return config.method, None


@dataclass(frozen=True)
class Result:
    """What became of one image: its picture, the way it was repaired, and why it was held back; or why it cannot be read."""

    ref: ImageRef
    picture: Picture | SetAside
    method: Method | Literal["none"]
    reason: Text | None = None

    @property
    def is_guess(self) -> bool:
        """Whether the picture is finer than what the network was fitted on."""
        return self.method == "network" and isinstance(self.picture, Picture) and self.picture.white > _EIGHT_BITS

    @property
    def treatment(self) -> Treatment:
        """What was done to the image."""
        way = None if self.method == "none" else self.method
        return Treatment(way=way, held_back=self.reason, note=_GUESS if self.is_guess else None)


@dataclass(frozen=True)
class _Repair:
    """The work on images of one size."""

    model: Mcdut
    method: Method
    closed: Text | None
    limits: Limits
    gate: Literal["each", "off"]

    def __call__(self, work: Work) -> list[Result]:
        if isinstance(work[0][1], SetAside):
            return [Result(ref, picture, "none") for ref, picture in work]
        if self.closed is not None:
            return [Result(ref, picture, "none", self.closed) for ref, picture in work]
        pictures = [picture for _, picture in work if isinstance(picture, Picture)]
        before = [colours(picture) for picture in pictures]
        after = self.model.way(self.method)(before)
        return [self._judged(ref, *one) for (ref, _), one in zip(work, zip(pictures, before, after, strict=True), strict=True)]

    def _judged(self, ref: ImageRef, picture: Picture, before: Floats, after: Floats) -> Result:
        made = like(picture, after)
        if self.gate == "off":
            return Result(ref, made, self.method)
        reason = judge(before, colours(made), self.limits).reason
        return Result(ref, made, self.method) if reason is None else Result(ref, picture, "none", reason)


class _Results:
    """Repaired pictures on disk, as a source; the folder goes when nothing refers to them any more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, tuple[Path, float, bool]] = {}
        self._aside: dict[str, str] = {}
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def keep(self, result: Result) -> None:
        """Keep a result."""
        ref, picture = result.ref, result.picture
        if isinstance(picture, SetAside):
            self._aside[ref.id] = picture.reason
            return
        place = self._folder / f"{len(self._files)}.npz"
        alpha = {} if picture.alpha is None else {"alpha": picture.alpha}
        try:
            np.savez(place, allow_pickle=False, pixels=picture.pixels, **alpha)
        except OSError as error:
            raise OutputUnusable(f"{self._folder} cannot be written: {error.strerror}", hint="free space there") from error
        self._files[ref.id] = place, picture.white, bool(alpha)

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:  # noqa: ARG002  (nothing to reduce)
        """Give a repaired picture; see :class:`shiftlens.plugin.ImageSource`."""
        if ref.id in self._aside:
            raise Unreadable(self._aside[ref.id])
        place, white, has_alpha = self._files[ref.id]
        with np.load(place, allow_pickle=False) as kept:
            return Picture(kept["pixels"], white, kept["alpha"] if has_alpha else None)


def colours(picture: Picture) -> Floats:
    """Give a picture as ``(rows, columns, 3)`` ``float32`` in 0..1, at its own depth."""
    unit = picture.unit()
    return np.repeat(unit[..., None], 3, axis=2) if picture.is_grey else unit


def like(picture: Picture, made: Floats) -> Picture:
    """Give what was made of a picture with the channels, the depth and the alpha that it has.

    A picture with alpha was seen, and is given, as it looks on white. White shines through a pixel as far as it is
    transparent, whatever its colour, so nothing is darker than that: where the network asks for it, the pixel is as dark as
    it can be, and what is fully transparent is white, as before.
    """
    unit = made.mean(axis=2) if picture.is_grey else made
    if picture.alpha is not None:
        through = 1 - picture.alpha.astype(np.float32) / np.float32(_EIGHT_BITS)
        unit = np.maximum(unit, through if picture.is_grey else through[..., None])
    pixels: NDArray[np.uint8] | NDArray[np.uint16] = np.rint(unit * picture.white).astype(picture.pixels.dtype)
    return Picture(pixels, picture.white, picture.alpha)


def _alike(decoded: Iterable[tuple[ImageRef, Picture | SetAside]], most: int) -> Iterator[Work]:
    """Group neighbours of one size, at most ``most``; what cannot be read goes by itself."""
    group: Work = []
    for ref, picture in decoded:
        fits = group and isinstance(picture, Picture) and isinstance(group[0][1], Picture)
        if group and not (fits and _size(group[0][1]) == _size(picture) and len(group) < most):
            yield group
            group = []
        group.append((ref, picture))
    if group:
        yield group


def _size(picture: Picture | SetAside) -> tuple[int, int] | None:
    return picture.size if isinstance(picture, Picture) else None
