"""Whole groups of images as the units that are exchanged or resampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Draws:
    """Many weightings of the images: how often each stands on either side, ``(images, draws)`` ``uint8``."""

    reference: NDArray[np.uint8]
    target: NDArray[np.uint8]

    def __len__(self) -> int:
        return int(self.target.shape[1])

    def part(self, columns: slice) -> Draws:
        """Give some of the draws."""
        return Draws(self.reference[:, columns], self.target[:, columns])

    def signed(self) -> NDArray[np.float32]:
        """Give weights that sum to 1 over the target and to -1 over the reference, ``(images, draws)``."""
        up: NDArray[np.float64] = self.target / self.target.sum(axis=0, dtype=np.float64)
        up -= self.reference / self.reference.sum(axis=0, dtype=np.float64)
        return up.astype(np.float32)


@dataclass(frozen=True)
class Units:
    """A unit is one group on one side. A group that stands on both sides makes a pair of units.

    ``of_image`` gives the unit of each image; ``target`` whether a unit is on the target side;
    ``pairs`` is ``(pairs, 2)``, reference unit first; ``free`` are the units without a partner.
    """

    of_image: NDArray[np.intp]
    target: NDArray[np.bool_]
    pairs: NDArray[np.intp]
    free: NDArray[np.intp]

    @classmethod
    def of(cls, groups: tuple[str, ...], split: int) -> Units:
        """Make units of the group names of all images, of which the first ``split`` are the reference."""
        numbers: dict[tuple[bool, str], int] = {}
        of_image = np.array([numbers.setdefault((i >= split, name), len(numbers)) for i, name in enumerate(groups)], np.intp)
        pairs = [(n, numbers[True, name]) for (side, name), n in numbers.items() if not side and (True, name) in numbers]
        paired = {n for pair in pairs for n in pair}
        return cls(
            of_image=of_image,
            target=np.array([side for side, _ in numbers]),
            pairs=np.array(pairs, np.intp).reshape(-1, 2),
            free=np.array([n for n in range(len(numbers)) if n not in paired], np.intp),
        )

    def blocks(self) -> NDArray[np.intp]:
        """Give each image the number of what must stay together: its unit, and the unit's partner."""
        first = np.arange(len(self.target))
        first[self.pairs[:, 1]] = self.pairs[:, 0]
        return np.unique(first[self.of_image], return_inverse=True)[1]

    def exchanged(self, count: int, rng: np.random.Generator) -> Draws:
        """Draw ``count`` exchanges that are as likely as what was seen, if the sides do not differ.

        Column 0 is what was seen. Partners swap sides by a coin; other units are dealt anew, as many
        to each side as before. Images follow their unit.
        """
        labels = np.empty((len(self.target), count + 1), bool)
        labels[:, 0] = self.target
        dealt = np.repeat(self.target[self.free, None], count, axis=1)
        labels[self.free, 1:] = rng.permuted(dealt, axis=0)
        swap = rng.random((len(self.pairs), count)) < 0.5
        labels[self.pairs[:, 0], 1:] = swap
        labels[self.pairs[:, 1], 1:] = ~swap
        target = labels[self.of_image]
        return Draws((~target).view(np.uint8), target.view(np.uint8))

    def resampled(self, count: int, rng: np.random.Generator) -> Draws:
        """Draw ``count`` bootstrap samples: units with replacement within their side, pairs as pairs."""
        times = np.zeros((len(self.target), count), np.uint8)
        for members in (self.free[~self.target[self.free]], self.free[self.target[self.free]]):
            times[members] = _with_replacement(len(members), count, rng)
        times[self.pairs.T] = _with_replacement(len(self.pairs), count, rng)
        weights = times[self.of_image]
        target = self.target[self.of_image][:, None]
        return Draws(weights * ~target, weights * target)


def _with_replacement(units: int, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    if not units:
        return np.zeros((0, count), np.uint8)
    return rng.multinomial(units, np.full(units, 1 / units), size=count).T.astype(np.uint8)


def join(*draws: Draws) -> Draws:
    """Put draws next to each other, so that one sort serves them all."""
    return Draws(np.hstack([d.reference for d in draws]), np.hstack([d.target for d in draws]))
