"""The images that take part in traversals: a fixed random part of each side, encoded once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ... import InputUnusable
from ...plugin import ImageRef, ImageSet, Latents, SetAside, StyleModel, batches
from .coordinates import Coordinates
from .encoder import encoder_of, tensor_of

MOST = 64
"""Images a side."""


@dataclass(frozen=True)
class Cast:
    """Encoded images of one side: names, codes ``(images, n_w, w_dim)`` and values ``(images, dimensions)``."""

    ids: tuple[str, ...]
    codes: Tensor
    values: NDArray[np.float64]

    def nearest(self, numbers: NDArray[np.float64], wanted: NDArray[np.float64]) -> list[int]:
        """Give the images whose ``numbers`` are nearest to each of ``wanted``, none twice as long as there are others."""
        chosen: list[int] = []
        for number in wanted:
            order = np.argsort(np.abs(numbers - number), kind="stable").tolist()
            chosen.append(next((i for i in order if i not in chosen), order[0]))
        return chosen


def cast(images: ImageSet, latents: Latents, model: StyleModel, coordinates: Coordinates, seed: int, workers: int) -> Cast:
    """Choose and encode images of one side, of as many groups as there are.

    Raises:
        InputUnusable: none of them can be read any more.
    """
    refs = _chosen(images, latents, seed)
    seeing = encoder_of(model)
    gone: list[SetAside] = []
    ids: list[str] = []
    codes: list[Tensor] = []
    with torch.inference_mode():
        for some, pixels in batches(images.select(refs), seeing.size, gone, workers=workers):
            ids += [ref.id for ref in some]
            codes.append(seeing.encode(tensor_of(pixels, model)))
        if not ids:
            raise InputUnusable(
                f"{images.name!r}: no image that was encoded can be read any more ({gone[0].reason if gone else 'none left'})",
                hint="put the images back, or run again with what is there",
            )
        whole = torch.cat(codes)
        return Cast(tuple(ids), whole, coordinates.values(whole).cpu().double().numpy())


def _chosen(images: ImageSet, latents: Latents, seed: int) -> tuple[ImageRef, ...]:
    by_id = {ref.id: ref for ref in images.refs}
    known = [by_id[name] for name in latents.ids if name in by_id]
    order = np.random.default_rng(seed).permutation(len(known)).tolist()
    groups: set[str] = set()
    first: list[ImageRef] = []
    again: list[ImageRef] = []
    for i in order:
        (again if known[i].group in groups else first).append(known[i])
        groups.add(known[i].group)
    return tuple((first + again)[:MOST])
