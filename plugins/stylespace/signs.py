"""One sign for each direction: eigenvectors have none of their own."""

from __future__ import annotations

from torch import Tensor


def with_signs(rows: Tensor) -> Tensor:
    """Give rows whose largest entry, by size, is positive.

    >>> import torch
    >>> with_signs(torch.tensor([[0.1, -0.9], [0.8, 0.2]])).tolist()[0][1] > 0
    True
    """
    largest = rows.gather(1, rows.abs().argmax(dim=1, keepdim=True))
    return rows * largest.sign()
