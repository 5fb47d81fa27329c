"""p values from exchanged labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SLACK = 1e-9
"""Equal draws summed in another order differ by less; they count as reaching what was seen."""


def single(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give p of each row of ``drawn`` ``(rows, 1 + permutations)``, whose column 0 is what was seen.

    >>> single(np.array([[3.0, 1.0, 2.0, 4.0]])).tolist()
    [0.5]
    """
    return np.asarray(_reached(drawn, drawn[:, :1]).mean(axis=1))


def family(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give p of each row corrected over all rows: against the largest row of each draw (max-T, single step)."""
    return np.asarray(_reached(drawn.max(axis=0)[None], drawn[:, :1]).mean(axis=1))


def _reached(drawn: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(drawn >= seen - SLACK * np.maximum(np.abs(seen), 1e-3))
