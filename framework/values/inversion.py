"""Images as codes, with what the codes lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from ...specs.errors import PromiseBroken
from .per_image import PerImage
from .space import Space
from .value import Array, Axes

MOST_BYTES = 2**20
"""Of codes and discrepancy together, an image: what follows from them is made when it is needed."""


class Inversion(PerImage):
    """Images as codes plus what a backbone needs to make them again in full.

    ``codes`` is ``(images, dimensions)`` in ``space``. ``discrepancy`` ``(images, channels, rows, columns)`` is a small map of
    what the codes lost. From it the compensator's own network makes what it adds at ``layer`` of the generator. ``error``
    ``(images,)`` is what is still missing (:func:`shiftlens.plugin.reconstruction_error`).

    Raises:
        PromiseBroken: see :class:`Value`; or an image takes more than 1 MiB, as a residual of a feature map would.
    """

    space: Space
    codes: Annotated[Array, Axes("images", "dimensions")]
    discrepancy: Annotated[Array, Axes("images", "channels", "map rows", "map columns")]
    layer: str
    error: Annotated[Array, Axes("images")]

    def lengths(self) -> dict[str, int]:
        """Give the number of dimensions; see :meth:`Value.lengths`."""
        return {"dimensions": len(self.space)}

    def check(self, sizes: Mapping[str, int] | None = None, within: str = "") -> None:
        """Hold every field against its promise; see :meth:`Value.check`."""
        super().check(sizes, within)
        each = (self.codes.nbytes + self.discrepancy.nbytes) // max(1, len(self.ids))
        if each > MOST_BYTES:
            raise PromiseBroken(
                f"{within or 'Inversion'}.discrepancy: {each / 2**20:.1f} MiB an image came, 1 MiB at most was promised",
                hint="keep what the residual follows from, not the residual; half precision is enough for a map",
            )
