"""How much light there is and how evenly it falls: exposure, contrast, gradient, vignetting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .filters import cells_of, sample

Plane = NDArray[np.float32]

GRID = 32
"""Cells along the longer side on which the fall of light is fitted."""
LEAST_COVER = 0.35
"""Share of cells that must be lit before anything is said of how evenly light falls."""
LEAST_GRADIENT = 0.15
"""EV below which a gradient has no direction."""
_CLIPPED = 0.98
_ROUNDS = 6


@dataclass(frozen=True)
class Illumination:
    """The smooth part of the light.

    ``gradient`` is the change in EV of the fitted plane from the darkest to the brightest corner;
    ``direction`` where its bright side lies, in degrees counter-clockwise from the right, NaN where
    there is hardly any; ``vignetting`` the EV that corners lose against the centre; ``field`` the
    light relative to its mean at the coarse size, all ones where nothing could be fitted.
    """

    gradient: float
    direction: float
    vignetting: float
    field: Plane


def exposure(plane: Plane, step: float) -> float:
    """Give the level of the picture in EV below full scale: log2 of the mean between the 5th and the 95th percentile.

    Trimming keeps clipped highlights and black borders out. A black picture reads half a grey level.
    """
    values = np.sort(sample(plane))
    cut = len(values) // 20
    level = float(values[cut : len(values) - cut].mean(dtype=np.float64))
    return float(np.log2(max(level, step / 2)))


def contrast(coarse: Plane, noise: float) -> float:
    """Give the contrast in %: (bright − dark) / (bright + dark) of the 90th and 10th percentile, 0 to 100.

    Measured on the coarse copy with the smooth part of the light divided out, so neither fine
    texture nor an uneven lamp counts. ``noise`` (share of the level, of this copy) is taken off in quadrature.
    """
    low, high = np.quantile(coarse, (0.1, 0.9))
    if high <= 0:
        return float("nan")
    raw = float((high - low) / (high + low))
    return 100 * float(np.sqrt(max(raw**2 - (1.28 * noise) ** 2, 0.0)))


def illumination(coarse: Plane, step: float, part: NDArray[np.bool_] | None = None) -> Illumination:
    """Fit level, plane and radial fall-off to the logarithm of the light, robustly, on a grid of at most 32 cells a side.

    ``part`` marks an object, which gets a level of its own, so that a bright part left of the
    centre is not taken for light from the left. Clipped and nearly black cells do not count.
    """
    rows, columns = coarse.shape
    size = max(1, -(-max(rows, columns) // GRID))
    cells = cells_of(coarse, size)
    high = float(np.quantile(cells, 0.9))
    ys, xs = np.mgrid[: cells.shape[0], : cells.shape[1]].astype(np.float64)
    ys, xs = ys - (cells.shape[0] - 1) / 2, xs - (cells.shape[1] - 1) / 2
    radius = float(np.hypot(cells.shape[0], cells.shape[1])) / 2
    inside = cells_of(part.astype(np.float32), size) if part is not None else np.zeros_like(cells)
    terms = _terms(xs / radius, ys / radius, inside)
    lit = (cells < _CLIPPED) & (cells > max(0.1 * high, 2 * step))
    if lit.mean() < LEAST_COVER or lit.sum() < 2 * terms.shape[-1]:
        return Illumination(float("nan"), float("nan"), float("nan"), np.ones_like(coarse))
    fit = _robust_fit(terms[lit], np.log2(cells[lit]))
    _, right, down, radial, _ = fit
    change = (abs(right) * cells.shape[1] + abs(down) * cells.shape[0]) / radius
    return Illumination(
        gradient=float(change),
        direction=float(np.degrees(np.arctan2(-down, right)) % 360) if change >= LEAST_GRADIENT else float("nan"),
        vignetting=float(-radial),
        field=_field(fit, rows, columns),
    )


def _terms(x: NDArray[np.float64], y: NDArray[np.float64], inside: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x**2 + y**2, inside], axis=-1)


def _field(fit: NDArray[np.float64], rows: int, columns: int) -> Plane:
    radius = float(np.hypot(rows, columns)) / 2
    x = (np.arange(columns) - (columns - 1) / 2) / radius
    y = ((np.arange(rows) - (rows - 1) / 2) / radius)[:, None]
    smooth = fit[1] * x + fit[2] * y + fit[3] * (x**2 + y**2)
    return np.asarray(np.exp2(smooth - smooth.mean()), np.float32)


def _robust_fit(terms: NDArray[np.float64], values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Fit by least squares, weighted again and again by Tukey's biweight of the residuals."""
    weights: NDArray[np.float64] = np.ones(len(values))
    fit: NDArray[np.float64] = np.zeros(terms.shape[1])
    for _ in range(_ROUNDS):
        scaled = terms * weights[:, None]
        fit = np.asarray(np.linalg.lstsq(scaled.T @ terms, scaled.T @ values, rcond=1e-9)[0], np.float64)
        residuals = values.astype(np.float64) - terms @ fit
        spread = 1.4826 * float(np.median(np.abs(residuals)))
        if spread < 1e-4:
            break
        weights = np.asarray(np.maximum(1 - (residuals / (4.685 * spread)) ** 2, 0) ** 2, np.float64)
    return fit
