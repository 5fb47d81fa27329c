"""Every random choice of the world, from a counter: one stream a name, so nothing depends on how many are drawn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from .config import PartsSite
from .factors import DEFECTS, FACTORS, FAMILIES

Column = NDArray[np.float64]
_CUT = 2.5
_CUT_SPREAD = 0.95462
"""Standard deviation of a standard normal cut at ±2.5; draws are divided by it, so a spread is what it says."""
_GOLDEN = 0x9E3779B97F4A7C15


def key(seed: int, name: str) -> int:
    """Give the 64-bit key of the stream ``name``."""
    return int.from_bytes(hashlib.sha256(f"parts/{seed}/{name}".encode()).digest()[:8], "little")


def uniform(seed: int, name: str, counter: NDArray[np.int64]) -> Column:
    """Give a number in 0..1 (both excluded) for each value of ``counter``: splitmix64 (Steele et al. 2014) of key + counter.

    >>> bool(np.all(uniform(1, "a", np.arange(5))[3:] == uniform(1, "a", np.arange(3, 5))))
    True
    """
    with np.errstate(over="ignore"):
        z = np.uint64(key(seed, name)) + (counter.astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (np.asarray(z >> np.uint64(12), np.float64) + 0.5) / 2.0**52


def normal(seed: int, name: str, counter: NDArray[np.int64]) -> Column:
    """Give draws of mean 0 and standard deviation 1, normal and cut at ±2.62."""
    low, high = ndtr(-_CUT), ndtr(_CUT)
    return np.asarray(ndtri(low + uniform(seed, name, counter) * (high - low)) / _CUT_SPREAD)


@dataclass(frozen=True)
class Lot:
    """Some images of a site, all choices made. Arrays have one entry an image.

    ``part`` numbers the part, equal at every site and size; ``family`` is an index into ``FAMILIES``;
    ``brushed`` and each of ``defects`` are bool; ``factors`` in their units.
    """

    seed: int
    index: NDArray[np.int64]
    part: NDArray[np.int64]
    family: NDArray[np.int64]
    brushed: NDArray[np.bool_]
    defects: dict[str, NDArray[np.bool_]]
    factors: dict[str, Column]

    def __len__(self) -> int:
        return len(self.index)

    def of_part(self, name: str) -> Column:
        """Give a number in 0..1 that belongs to each part."""
        return uniform(self.seed, f"part/{name}", self.part)

    def of_image(self, name: str) -> Column:
        """Give a number in 0..1 that belongs to each image."""
        return uniform(self.seed, f"image/{name}", self.index)


def lot_of(site: PartsSite, seed: int, index: NDArray[np.int64], *, views: int = 1, like: PartsSite | None = None) -> Lot:
    """Choose everything for the images ``index``; parts and poses as at ``like`` where it is given."""
    there = like or site
    part = index // views
    weights = np.array([there.families.get(name, 0.0) for name in FAMILIES])  # type: ignore[call-overload]
    bounds = np.cumsum(weights)
    bounds /= bounds[-1]
    family = np.searchsorted(bounds, uniform(seed, "family", part), side="right")
    factors = {}
    for name, factor in FACTORS.items():
        own = (there if factor.of in ("part", "pose") else site).factors[name]
        counter = part if factor.of == "part" else index
        factors[name] = own.mean + own.spread * normal(seed, f"factor/{name}", counter)
    return Lot(
        seed=seed,
        index=index,
        part=part,
        family=family.astype(np.int64),
        brushed=uniform(seed, "brushed", part) < there.brushed,
        defects={
            name: uniform(seed, f"defect/{name}", part) < there.defects.get(name, 0.0)  # type: ignore[call-overload]
            for name in DEFECTS
        },
        factors=factors,
    )
