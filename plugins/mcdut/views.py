"""Where crops are cut, and which places of maps are looked at. All of it is drawn on the CPU from one generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Window(NamedTuple):
    """A square of a picture: its first row and column, and its side."""

    top: int
    left: int
    side: int


def centred(source: int, side: int) -> Window:
    """Give the window in the middle of a square picture."""
    at = (source - side) // 2
    return Window(at, at, side)


def anywhere(source: int, side: int, draws: np.random.Generator) -> Window:
    """Draw a window of a square picture."""
    top, left = (int(n) for n in draws.integers(source - side + 1, size=2))
    return Window(top, left, side)


def cut(images: Tensor, windows: Sequence[Window]) -> Tensor:
    """Cut one window of each image; all are of one side."""
    return torch.stack([
        image[:, at.top : at.top + at.side, at.left : at.left + at.side] for image, at in zip(images, windows, strict=True)
    ])  # fmt: skip


def places(maps: Sequence[Tensor], patches: int, draws: np.random.Generator) -> list[Tensor]:
    """Draw ``(patches,)`` different places of the flattened map of each layer; of a smaller map, all."""
    found = []
    for one in maps:
        count = one.shape[2] * one.shape[3]
        chosen = draws.permutation(count) if patches >= count else draws.choice(count, patches, replace=False)
        found.append(torch.from_numpy(chosen).to(one.device))
    return found


def centres(ids: Tensor, one: Tensor, windows: Sequence[Window]) -> Tensor:
    """Give the pixels, ``(images, places, 2)``, at the centres of places of a map, in the frame that windows are cut from.

    Args:
        ids: ``(images, places)``.
        one: the map; the first layer's is larger than the picture by its padding.
        windows: of the pictures whose map it is.
    """
    side = windows[0].side
    stride = max(1, round(side / one.shape[2]))
    padding = (one.shape[2] * stride - side) / 2
    rows, columns = torch.div(ids, one.shape[3], rounding_mode="floor"), ids % one.shape[3]
    own = torch.stack([rows, columns], dim=2) * stride + stride / 2 - padding
    offsets = torch.tensor([[at.top, at.left] for at in windows], device=ids.device)
    return own + offsets[:, None]


def near(queries: Tensor, others: Tensor, radius: float) -> Tensor:
    """Say which of the other places, ``(images, queries, others)``, lie within ``radius`` pixels of a query."""
    return torch.cdist(queries.double(), others.double()) <= radius
