"""What a step sees: pictures of both domains, drawn as published from the number of the step alone."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ... import TooFewImages
from ...plugin import Context, ImageSet
from ...training import seeded
from .fit_config import McdutConfig
from .stack import Stack, scaled, stacked, stored
from .views import Window, anywhere

LOG = logging.getLogger("shiftlens.fitting")
LEAST = 12
"""Usable images of a domain below which nothing is fitted: 8 to train on, 4 to measure on."""
_LEAST_HELD, _MOST_HELD, _LEAST_MEASURED = 4, 64, 2


class Batch(NamedTuple):
    """One step's pictures ``(images, 3, load, load)`` in -1..1, mirrored or not, and the window of each that is the crop."""

    source: Tensor
    target: Tensor
    source_at: list[Window]
    target_at: list[Window]


class Side:
    """The pictures of one domain, split into those to train on and those held out, whole groups each."""

    def __init__(self, images: ImageSet, config: McdutConfig, folder: Path, context: Context) -> None:
        self.images = images

        def stack(side: int) -> Stack:
            if config.resize == "none":
                return stacked(images, stored(side), f"stored {side}", folder, at_least=None, workers=context.workers)
            return stacked(images, scaled(side), f"bicubic {side}", folder, at_least=side, workers=context.workers)

        self.loaded = stack(config.load)
        aside = self.loaded.set_aside
        first = f"{aside[0].id}: {aside[0].reason}" if aside else ""
        if len(self.loaded) < LEAST:
            raise TooFewImages(
                f"{images.name}: {len(self.loaded)} usable images, {LEAST} are needed{'; ' if first else ''}{first}",
                hint="add images, or make load and crop smaller where they are too small",
            )
        if first:
            LOG.warning("%s: %d of %d images are set aside; %s", images.name, len(aside), len(images), first)
        self.settled = stack(config.crop) if config.resize == "square" and config.load != config.crop else self.loaded
        self.held = held_out([ref.group for ref in self.loaded.refs], config.held_out, context.seed)
        if len(self.held) < _LEAST_MEASURED:
            raise TooFewImages(
                f"{images.name}: its {len(self.loaded)} images are of too few groups to hold some out whole",
                hint="add images of other groups (parts, lots), or name groups otherwise",
            )
        self.rows = np.setdiff1d(np.arange(len(self.loaded)), self.held)

    @property
    def shown(self) -> list[NDArray[np.uint8]]:
        """The held-out pictures, as they were loaded."""
        return [np.array(self.loaded[row]) for row in self.held]


class Draws:
    """The random choices of a training: all follow from the seed and the number of the step.

    The source is walked in a new order each epoch, the target is drawn; an epoch is as long as the larger of the two.

    Args:
        source: of images to translate.
        target: of images to translate to.
        config: the options.
        seed: of all choices.
        process: which of ``processes`` this is.
        processes: how many train together.
    """

    def __init__(
        self, source: Side, target: Side, config: McdutConfig, *, seed: int, process: int = 0, processes: int = 1
    ) -> None:
        self.source, self.target, self.config = source, target, config
        self.seed, self.process, self.processes = seed, process, processes
        self.length = max(len(source.rows), len(target.rows))
        self._order: tuple[int, NDArray[np.intp]] = (-1, np.zeros(0, np.intp))

    def epoch(self, number: int) -> int:
        """Give the epoch, from 0, of step ``number``, from 1."""
        return (number - 1) * self.processes * self.config.batch // self.length

    def steps(self, epochs: int) -> int:
        """Give the number of steps of ``epochs``."""
        return -(-epochs * self.length // (self.processes * self.config.batch))

    def random(self, number: int) -> np.random.Generator:
        """Give the generator of a step's further choices, and seed torch (dropout) for it."""
        return seeded(self.seed, number, self.process)

    def batch(self, number: int, draws: np.random.Generator, *, settled: bool) -> Batch:
        """Draw the pictures of a step.

        Args:
            number: of the step.
            draws: its generator.
            settled: whether pictures are scaled straight to the size of crops, as in the published last half.
        """
        first = ((number - 1) * self.processes + self.process) * self.config.batch
        source, target = [], []
        for count in range(first, first + self.config.batch):
            row = self.source.rows[self._ordered(count // self.length)[count % self.length] % len(self.source.rows)]
            source.append(self._picture(self.source, int(row), draws, settled))
            row = self.target.rows[draws.integers(len(self.target.rows))]
            target.append(self._picture(self.target, int(row), draws, settled))
        side = source[0].shape[-1]
        crop = min(self.config.crop, side)
        windows = [[anywhere(side, crop, draws) for _ in range(self.config.batch)] for _ in range(2)]
        return Batch(torch.stack(source), torch.stack(target), *windows)

    def _ordered(self, epoch: int) -> NDArray[np.intp]:
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng([self.seed, epoch, 2**32 - 1]).permutation(self.length)
        return self._order[1]

    def _picture(self, side: Side, row: int, draws: np.random.Generator, settled: bool) -> Tensor:
        square = self.config.resize == "square"
        pixels = (side.settled if settled and square else side.loaded)[row]
        if not square:
            rows, columns = (int(draws.integers(n - self.config.load + 1)) for n in pixels.shape[:2])
            pixels = pixels[rows : rows + self.config.load, columns : columns + self.config.load]
        pixels = pixels[:, ::-1] if draws.random() < 0.5 else pixels
        return as_tensor(pixels)


def held_out(groups: list[str], share: float, seed: int) -> NDArray[np.intp]:
    """Choose the rows that are not trained on: whole groups, about ``share`` of the rows, between 4 and 64 of them."""
    wanted = min(_MOST_HELD, max(_LEAST_HELD, round(len(groups) * share)))
    names = np.array(groups)
    order = np.random.default_rng([seed, len(groups)]).permutation(np.unique(names))
    chosen: list[int] = []
    for name in order:
        members = np.flatnonzero(names == name)
        if len(chosen) >= wanted:
            break
        if len(groups) - len(chosen) - len(members) >= LEAST - _LEAST_HELD:
            chosen += members.tolist()
    return np.sort(np.array(chosen, np.intp))


def as_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """Give ``(3, rows, columns)`` in -1..1 of ``(rows, columns, 3)``."""
    return torch.from_numpy(np.array(pixels, order="C")).permute(2, 0, 1).float().div(127.5).sub(1)
