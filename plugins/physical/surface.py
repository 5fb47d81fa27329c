"""What the surface looks like: strength of its texture, the period, and the way its lines run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from .filters import Relief, sample, slope_gain, slopes, smooth_gain

Plane = NDArray[np.float32]

LEAST_COHERENCE = 0.15
"""Share of slopes that must agree before a direction is told: 0 all directions alike, 1 one direction."""
LEAST_REPEAT = 0.4
"""Correlation with itself, one period on, from which a texture counts as periodic; also its rise over what lies between."""
SHORTEST_PERIOD = 4
_AREA = 320


def texture_strength(relief: Relief, noise: float) -> float:
    """Give the strength of fine texture in % of the local level: robust standard deviation at scales of 2 to 20 px.

    The part of the noise is taken off. From quartiles, so that edges and holes do not count.
    """
    lit = relief.smoothed[2][relief.lit]
    if lit.size < 64:
        return float("nan")
    low, high = np.quantile(sample(lit), (0.25, 0.75))
    raw = float(high - low) / 1.349
    return 100 * float(np.sqrt(max(raw**2 - noise**2 * smooth_gain(2), 0.0)))


def orientation(relief: Relief, noise: float) -> float:
    """Give the way in which lines run: degrees counter-clockwise from the horizontal, 0 to 180; NaN where no way prevails.

    The direction of least change of the structure tensor (Bigün & Granlund 1987). Slopes are taken
    relative to the level and cut at three times their median, so that edges of parts do not decide.
    """
    if min(relief.lit.shape) < 16:
        return float("nan")
    x, y = slopes(relief.smoothed[3])
    size = x * x + y * y
    limit = 9 * float(np.median(sample(size)))
    scale = np.minimum(np.float32(1), np.float32(limit) / np.maximum(size, np.float32(1e-12)))
    xx, yy, xy = (float(np.vdot(a * scale, b)) / size.size for a, b in ((x, x), (y, y), (x, y)))
    own = noise**2 * slope_gain(3)
    total = xx + yy
    if total <= 2 * own or total < 1e-10:
        return float("nan")
    if np.hypot(xx - yy, 2 * xy) < LEAST_COHERENCE * total:
        return float("nan")
    change = np.degrees(np.arctan2(2 * xy, xx - yy)) / 2
    return float((90 - change) % 180)


def texture_period(relief: Relief, factor: int) -> float:
    """Give the shortest period of a repeating texture in stored pixels; NaN where nothing repeats.

    The first peak of the autocorrelation that stands 0.4 high and 0.4 above what lies between it and the
    origin; of the middle 320 px at most, lags up to a third of it. Noise, which only matches
    itself at lag 0, is left out of the scale.
    """
    middle = _middle(relief.smoothed[1])
    if min(middle.shape) < 4 * SHORTEST_PERIOD:
        return float("nan")
    limit = np.float32(3 * 1.4826 * float(np.median(np.abs(sample(middle)))))
    lags = _autocorrelation(np.clip(middle, -limit, limit))
    return float("nan") if lags is None else _first_peak(lags) * factor


def _middle(plane: Plane) -> Plane:
    top, left = (max(0, (n - _AREA) // 2) for n in plane.shape)
    return plane[top : top + _AREA, left : left + _AREA]


def _autocorrelation(even: Plane) -> Plane | None:
    """Give correlations at lags ``(0…rows/3, -columns/3…columns/3)``, 1 next to the origin; None for a flat plane."""
    tall, wide = np.hanning(even.shape[0] + 2)[1:-1], np.hanning(even.shape[1] + 2)[1:-1]
    window = np.outer(tall, wide).astype(np.float32)
    shape = tuple(fft.next_fast_len(n, real=True) for n in even.shape)
    spectrum = fft.rfft2((even - even.mean()) * window, shape)
    raw = fft.irfft2(np.abs(spectrum) ** 2, shape)
    rows, columns = even.shape[0] // 3, even.shape[1] // 3
    own_rows, own_columns = _own(tall, shape[0])[: rows + 1], _own(wide, shape[1])
    across = np.r_[-columns : columns + 1]
    lags = raw[: rows + 1, across] / np.outer(own_rows, own_columns[across])
    near = float(max(lags[0, columns + 1], lags[1, columns]))
    return None if near <= 1e-10 else np.asarray(lags / near, np.float32)


def _own(window: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    return np.asarray(fft.irfft(np.abs(fft.rfft(window, length)) ** 2, length))


def _first_peak(lags: Plane) -> float:
    """Give the length of the shortest lag whose peak is high, clear and nearly the highest; NaN without one."""
    rows, columns = lags.shape[0] - 1, lags.shape[1] // 2
    peaks = (lags == ndimage.maximum_filter(lags, 5, mode="nearest")) & (lags >= LEAST_REPEAT)
    peaks[rows], peaks[:, 0], peaks[:, -1] = False, False, False
    down, across = np.nonzero(peaks)
    length = np.hypot(down, across - columns)
    found = []
    for i in np.argsort(length):
        if length[i] < SHORTEST_PERIOD:
            continue
        shares = np.linspace(0, 1, max(8, int(length[i]) + 1))
        path = lags[np.rint(down[i] * shares).astype(int), np.rint(columns + (across[i] - columns) * shares).astype(int)]
        height = float(lags[down[i], across[i]])
        if height - float(path.min()) >= LEAST_REPEAT:
            found.append((height, i))
    if not found:
        return float("nan")
    highest = max(height for height, _ in found)
    first = next(i for height, i in found if height >= 0.8 * highest)
    return _refined(lags, int(down[first]), int(across[first]), columns)


def _refined(lags: Plane, row: int, column: int, middle: int) -> float:
    """Place a peak between lags by a parabola along each axis."""
    down = row + _vertex(*(float(lags[abs(row + d), column if row + d >= 0 else 2 * middle - column]) for d in (-1, 0, 1)))
    across = column + _vertex(*(float(lags[row, column + d]) for d in (-1, 0, 1)))
    return float(np.hypot(down, across - middle))


def _vertex(before: float, at: float, after: float) -> float:
    bend = before - 2 * at + after
    return 0.0 if bend >= 0 else float(np.clip((before - after) / (2 * bend), -0.5, 0.5))
