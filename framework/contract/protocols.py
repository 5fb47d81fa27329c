"""What methods need of a model: small protocols, which backbone families implement."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


class Features(Protocol):
    """A network that gives feature maps of images."""

    size: int
    """Side in pixels of the square that the network sees."""
    layers: tuple[str, ...]
    """Names that ``maps`` accepts, shallow to deep; the last is the network's final map."""

    def maps(self, batch: NDArray[np.uint8], layer: str) -> NDArray[np.float32]:
        """Give ``(images, channels, rows, columns)`` of ``batch`` ``(images, size, size, 3)``, without gradients."""
        ...

    def activations(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Give the maps of several layers in one pass, with gradients towards ``images``.

        Args:
            images: ``(images, 3, rows, columns)`` in -1..1, of any size that the network takes.
            layers: names of ``layers``.
        """
        ...


@dataclass(frozen=True)
class StyleLayer:
    """One modulated layer of a style generator, in the order in which it runs.

    ``w`` is the index of the code that styles it; ``width`` its number of styles, one an *input* channel.
    """

    name: str
    resolution: int
    kind: Literal["conv", "rgb"]
    w: int
    width: int


class Synthesis(NamedTuple):
    """What a style generator makes: ``images`` ``(images, 3, size, size)`` about -1..1, and the features asked for."""

    images: Tensor
    features: dict[str, Tensor]


class StyleGenerator(Protocol):
    """A generator whose layers are styled: z -> w (mapping) -> S (affine, a layer) -> image."""

    size: int
    z_dim: int
    w_dim: int
    n_w: int
    """Codes of an image in W+: 2 log2(size) - 2."""
    layers: tuple[StyleLayer, ...]

    @property
    def w_mean(self) -> Tensor:
        """The mean of the mapped codes, ``(w_dim,)``, towards which truncation pulls."""
        ...

    def mapping(self, z: Tensor, truncation: float = 1.0) -> Tensor:
        """Give ``(images, w_dim)`` of ``z`` ``(images, z_dim)``."""
        ...

    def styles(self, w: Tensor) -> Tensor:
        """Give S ``(images, sum of widths)``, layer after layer, of ``w`` ``(images, w_dim)`` or ``(images, n_w, w_dim)``."""
        ...

    def synthesis(
        self, *, w: Tensor | None = None, styles: Tensor | None = None, noise: Literal["fixed", "random", "none"] = "fixed",
        capture: Collection[str] = (), inject: Mapping[str, Tensor] | None = None, until: str | None = None,
    ) -> Synthesis:  # fmt: skip
        """Make images of codes ``w`` or of ``styles`` (give one).

        Args:
            w: ``(images, w_dim)`` or ``(images, n_w, w_dim)``.
            styles: ``(images, sum of widths)``.
            noise: the generator's own noise images, fresh ones, or none.
            capture: names of conv layers whose outputs (after noise, bias and activation) are given back.
            inject: outputs by conv layer that replace the layer's own.
            until: the layer after whose output to stop; the images are then empty.

        Raises:
            UsageError: no such layer, or a shape that does not fit.
        """
        ...


class StyleEncoder(Protocol):
    """Finds the codes of images in W+."""

    size: int
    """Side in pixels of the square that it sees."""

    def encode(self, images: Tensor) -> Tensor:
        """Give ``(images, n_w, w_dim)`` of ``images`` ``(images, 3, size, size)`` in -1..1."""
        ...


class StyleModel(Protocol):
    """A style generator with its encoder: what backbones provide as ``style-generator`` and ``style-encoder``."""

    generator: StyleGenerator
    encoder: StyleEncoder | None
    error_limit: float | None
    """Reconstruction error above which an image is outside of what the two know; see :class:`shiftlens.plugin.Space`."""


class Translates(Protocol):
    """A network that makes images of one domain look like those of another: what backbones provide as ``translator``."""

    multiple: int
    """Sides of images are multiples of this; whoever calls it pads."""

    def translate(self, images: Tensor) -> Tensor:
        """Give as many images of the same size, in -1..1, of ``images`` ``(images, 3, rows, columns)`` in -1..1."""
        ...
