"""Cheap repairs: what no network is needed for. Each is fitted on pictures of both domains and then maps any picture by itself.

Pictures are ``(rows, columns, 3)`` ``float32`` in 0..1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from skimage.exposure import match_histograms

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]
_MOST = 400_000
"""Pixels of a domain that a repair is fitted on."""
_LEVELS = 256
_WINDOW, _BANDS = 64, 16
_STRONGEST = 4.0
_GREY = np.array([0.299, 0.587, 0.114])


class Repair(Protocol):
    """A fitted repair."""

    def __call__(self, picture: Floats) -> Floats:
        """Give the repaired picture, in 0..1."""
        ...

    def arrays(self) -> dict[str, Numbers]:
        """Give the numbers that make it up."""
        ...


@dataclass(frozen=True)
class Linear:
    """``x @ matrix + offset`` in each pixel: per-channel affine where the matrix is diagonal."""

    matrix: Numbers
    offset: Numbers

    def __call__(self, picture: Floats) -> Floats:
        """Give the repaired picture."""
        return _clipped(picture @ self.matrix + self.offset)

    def arrays(self) -> dict[str, Numbers]:
        """Give matrix and offset."""
        return {"matrix": self.matrix, "offset": self.offset}


@dataclass(frozen=True)
class Curves:
    """A tone curve for each channel: ``curves`` ``(3, levels)`` over even steps of 0..1."""

    curves: Numbers

    def __call__(self, picture: Floats) -> Floats:
        """Give the repaired picture."""
        steps = np.linspace(0, 1, self.curves.shape[1])
        return _clipped(np.stack([np.interp(picture[..., i], steps, self.curves[i]) for i in range(3)], axis=-1))

    def arrays(self) -> dict[str, Numbers]:
        """Give the curves."""
        return {"curves": self.curves}


@dataclass(frozen=True)
class Sharpness:
    """A gain for each band of spatial frequencies, 0 to half a cycle a pixel, on all channels alike."""

    gains: Numbers

    def __call__(self, picture: Floats) -> Floats:
        """Give the repaired picture; it is mirrored beyond its border first, so that nothing wraps around."""
        rows, columns = picture.shape[:2]
        wide = min(_WINDOW // 2, rows - 1, columns - 1)
        padded = np.pad(picture, ((wide, wide), (wide, wide), (0, 0)), mode="reflect")
        frequency = _frequencies(*padded.shape[:2])
        gain = np.interp(frequency, np.linspace(0, 0.5, len(self.gains)), self.gains)[..., None]
        made = np.fft.irfft2(np.fft.rfft2(padded, axes=(0, 1)) * gain, s=padded.shape[:2], axes=(0, 1))
        return _clipped(made[wide : wide + rows, wide : wide + columns])

    def arrays(self) -> dict[str, Numbers]:
        """Give the gains."""
        return {"gains": self.gains}


@dataclass(frozen=True)
class After:
    """One repair after the other."""

    first: Linear
    then: Sharpness

    def __call__(self, picture: Floats) -> Floats:
        """Give the repaired picture."""
        return self.then(self.first(picture))

    def arrays(self) -> dict[str, Numbers]:
        """Give the numbers of both."""
        return self.first.arrays() | self.then.arrays()


def fitted(source: Sequence[Floats], target: Sequence[Floats], seed: int = 0) -> dict[str, Repair]:
    """Fit every cheap repair, by its name.

    ``affine`` matches mean and deviation of each channel, ``histogram`` its distribution. ``covariance`` matches how channels
    vary together (the optimal linear map between normal distributions), ``mtf`` the spectrum's fall to high frequencies.

    Args:
        source: pictures to repair.
        target: pictures that they should look like.
        seed: of the pixels that are drawn.
    """
    draws = np.random.default_rng(seed)
    x, y = (_pixels(side, draws) for side in (source, target))
    gain = y.std(axis=0) / np.maximum(x.std(axis=0), 1e-6)
    affine = Linear(np.diag(gain), y.mean(axis=0) - gain * x.mean(axis=0))
    return {
        "affine": affine,
        "histogram": Curves(_curves(x, y)),
        "covariance": _coloured(x, y),
        "mtf": Sharpness(_gains(source, target, draws)),
        "affine-mtf": After(affine, Sharpness(_gains([affine(one) for one in source], target, draws))),
    }


def of_arrays(name: str, arrays: Mapping[str, Numbers]) -> Repair:
    """Give the repair ``name`` of its :meth:`Repair.arrays`."""
    if name == "histogram":
        return Curves(arrays["curves"])
    if name == "mtf":
        return Sharpness(arrays["gains"])
    linear = Linear(arrays["matrix"], arrays["offset"])
    return After(linear, Sharpness(arrays["gains"])) if name == "affine-mtf" else linear


def _pixels(pictures: Sequence[Floats], draws: np.random.Generator) -> Numbers:
    """Give ``(pixels, 3)``, as many of each picture."""
    each = max(1, _MOST // len(pictures))
    found = []
    for picture in pictures:
        flat = picture.reshape(-1, 3)
        found.append(flat if len(flat) <= each else flat[draws.choice(len(flat), each, replace=False)])
    return np.concatenate(found).astype(np.float64)


def _curves(x: Numbers, y: Numbers) -> Numbers:
    matched = match_histograms(x[:, None], y[:, None], channel_axis=-1)[:, 0]
    steps = np.linspace(0, 1, _LEVELS)
    curves = []
    for channel in range(3):
        levels, first = np.unique(x[:, channel], return_index=True)
        curves.append(np.interp(steps, levels, matched[first, channel]))
    return np.stack(curves)


def _coloured(x: Numbers, y: Numbers) -> Linear:
    small = 1e-6 * np.eye(3)
    a, b = (np.cov(side, rowvar=False) + small for side in (x, y))
    root = _root(a)
    inverse = np.linalg.inv(root)
    matrix = inverse @ _root(root @ b @ root) @ inverse
    return Linear(matrix, y.mean(axis=0) - x.mean(axis=0) @ matrix)


def _root(matrix: Numbers) -> Numbers:
    root: Numbers = np.real(sqrtm(matrix))
    return root


def _gains(source: Sequence[Floats], target: Sequence[Floats], draws: np.random.Generator) -> Numbers:
    """Give the ratio of the two mean spectra by band, each relative to its lowest bands, so that light counts for nothing."""
    found = []
    for pictures in (source, target):
        bands = np.mean([_spectrum(picture, draws) for picture in pictures], axis=0)
        found.append(bands / bands[1:3].mean())
    gains: Numbers = np.clip(found[1] / np.maximum(found[0], 1e-12), 1 / _STRONGEST, _STRONGEST)
    gains[:2] = 1.0
    return gains


def _spectrum(picture: Floats, draws: np.random.Generator) -> Numbers:
    """Give mean amplitudes by band, of one window of the picture."""
    side = min(_WINDOW, *picture.shape[:2])
    top, left = (int(draws.integers(n - side + 1)) for n in picture.shape[:2])
    grey = picture[top : top + side, left : left + side] @ _GREY
    window = np.outer(np.hanning(side), np.hanning(side))
    amplitude = np.abs(np.fft.rfft2((grey - grey.mean()) * window))
    edges = np.linspace(0, 0.5, _BANDS)
    place = np.abs(_frequencies(side, side)[..., None] - edges).argmin(axis=-1)
    counts = np.bincount(place.ravel(), minlength=_BANDS)
    bands: Numbers = np.bincount(place.ravel(), amplitude.ravel(), minlength=_BANDS) / np.maximum(counts, 1)
    return bands


def _frequencies(rows: int, columns: int) -> Numbers:
    found: Numbers = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None])
    return found


def _clipped(picture: NDArray[np.floating]) -> Floats:
    clipped: Floats = np.clip(picture, 0, 1).astype(np.float32)
    return clipped
