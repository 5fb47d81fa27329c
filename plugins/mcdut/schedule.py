"""The published course of a training: epochs, learning rate, and when augmentation ends."""

from __future__ import annotations

from typing import NamedTuple


class Course(NamedTuple):
    """``constant`` epochs at the full rate, then ``decay`` epochs down to nearly nothing."""

    constant: int = 200
    decay: int = 200

    @property
    def epochs(self) -> int:
        """All of them."""
        return self.constant + self.decay

    def factor(self, epoch: float) -> float:
        """Give the learning rate in an epoch, counted from 0, as a share of the full one.

        >>> course = Course()
        >>> [course.factor(e) for e in (0, 199)], round(2e-4 * course.factor(399), 9)
        ([1.0, 1.0], 9.95e-07)
        """
        return 1 - max(0.0, epoch + 1 - self.constant) / (self.decay + 1)

    def settles(self, epoch: float) -> bool:
        """Say whether images are scaled straight to the size of crops, as from the first decaying epoch on."""
        return int(epoch) >= self.constant
