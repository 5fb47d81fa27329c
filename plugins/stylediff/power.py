"""What this comparison could have found."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Z_OF_POWER = 0.8416212
"""The normal quantile at 0.8."""


def detectable(critical: float, shifts: NDArray[np.float32]) -> float:
    """Give the smallest pure shift, in pooled standard deviations, that is found with power 0.8.

    Under a shift well above its noise W1 is the difference of means, and normal around the shift; it passes
    ``critical`` with power 0.8 from critical + z(0.8) * sd on.

    Args:
        critical: the effect above which a dimension is significant.
        shifts: ``(dimensions, permutations)`` differences of means under exchanged labels, in pooled standard
            deviations; their spread knows of groups and of unequal sets.
    """
    return critical + Z_OF_POWER * float(np.median(shifts.std(axis=1)))


def images_for_half(reference: int, target: int) -> int:
    """Give the images a side that would show half of it, if groups stay as large as they are.

    All noise here falls as sqrt(1/n + 1/m), so half of it takes four times the harmonic mean of n and m.

    >>> images_for_half(100, 100)
    400
    """
    return math.ceil(4 * 2 * reference * target / (reference + target))
