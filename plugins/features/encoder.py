"""Encoder ``features``: the mean of a network's feature map, one code an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ... import UsageError
from ...plugin import (
    Batch,
    Dimension,
    Encoder,
    Features,
    ImageRef,
    ImageSet,
    Latents,
    SetAside,
    Space,
    batches,
    in_lanes,
    quoted,
)
from .config import FeaturesConfig

ID = "features"


class FeaturesEncoder(Encoder):
    """Gives each image the spatial mean of every channel of one layer. What a channel means has no words."""

    config: FeaturesConfig
    backbone: Features

    @property
    def looks_at(self) -> int:
        """The side of the network's square; see :class:`Component`."""
        return self.backbone.size

    def encode(self, images: ImageSet) -> Latents:
        """Give ``(images, channels)``; a row depends on its image alone.

        Raises:
            UsageError: the backbone has no such layer.
        """
        layer = (self.config or FeaturesConfig()).layer
        if layer not in self.backbone.layers:
            raise UsageError(f"features: no layer {quoted(layer)}", hint=f"layers: {', '.join(self.backbone.layers)}")
        set_aside: list[SetAside] = []
        refs: list[ImageRef] = []
        rows: list[NDArray[np.float32]] = []

        def code(batch: Batch) -> tuple[list[ImageRef], NDArray[np.float32]]:
            return batch[0], pooled(self.backbone.maps(batch[1], layer))

        workers, device = self.context.workers, self.context.device
        ready = batches(images, self.backbone.size, set_aside, workers=workers)
        for some, codes in in_lanes(code, ready, count=workers, device=device):
            refs += some
            rows.append(codes)
            self.context.progress(len(refs), len(images))
        values = np.concatenate(rows) if rows else np.zeros((0, self._channels(layer)), np.float32)
        return Latents(
            space=self._space(layer, values.shape[1]),
            images=images.name,
            ids=tuple(ref.id for ref in refs),
            groups=tuple(ref.group for ref in refs),
            values=values,
            set_aside=tuple(set_aside),
        )

    def _channels(self, layer: str) -> int:
        size = self.backbone.size
        return int(self.backbone.maps(np.zeros((1, size, size, 3), np.uint8), layer).shape[1])

    def _space(self, layer: str, channels: int) -> Space:
        return Space(
            encoder=ID,
            key=self.context.space_key,
            backbone=self.context.backbone_digest,
            dimensions=tuple(Dimension(id=f"{layer}.{number:04d}", layer=layer) for number in range(channels)),
        )


def pooled(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the spatial mean of ``(images, channels, rows, columns)`` as ``(images, channels)``."""
    means: NDArray[np.float64] = maps.mean(axis=(2, 3), dtype=np.float64)
    return means.astype(np.float32)
