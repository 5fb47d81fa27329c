"""The norm of all networks here: of each image and channel by itself, without parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

EPSILON = 1e-5


class InstanceNorm(nn.Module):
    """Instance norm that keeps the memory format of its input.

    torch's own turns channels-last maps around twice on a CPU, which costs a fifth of the convolution before it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Give a map of mean 0 and variance 1 in each image and channel, not overwriting ``x``."""
        if x.device.type != "cpu" or x.is_contiguous():
            return F.instance_norm(x, eps=EPSILON)
        return _ChannelsLast.apply(x)  # type: ignore[no-untyped-call, no-any-return]


class _ChannelsLast(torch.autograd.Function):
    """Means over places are products with a row of equal weights, which leaves the map as it lies."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        flat = _flat(x)
        weights = _weights(flat)
        mean = torch.bmm(weights, flat)
        made = torch.empty_like(x, dtype=flat.dtype, memory_format=torch.channels_last)
        inside = _flat(made)  # what is given out must be no view, for the activation overwrites it
        torch.sub(flat, mean, out=inside)
        scale = (torch.bmm(weights, inside.square()) + EPSILON).rsqrt()
        inside.mul_(scale)
        ctx.save_for_backward(x, mean, scale)
        return made

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        x, mean, scale = ctx.saved_tensors
        flat, gradient = _flat(x), _flat(gradients[0])
        weights = _weights(flat)
        level = torch.bmm(weights, gradient)
        slope = (torch.bmm(weights, gradient * flat) - mean * level) * scale**3
        back = torch.addcmul(mean * slope - level * scale, flat, slope, value=-1).addcmul_(gradient, scale)
        return back.view(len(x), *x.shape[2:], x.shape[1]).permute(0, 3, 1, 2).to(x.dtype)


def _flat(x: Tensor) -> Tensor:
    """Give ``(images, places, channels)`` of a map, in 32 bits at least."""
    return x.permute(0, 2, 3, 1).flatten(1, 2).to(torch.promote_types(x.dtype, torch.float32))


def _weights(flat: Tensor) -> Tensor:
    return flat.new_full((1, 1, flat.shape[1]), 1 / flat.shape[1]).expand(len(flat), -1, -1)
