"""Where in each image something is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from ...specs.errors import PromiseBroken
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

    def check(self, sizes: Mapping[str, int] | None = None, within: str = "") -> None:
        """Hold every field against its promise; see :meth:`Value.check`."""
        super().check(sizes, within)
        if not -math.inf < self.low < self.high < math.inf:
            raise PromiseBroken(
                f"AttentionMaps.low: a scale from {self.low:g} to {self.high:g} came, low below high was promised"
            )

    @classmethod
    def together(cls, parts: Sequence[Self]) -> dict[str, Any]:
        """Give the scale that holds for all; see :meth:`PerImage.together`."""
        return {"low": min(part.low for part in parts), "high": max(part.high for part in parts)}
