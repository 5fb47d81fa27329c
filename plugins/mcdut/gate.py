"""The gate: whether one repaired image may be used in place of the original."""

from __future__ import annotations

from typing import NamedTuple

from ... import Text
from .cheap import Floats
from .config import Limits
from .detect import Changes, Level, changes, levels
from .structure import edge_f1, gradient_correlation


class Judgement(NamedTuple):
    """What was found on one image: things that appeared and vanished, structure, and why it is held back, if it is."""

    changes: Changes
    edges: float
    gradients: float
    reason: Text | None


def judge(before: Floats, after: Floats, limits: Limits, *, found: list[Level] | None = None) -> Judgement:
    """Hold a repaired image against the original, which nobody marked.

    Args:
        before: ``(rows, columns, 3)`` in 0..1.
        after: the same, repaired.
        limits: what must hold.
        found: the contrasts of ``before``, where they are known already.
    """
    pair = found or levels(before), levels(after)
    seen = changes(*pair, least=limits.contrast, strength=limits.strength)
    edges, gradients = edge_f1(before, after), gradient_correlation(before, after)
    return Judgement(seen, edges, gradients, _reason(seen, edges, gradients, limits))


def _reason(seen: Changes, edges: float, gradients: float, limits: Limits) -> Text | None:
    if seen.invented:
        return Text(
            en=f"it shows {_things(seen.invented)} that the original does not have",
            ja=f"元画像にない模様が {seen.invented} か所に現れています",
        )
    if seen.lost:
        return Text(en=f"it loses {_things(seen.lost)} of the original", ja=f"元画像の模様が {seen.lost} か所で失われています")
    if edges < limits.edges:
        return Text(
            en=f"its edges are others: F1 {edges:.2f}, at least {limits.edges:g} is asked for",
            ja=f"輪郭が変わっています（F1 {edges:.2f}、基準 {limits.edges:g} 以上）",
        )
    if gradients < limits.gradients:
        return Text(
            en=f"its shading runs another way: correlation {gradients:.2f}, at least {limits.gradients:g} is asked for",
            ja=f"濃淡の向きが変わっています（相関 {gradients:.2f}、基準 {limits.gradients:g} 以上）",
        )
    return None


def _things(count: int) -> str:
    return "a spot or line" if count == 1 else f"{count} spots or lines"
