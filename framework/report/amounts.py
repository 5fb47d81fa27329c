"""Numbers as people read them: three figures, true minus signs, factors for logarithms, p that never says 0."""

from __future__ import annotations

import math

from ...specs.base import Text


def finite(value: object) -> float | None:
    """Give a number as JSON can hold it, or none.

    >>> finite(float("nan")) is None
    True
    """
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None


def figures(value: float, count: int = 3) -> str:
    """Give ``count`` significant figures, without exponent below a million.

    >>> figures(-0.012345), figures(1234.5), figures(3.0)
    ('−0.0123', '1230', '3.00')
    """
    return together(value, count=count)[0]


def together(*values: float, count: int = 3) -> list[str]:
    """Give numbers with as many decimals as the largest needs to show ``count`` figures.

    >>> together(-0.251, 1.5e-9)
    ['−0.251', '0.000']
    """
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    if largest == 0:
        return ["0" if v == 0 else "–" for v in values]
    whole = math.floor(math.log10(largest))
    if whole >= 6 or whole < -4:
        return [f"{v:.{count - 1}e}".replace("-", "−") for v in values]
    places = count - 1 - whole
    rounded = [round(v, places) + 0.0 for v in values]
    return [f"{v:.{max(0, places)}f}".replace("-", "−") if math.isfinite(v) else "–" for v in rounded]


def signed(*values: float) -> list[str]:
    """Give numbers with their signs, as many decimals each as the largest needs.

    >>> signed(0.5, -0.02)
    ['+0.500', '−0.020']
    """
    texts = together(*values)
    return [f"+{text}" if value > 0 and text.strip("0.") else text for value, text in zip(values, texts, strict=True)]


def hundredths(value: float) -> str:
    """Give two decimals: effects, in standard deviations, and areas under curves.

    >>> hundredths(3.4e-8), hundredths(-0.456)
    ('0.00', '−0.46')
    """
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def probability(p: float | None) -> str:
    """Give a p as text.

    >>> probability(0.0004), probability(0.0312), probability(1.0)
    ('< 0.001', '0.031', '1')
    """
    if p is None:
        return "–"
    if p < 0.001:
        return "< 0.001"
    return f"{p:.2g}" if p < 0.9995 else "1"


def with_unit(number: str, unit: str) -> str:
    r"""Put a unit behind a number; degrees and per cent as their habits are.

    >>> with_unit("3", "°"), with_unit("3", "K"), with_unit("3", "1/MP")
    ('3°', '3\u202fK', '3/MP')
    """
    if not unit:
        return number
    if unit.startswith("1/"):
        return number + unit[1:]
    return f"{number}°" if unit == "°" else f"{number}\u202f{unit}"


def change(shift: float, *, unit: str, scale: str) -> str:
    """Give a shift as text: a factor where the scale is logarithmic, else signed and in its unit.

    >>> change(1.0, unit="EV", scale="log2"), change(-0.5, unit="°", scale="linear")
    ('×2.00', '−0.500°')
    """
    return f"×{figures(2**shift)}" if scale == "log2" else with_unit(signed(shift)[0], unit)


def between(low: float, high: float, *, scale: str) -> str:
    """Give an interval of shifts as text.

    >>> between(-1.0, 2.0, scale="linear"), between(0.0, 1.0, scale="log2")
    ('−1.00 … +2.00', '1.00–2.00')
    """
    return "–".join(together(2**low, 2**high)) if scale == "log2" else " … ".join(signed(low, high))


def both(text: str) -> Text:
    """Give text that is the same in both languages.

    >>> both("×2").ja
    '×2'
    """
    return Text(en=text, ja=text)
