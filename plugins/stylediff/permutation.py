"""What chance alone would show: p values from exchanged groups, for one dimension and for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

Floats = NDArray[np.float64]
SLACK = 1e-5
"""Two sums of the same steps in another order may differ by this share; an equal draw counts as reaching."""


@dataclass(frozen=True)
class Null:
    """W1 of measured dimensions under exchanged labels, ``(dimensions, permutations)``, and as it was seen."""

    seen: NDArray[np.float32]
    drawn: NDArray[np.float32]

    def single(self) -> Floats:
        """Give p of each dimension by itself: (1 + draws that reach it) / (draws + 1)."""
        reached = (self.drawn >= self.seen[:, None] * (1 - SLACK)).sum(axis=1)
        return np.asarray((1 + reached) / (1 + self.drawn.shape[1]))

    def family(self) -> Floats:
        """Give p of each dimension corrected over all of them (max-T, step-down).

        The largest effect is held against the largest of each draw, the next against the largest
        of the rest, and so on; p never falls on the way (Westfall and Young 1993, algorithm 4.1).
        Whole images are exchanged, so correlation between dimensions is kept.
        """
        order = np.argsort(-self.seen, kind="stable")
        largest = np.maximum.accumulate(self.drawn[order[::-1]], axis=0)[::-1]
        reached = (largest >= self.seen[order, None] * (1 - SLACK)).sum(axis=1)
        out = np.empty(len(order))
        out[order] = np.maximum.accumulate((1 + reached) / (1 + self.drawn.shape[1]))
        return out

    def noise(self) -> Floats:
        """Give the median effect of each dimension where nothing differs."""
        return np.median(self.drawn, axis=1).astype(np.float64)

    def critical(self, alpha: float) -> float:
        """Give the effect above which any dimension is significant at ``alpha``."""
        return critical(self.drawn.max(axis=0), alpha)


def discovery(single: Floats, method: Literal["bh", "by"]) -> Floats:
    """Give false discovery rates: Benjamini-Hochberg, or Benjamini-Yekutieli, which holds under any dependence.

    The smallest p of B permutations is 1/(B + 1): over d dimensions one alone can pass ``bh`` only if B + 1 >= d/alpha.
    """
    return np.asarray(false_discovery_control(single, method=method))


def critical(largest: NDArray[np.float32], alpha: float) -> float:
    """Give the value that at most ``alpha`` of the draws exceed, what was seen counted as one of them."""
    allowed = int(np.floor(alpha * (len(largest) + 1) + 1e-9))
    return float(np.sort(largest)[::-1][allowed - 1])
