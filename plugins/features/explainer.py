"""Explainer ``difference-map``: where in an image the direction lies along which two sets differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ... import SpacesDiffer, UsageError
from ...plugin import (
    AttentionExplainer,
    AttentionMaps,
    AttributeScores,
    Batch,
    Features,
    ImageRef,
    ImageSet,
    SetAside,
    batches,
    in_lanes,
    quoted,
)
from .config import DifferenceMapConfig
from .encoder import ID

REACH = 5.0
"""Top of the colour scale, in units of the largest projection of any image: a place may stand out
more than the image as a whole, whose projection is the mean of its places."""


class DifferenceMap(AttentionExplainer):
    """Spreads an image's projection on the difference over its places.

    The value of a place is ``Σ weight · (feature − mean) / sigma`` over measured channels: its mean
    over the image is the image's projection. Positive is like the target, negative like the reference.
    """

    config: DifferenceMapConfig
    backbone: Features

    @property
    def looks_at(self) -> int:
        """The side of the network's square; see :class:`Component`."""
        return self.backbone.size

    # Names what it takes, and so that scores must be wired: without them there is nothing to show.
    def explain(self, images: ImageSet, about: AttributeScores) -> AttentionMaps:  # type: ignore[override]
        """Give maps of the images that carry the difference most; scale and choice follow from ``about`` alone.

        Raises:
            UsageError: none of ``images`` took part in ``about``.
            SpacesDiffer: ``about`` was not made by the encoder ``features`` on this backbone.
        """
        layer = self._layer_of(about)
        refs = carriers(images, about, (self.config or DifferenceMapConfig()).most)
        if not refs:
            raise UsageError(
                f"difference-map: no image of {quoted(images.name)} took part in the scores wired to `about`",
                hint="wire the images of one of its two sides",
            )
        set_aside: list[SetAside] = []
        ids: list[str] = []
        maps: list[NDArray[np.float32]] = []

        def heat(batch: Batch) -> tuple[list[ImageRef], NDArray[np.float32]]:
            return batch[0], spread(self.backbone.maps(batch[1], layer), about)

        workers, device = self.context.workers, self.context.device
        chosen = batches(images.select(refs), self.backbone.size, set_aside, workers=workers)
        for some, found in in_lanes(heat, chosen, count=workers, device=device):
            ids += [ref.id for ref in some]
            maps.append(found)
            self.context.progress(len(ids), len(refs))
        high = REACH * float(np.nanmax(np.abs([*about.joint.reference_projection, *about.joint.target_projection]))) or 1.0
        return AttentionMaps(
            images=images.name,
            ids=tuple(ids),
            maps=np.concatenate(maps) if maps else np.zeros((0, 1, 1), np.float32),
            low=-high,
            high=high,
            about=f"{about.space.encoder}: {layer}",
            set_aside=tuple(set_aside),
        )

    def _layer_of(self, about: AttributeScores) -> str:
        space, digest = about.space, self.context.backbone_digest
        layers = {dimension.layer for dimension in space.dimensions}
        if space.encoder != ID or len(layers) != 1 or not layers <= set(self.backbone.layers):
            raise SpacesDiffer(
                f"difference-map: scores of {quoted(space.encoder)} do not lie on one layer of this backbone",
                hint="wire scores of latents of the encoder `features`, on the same backbone",
            )
        if space.backbone != digest:
            raise SpacesDiffer(
                f"difference-map: the scores were made with backbone {space.backbone}, this one is {digest}",
                hint="give both steps the same backbone",
            )
        return layers.pop()


def carriers(images: ImageSet, about: AttributeScores, most: int) -> tuple[ImageRef, ...]:
    """Choose the ``most`` images that lie farthest along the difference, on the side that they stand for."""
    sides = [
        (about.reference, about.reference_ids, about.joint.reference_projection, -1.0),
        (about.target, about.target_ids, about.joint.target_projection, 1.0),
    ]
    named = [side for side in sides if side[0] == images.name] or sides
    toward = 1.0 if np.nanmean(about.joint.target_projection) >= np.nanmean(about.joint.reference_projection) else -1.0
    by_id = {ref.id: ref for ref in images.refs}
    chosen: dict[str, ImageRef] = {}
    for _, ids, projection, sign in named:
        far = [
            (-sign * toward * value, id_)
            for id_, value in zip(ids, projection, strict=True)
            if id_ in by_id and np.isfinite(value)
        ]
        chosen.update({id_: by_id[id_] for _, id_ in sorted(far)[:most]})
    return tuple(chosen.values())


def spread(maps: NDArray[np.float32], about: AttributeScores) -> NDArray[np.float32]:
    """Weigh ``(images, channels, rows, columns)`` into ``(images, rows, columns)``."""
    on = np.asarray(about.effects.measured, bool)
    per_unit = about.joint.weights[on] / about.effects.sigma[on]
    total = np.einsum("nchw,c->nhw", maps[:, on], per_unit, dtype=np.float64)
    result: NDArray[np.float32] = (total - np.sum(per_unit * about.effects.mean[on])).astype(np.float32)
    return result
