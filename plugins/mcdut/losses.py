"""The losses: adversarial (least squares), contrastive in three forms, and domain consistency.

All vectors have unit norm. Keys and negatives are constants: gradients reach the networks through the queries alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

TEMPERATURE = 0.07
MASKED = -10.0
"""The similarity that stands for none, before it is divided by the temperature."""


def patch_nce(queries: Tensor, keys: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Give CUT's contrastive loss of one layer: each query against the keys of its own image.

    Args:
        queries: ``(images, patches, width)``.
        keys: as many, at the same places.
        temperature: of the softmax.

    >>> round(patch_nce(torch.ones(1, 256, 1), torch.ones(1, 256, 1)).item(), 4)
    5.5452
    """
    return nce(queries, keys, masked_diagonal(queries, keys.detach()), temperature)


def crop_nce(
    queries: Tensor, keys: Tensor, views: Sequence[Tensor], *, averaged: bool = False, internal: bool = False,
    near: Sequence[Tensor] | None = None, temperature: float = TEMPERATURE,
) -> Tensor:  # fmt: skip
    """Give the multi-crop contrastive loss of one layer: positives of the full image, negatives of crops of it.

    Args:
        queries: ``(images, patches, width)``.
        keys: the positives, at the places of the queries.
        views: ``(images, negatives, width)`` of each crop.
        averaged: the mean of one softmax a view, instead of one softmax of all negatives.
        internal: whether the other keys count as negatives, too.
        near: ``(images, patches, negatives)`` of each crop: negatives that lie too near to a query to be one.
        temperature: of the softmax.

    >>> one = torch.ones(1, 256, 1)
    >>> round(crop_nce(one, one, [one, one, one]).item(), 4)
    6.6451
    """
    against = [torch.bmm(queries, view.detach().transpose(1, 2)) for view in views]
    if near is not None:
        against = [one.masked_fill(mask, MASKED) for one, mask in zip(against, near, strict=True)]
    inside = [masked_diagonal(queries, keys.detach())] if internal else []
    if averaged:
        return torch.stack([nce(queries, keys, torch.cat([one, *inside], 2), temperature) for one in against]).mean()
    return nce(queries, keys, torch.cat([*against, *inside], dim=2), temperature)


def nce(queries: Tensor, keys: Tensor, against: Tensor, temperature: float) -> Tensor:
    """Give the cross entropy of the positive, first of its row.

    Args:
        queries: ``(images, patches, width)``.
        keys: the positives.
        against: ``(images, patches, negatives)``, similarities.
        temperature: of the softmax.
    """
    positive = (queries * keys.detach()).sum(dim=2, keepdim=True)
    logits = torch.cat([positive, against], dim=2).flatten(0, 1) / temperature
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))


def masked_diagonal(queries: Tensor, keys: Tensor) -> Tensor:
    """Give similarities of all pairs; a query and its own key count as unlike."""
    own = torch.eye(queries.shape[1], dtype=torch.bool, device=queries.device)
    return torch.bmm(queries, keys.transpose(1, 2)).masked_fill(own, MASKED)


def consistency(made: Tensor, real: Tensor, reduction: Literal["mean", "sum"] = "mean") -> Tensor:
    """Give the distance of the embeddings of made and real images, ``(images, length)``, summed or averaged over the length.

    The published code asks for the sum and, by the order of its arguments, gets the mean.
    """
    apart = (made - real).abs()
    return apart.mean() if reduction == "mean" else apart.sum(dim=1).mean()


def judged(scores: Tensor, real: bool) -> Tensor:
    """Give how far a discriminator's scores are from 1 (real) or 0 (made), squared."""
    return (scores - float(real)).square().mean()
