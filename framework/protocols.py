"""What methods need of a model: small protocols, which backbone families implement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Features(Protocol):
    """A network that gives feature maps of images, without gradients."""

    size: int
    """Side in pixels of the square that the network sees."""
    layers: tuple[str, ...]
    """Names that ``maps`` accepts, shallow to deep; the last is the network's final map."""

    def maps(self, batch: NDArray[np.uint8], layer: str) -> NDArray[np.float32]:
        """Give ``(images, channels, rows, columns)`` of ``batch`` ``(images, size, size, 3)``."""
        ...
