"""Dual coordinate attention: the released gate, and one that knows where it is.

Both look at the whole map at once. What they need of it (means and maxima along rows and columns) can be gathered in
pieces, so that :mod:`.tiling` gives the same result as one pass.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

REDUCTION = 16


class PooledMap(NamedTuple):
    """Means and maxima of a map ``(images, channels, rows, columns)`` along its two axes.

    ``row_mean`` and ``row_max`` are ``(images, channels, rows)``, one number a row; the others ``(images, channels, columns)``.
    """

    row_mean: Tensor
    row_max: Tensor
    column_mean: Tensor
    column_max: Tensor


def pooled(u: Tensor) -> PooledMap:
    """Pool a map along both axes."""
    return PooledMap(u.mean(dim=3), u.amax(dim=3), u.mean(dim=2), u.amax(dim=2))


class ReleasedAttention(nn.Module):
    """The attention of the published code: a gate for each channel, which knows nothing of positions.

    The mean of the outer product of two pooled vectors is the product of their means. So the gate is the same for any
    order of rows and of columns, whatever the paper's abstract says.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // REDUCTION)
        self.fc = nn.Sequential(
            nn.Linear(channels, inner, bias=False), nn.ReLU(), nn.Linear(inner, channels, bias=False), nn.Sigmoid()
        )

    def gate(self, seen: PooledMap) -> tuple[Tensor, Tensor]:
        """Give factors for rows and for columns, ``(images, channels, rows or columns)``; here the latter are 1."""
        mean = seen.row_mean.mean(dim=2) * seen.column_mean.mean(dim=2)
        largest = seen.row_max.mean(dim=2) * seen.column_max.mean(dim=2)
        factor = self.fc(mean + largest)[..., None]
        return factor.expand_as(seen.row_mean), torch.ones_like(seen.column_mean)

    def forward(self, u: Tensor) -> Tensor:
        """Give the map, weighted."""
        return weighted(u, self.gate(pooled(u)))


class CoordinateAttention(nn.Module):
    """Coordinate attention (Hou et al. 2021, arXiv 2103.02907), of means and of maxima: their logits are added.

    Its maps are one factor a row and one a column, so it does know positions. The norm is a group norm over all of a
    vector, since batches are of one image.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(8, channels // REDUCTION)
        self.squeeze = nn.Conv1d(channels, inner, 1)
        self.norm = nn.GroupNorm(1, inner)
        self.rows = nn.Conv1d(inner, channels, 1)
        self.columns = nn.Conv1d(inner, channels, 1)

    def gate(self, seen: PooledMap) -> tuple[Tensor, Tensor]:
        """Give factors for rows and for columns, ``(images, channels, rows or columns)``, in 0..1."""
        mean, largest = self._logits(seen.row_mean, seen.column_mean), self._logits(seen.row_max, seen.column_max)
        return torch.sigmoid(mean[0] + largest[0]), torch.sigmoid(mean[1] + largest[1])

    def _logits(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        both = F.hardswish(self.norm(self.squeeze(torch.cat([rows, columns], dim=2))))
        above, across = both[:, :, : rows.shape[2]], both[:, :, rows.shape[2] :]
        return self.rows(above), self.columns(across)

    def forward(self, u: Tensor) -> Tensor:
        """Give the map, weighted."""
        return weighted(u, self.gate(pooled(u)))


def weighted(u: Tensor, gate: tuple[Tensor, Tensor]) -> Tensor:
    """Multiply a map by one factor a row and one a column."""
    rows, columns = gate
    return u * rows[..., None] * columns[:, :, None]
