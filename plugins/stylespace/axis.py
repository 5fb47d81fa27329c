"""What images are moved along: one dimension, or the direction of a whole space; and where the values of two sets lie on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...plugin import AttributeScores

Floats = NDArray[np.float64]
LEVELS: Floats = np.array([0.01, 0.25, 0.5, 0.75, 0.99])


@dataclass(frozen=True)
class Axis:
    """A number of each image, ``values @ reading + offset``, which grows by 1 where ``step`` is added to the image's values.

    ``reference`` and ``target`` are the numbers of the images of both sides.
    """

    reading: Floats
    offset: float
    step: Floats
    reference: Floats
    target: Floats

    @classmethod
    def single(cls, index: int, reference: NDArray[np.float32], target: NDArray[np.float32]) -> Axis:
        """Give the axis of one dimension of the values ``(images, dimensions)`` of both sides."""
        unit = np.zeros(reference.shape[1])
        unit[index] = 1
        return cls(unit, 0.0, unit, reference[:, index].astype(np.float64), target[:, index].astype(np.float64))

    @classmethod
    def together(cls, index: int, members: Sequence[int], reference: NDArray[np.float32], target: NDArray[np.float32]) -> Axis:
        """Give the axis of one dimension, whose step takes the other ``members`` of its cluster along.

        Each moves by its slope on the dimension inside the sets, so that the cluster moves as it does among images.
        """
        alone = cls.single(index, reference, target)
        others = [i for i in members if i != index]
        leading = np.concatenate([side - side.mean() for side in (alone.reference, alone.target)])
        rest = np.concatenate([side[:, others] - side[:, others].mean(axis=0) for side in (reference, target)])
        step = alone.step.copy()
        step[others] = leading @ rest / max(float(leading @ leading), np.finfo(np.float64).tiny)
        return replace(alone, step=step)

    @classmethod
    def along(cls, scores: AttributeScores, reference: NDArray[np.float32], target: NDArray[np.float32]) -> Axis | None:
        """Give the axis of the direction that separates the two sets best.

        A step goes the way from the mean of the one set to that of the other, until the number has grown by 1. Of the exact
        linear discriminant that is the pattern that belongs to its weights; the bare weights would push single dimensions
        to values that no image has. Each dimension takes part by the share of its effect, squared, that chance does not show;
        where none shows more, in full. There is no axis where the means do not lie the way in which the sets are told apart.
        """
        on = np.asarray(scores.effects.measured, bool)
        reading = np.zeros(len(on))
        reading[on] = scores.joint.weights[on] / scores.effects.sigma[on]
        offset = -float(reading[on] @ scores.effects.mean[on])
        sides = [side.astype(np.float64) for side in (reference, target)]
        numbers = [side @ reading + offset for side in sides]
        chance = (
            np.nan_to_num(scores.effects.noise) / np.maximum(np.nan_to_num(scores.effects.size), np.finfo(np.float64).tiny)
        ) ** 2
        apart = np.where(on, sides[1].mean(axis=0) - sides[0].mean(axis=0), 0.0)
        for way in (apart * np.clip(1 - chance, 0, 1), apart):
            if (length := float(way @ reading)) > 0:
                return cls(reading, offset, way / length, *numbers)
        return None

    def of(self, values: Floats) -> Floats:
        """Give the numbers of ``(images, dimensions)``."""
        return values @ self.reading + self.offset

    def quantiles(self, levels: Floats) -> Floats:
        """Give quantiles of both sides together, each side weighing the same."""
        both = np.concatenate([self.reference, self.target])
        weights = np.concatenate([np.full(len(side), 1 / len(side)) for side in (self.reference, self.target)])
        return np.asarray(np.quantile(both, levels, weights=weights, method="inverted_cdf"), np.float64)

    def carried(self, numbers: Floats) -> Floats:
        """Carry numbers of the reference to where the target has them: equal ranks, monotone.

        >>> axis = Axis.single(0, np.array([[0], [1], [2]], np.float32), np.array([[10], [11], [12]], np.float32))
        >>> axis.carried(np.array([1.0])).tolist()
        [11.0]
        """
        ordered = np.sort(self.reference)
        rank = (np.searchsorted(ordered, numbers, "left") + np.searchsorted(ordered, numbers, "right")) / 2
        return np.asarray(np.quantile(self.target, np.clip((rank - 0.5) / max(len(ordered) - 1, 1), 0, 1)), np.float64)

    def separation(self) -> float:
        """Give the share of pairs in which the target has the larger number, 0.5 where neither does; ties count half."""
        ordered = np.sort(self.reference)
        below = np.searchsorted(ordered, self.target, "left") + np.searchsorted(ordered, self.target, "right")
        return float(below.mean() / 2 / len(ordered))
