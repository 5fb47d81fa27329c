"""What colour the light and the picture have, measured so that neither brightness nor each other moves them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

GAMMA = {"srgb": 2.2, "linear": 1.0}
"""Light is the stored value to this power: of sRGB files (within 1 %), and of cameras without a tone curve."""
COOLEST, WARMEST = 25_000.0, 2_000.0
_TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


def colour(rgb: Plane | None, step: float, tone: str = "srgb") -> tuple[float, float, float]:
    """Give colour temperature (K), tint (EV) and saturation (%) of a picture; NaN without colour.

    The temperature is that of the black body with the picture's ratio of red to blue light: a grey
    scene under daylight reads 6500 K; NaN beyond 2000–25000 K. Tint is the green light against
    that black body: positive is green, negative magenta. Saturation is the mean chroma, highest
    channel minus lowest over highest, after each channel is brought to the same mean, so that
    the colour of the light does not count: 0 where everything has one colour. ``tone`` says how stored
    values follow the light, a key of ``GAMMA``.
    """
    nothing = (float("nan"),) * 3
    if rgb is None:
        return nothing
    usable = (rgb.max(axis=2) < 0.98) & (rgb.max(axis=2) > 4 * step)
    if usable.sum() < 16:
        return nothing
    pixels = rgb[usable]
    means = pixels.mean(axis=0, dtype=np.float64)
    if means.min() <= step / 2:
        return nothing
    balanced = pixels / means.astype(np.float32)
    highest, lowest = balanced.max(axis=1), balanced.min(axis=1)
    saturation = 100 * float((highest - lowest).sum() / highest.sum())
    red, green, blue = GAMMA[tone] * np.log2(means)
    mireds, warmth, greenness = _black_bodies()
    if not warmth[0] <= red - blue <= warmth[-1]:
        return float("nan"), float("nan"), saturation
    mired = float(np.interp(red - blue, warmth, mireds))
    tint = green - (red + blue) / 2 - float(np.interp(red - blue, warmth, greenness))
    return 1e6 / mired, float(tint), saturation


@cache
def _black_bodies() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Tabulate black bodies: mired, log2(red / blue) and log2(green / √(red·blue)) of their light in sRGB primaries.

    The locus is the cubic approximation of Kim et al., US patent 7024034 (2006).
    """
    mired = np.linspace(1e6 / COOLEST, 1e6 / WARMEST, 400)
    t = 1e3 / (1e6 / mired)
    x = np.where(
        t > 0.25,
        -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910,
        -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390,
    )
    y = np.select(
        [t > 1 / 2.222, t > 0.25],
        [
            -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683,
            -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867,
        ],
        3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483,
    )
    red, green, blue = np.log2(_TO_SRGB @ np.stack([x / y, np.ones_like(x), (1 - x - y) / y]))
    return mired, red - blue, green - (red + blue) / 2
