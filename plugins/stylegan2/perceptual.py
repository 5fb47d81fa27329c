"""A perceptual distance by any network of features: like LPIPS in form, with its own name because its weights are others."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ...plugin import Features

LAYERS = 3
"""How many layers, from the shallow end: at 64 px deeper maps are a few pixels wide."""


class Perceptual:
    """Mean over layers and places of the squared difference of unit-normalised features (Zhang et al. 2018, without heads).

    Args:
        features: the network.
        layers: how many of its layers, from the shallow end.
    """

    def __init__(self, features: Features, layers: int = LAYERS) -> None:
        self._features, self._layers = features, features.layers[:layers]

    def of(self, images: Tensor) -> list[Tensor]:
        """Give the normalised maps of ``images`` ``(images, 3, rows, columns)`` in -1..1."""
        return self.normalised(self._features.activations(images, self._layers))

    def normalised(self, found: Mapping[str, Tensor]) -> list[Tensor]:
        """Give the normalised maps of what the network found, in which its first layers are."""
        maps = (found[layer].float() for layer in self._layers)
        return [x * (x.square().sum(dim=1, keepdim=True) + 1e-8).rsqrt() for x in maps]

    def between(self, first: list[Tensor], second: list[Tensor]) -> Tensor:
        """Give ``(images,)`` of what :meth:`of` gave."""
        apart = [(a - b).square().sum(dim=1).mean(dim=(1, 2)) for a, b in zip(first, second, strict=True)]
        total: Tensor = sum(apart[1:], apart[0]) / len(apart)
        return total
