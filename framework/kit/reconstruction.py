"""How far a made image is from the one it stands for: one measure, for encoders, fitters and gates alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def reconstruction_error(images: Tensor, made: Tensor) -> Tensor:
    """Give ``(images,)``: the root mean square difference of pictures in 0..1, both averaged 2 × 2 before.

    The averages make single-pixel noise, which no code holds, count less. Where the sizes differ, the
    larger pictures are averaged down to the smaller first. Gradients flow.

    Args:
        images: ``(images, 3, rows, columns)`` in -1..1.
        made: as many, in -1..1; what is beyond is taken for the end.

    >>> import torch
    >>> reconstruction_error(torch.zeros(1, 3, 4, 4), torch.full((1, 3, 8, 8), 0.5)).item()
    0.25
    """
    from torch.nn.functional import adaptive_avg_pool2d

    rows, columns = (max(1, min(images.shape[i], made.shape[i]) // 2) for i in (-2, -1))
    apart = adaptive_avg_pool2d(images, (rows, columns)) - adaptive_avg_pool2d(made.clamp(-1, 1), (rows, columns))
    return (apart / 2).square().mean(dim=(1, 2, 3)).sqrt()
