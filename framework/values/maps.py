"""Where in each image something is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

from .per_image import PerImage
from .value import Array, Axes


class AttentionMaps(PerImage):
    """Where in each image something is: ``maps`` is ``(images, rows, columns)``.

    All maps share one scale, ``low`` to ``high``, fixed over both datasets: a hot place is hot
    compared with every image of the run, not with its own. ``about`` says what they show.
    """

    maps: Annotated[Array, Axes("images", "rows", "columns")]
    low: float
    high: float
    about: str = ""

    @classmethod
    def together(cls, parts: Sequence[Self]) -> dict[str, Any]:
        """Give the scale that holds for all; see :meth:`PerImage.together`."""
        return {"low": min(part.low for part in parts), "high": max(part.high for part in parts)}
