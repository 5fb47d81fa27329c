"""Encoder ``style``: the code of each image in a style generator's space, and how well the image is made again from it."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ... import BackboneUnusable
from ...plugin import (
    Batch,
    Encoder,
    ImageRef,
    ImageSet,
    Latents,
    SetAside,
    Space,
    StyleEncoder,
    StyleModel,
    batches,
    in_lanes,
    reconstruction_error,
)
from .config import ID, StyleConfig
from .coordinates import Coordinates, coordinates_of

Floats = NDArray[np.float32]


class StyleSpaceEncoder(Encoder):
    """Whole frame, scaled to the encoder's square -> W+ -> coordinates; and the picture made of the code, held against it."""

    config: StyleConfig
    backbone: StyleModel

    @property
    def looks_at(self) -> int:
        """The side of the encoder's square; see :class:`Component`.

        Raises:
            BackboneUnusable: the backbone has no encoder.
        """
        return encoder_of(self.backbone).size

    @cached_property
    def _coordinates(self) -> Coordinates:
        return coordinates_of(self.config or StyleConfig(), self.backbone.generator)

    def encode(self, images: ImageSet) -> Latents:
        """Give ``(images, dimensions)`` with errors; a row depends on its image alone.

        Raises:
            BackboneUnusable: the backbone has no encoder, or its codes are not finite.
            UsageError: the options do not fit the generator.
        """
        seeing = encoder_of(self.backbone)
        coordinates = self._coordinates
        set_aside: list[SetAside] = []
        refs: list[ImageRef] = []
        values: list[Floats] = [np.zeros((0, len(coordinates.dimensions)), np.float32)]
        errors: list[Floats] = [np.zeros(0, np.float32)]

        def code(batch: Batch) -> tuple[list[ImageRef], Floats, Floats]:
            with torch.inference_mode():
                pictures = tensor_of(batch[1], self.backbone)
                codes = seeing.encode(pictures)
                made = self.backbone.generator.synthesis(w=codes).images
                error = reconstruction_error(pictures, made)
                return batch[0], coordinates.values(codes).float().cpu().numpy(), error.float().cpu().numpy()

        workers, device = self.context.workers, self.context.device
        ready = batches(images, seeing.size, set_aside, workers=workers)
        for some, rows, error in in_lanes(code, ready, count=workers, device=device):
            if not (np.isfinite(rows).all() and np.isfinite(error).all()):
                raise BackboneUnusable(
                    f"style: the backbone gives codes or pictures that are no finite numbers, first for {some[0].id!r}",
                    hint="its weights are damaged, or its training diverged: fit or import it again",
                )
            refs += some
            values.append(rows)
            errors.append(error)
            self.context.progress(len(refs), len(images))
        return Latents(
            space=Space(
                encoder=ID,
                key=self.context.space_key,
                backbone=self.context.backbone_digest,
                dimensions=coordinates.dimensions,
                error_limit=self.backbone.error_limit,
            ),
            images=images.name,
            ids=tuple(ref.id for ref in refs),
            groups=tuple(ref.group for ref in refs),
            values=np.concatenate(values),
            error=np.concatenate(errors),
            set_aside=tuple(set_aside),
        )


def encoder_of(model: StyleModel) -> StyleEncoder:
    """Give the encoder of a model.

    Raises:
        BackboneUnusable: it has none.
    """
    if model.encoder is None:
        raise BackboneUnusable(
            "style: this backbone is a generator without an encoder",
            hint="`shiftlens fit style-encoder` trains one for it, `shiftlens fit joint` both",
        )
    return model.encoder


def tensor_of(pixels: NDArray[np.uint8], model: StyleModel) -> Tensor:
    """Give pictures ``(images, rows, columns, 3)`` as ``(images, 3, rows, columns)`` in -1..1, where the model is."""
    like = model.generator.w_mean
    return torch.from_numpy(pixels).to(like.device).permute(0, 3, 1, 2).to(like.dtype) / 127.5 - 1
