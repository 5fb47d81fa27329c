"""How one attribute is written down: a dimension and its words in English and Japanese."""

from __future__ import annotations

from typing import Literal

from ... import Text
from ...plugin import Dimension, Words

Kind = Literal["light", "colour", "optics", "position", "surface", "file"]
Pair = tuple[str, str]


def _text(pair: Pair) -> Text:
    return Text(en=pair[0], ja=pair[1])


def attribute(
    id: str,
    unit: str,
    floor: float,
    kind: Kind,
    words: tuple[Pair, Pair, Pair, Pair],
    more: Pair,
    less: Pair | None = None,
    scale: Literal["linear", "log2"] = "linear",
    period: float | None = None,
) -> Dimension:
    """Make a dimension of its words (label, more, less, how) and what to do where there is more, or less of it."""
    label, is_more, is_less, how = (_text(pair) for pair in words)
    return Dimension(
        id=id,
        unit=unit,
        scale=scale,
        period=period,
        floor=floor,
        words=Words(
            label=label,
            kind=kind,
            more=is_more,
            less=is_less,
            how=how,
            action_more=_text(more),
            action_less=_text(less or more),
        ),
    )
