"""Strips and moves of one axis: images set to pooled quantiles, and development images as the site would have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ...plugin import TraversalRow
from .axis import LEVELS, Axis
from .cast import Cast
from .decode import Decoder, Floats, kept

ROWS = 2
"""Images a side in a strip, beside the mean image."""
MOVES: Floats = np.array([0.2, 0.4, 0.6, 0.8])
"""Quantiles of the reference from which images are carried to the target."""


def strip(decoder: Decoder, axis: Axis, casts: Sequence[Cast], most: int) -> tuple[tuple[TraversalRow, ...], Floats, Tensor]:
    """Set the mean image, and images of both sides near the middle of the axis, to its pooled quantiles.

    Args:
        decoder: makes the pictures.
        axis: what is moved.
        casts: images of the reference and of the target.
        most: most pixels a side.

    Returns:
        The rows, the quantiles ``(levels,)``, and pictures ``(rows, levels, 3, side, side)`` in 0..1.
    """
    generator = decoder.model.generator
    mean = generator.w_mean.expand(1, generator.n_w, -1)
    rows, codes, own = [TraversalRow(side="mean")], [mean], [decoder.values(mean)]
    middle = axis.quantiles(np.array([0.5]))
    for side, images in zip(("reference", "target"), casts, strict=True):
        for i in images.nearest(axis.of(images.values), np.repeat(middle, min(ROWS, len(images.ids)))):
            rows.append(TraversalRow.model_validate({"side": side, "id": images.ids[i]}))
            codes.append(images.codes[i : i + 1])
            own.append(images.values[i : i + 1])
    values = axis.quantiles(LEVELS)
    by = values - axis.of(np.concatenate(own))[:, None]
    start = torch.cat([code.repeat(len(values), 1, 1) for code in codes])
    pictures = kept(decoder.moved(start, axis, by.ravel()), most)
    return tuple(rows), values, pictures.reshape(len(rows), len(values), *pictures.shape[1:])


def moves(decoder: Decoder, axis: Axis, home: Cast, most: int) -> tuple[tuple[str, ...], Floats, Floats, Tensor]:
    """Carry images of the reference, spread over its values, to where the target has them.

    Returns:
        Their names, the values ``(images,)`` before and after, and pictures ``(images, 2, 3, side, side)`` in 0..1.
    """
    numbers = axis.of(home.values)
    chosen = home.nearest(numbers, np.quantile(axis.reference, MOVES[: len(home.ids)]))
    starts = numbers[chosen]
    ends = axis.carried(starts)
    pairs = [kept(decoder.moved(home.codes[chosen], axis, to - starts), most) for to in (starts, ends)]
    return tuple(home.ids[i] for i in chosen), starts, ends, torch.stack(pairs, dim=1)
