"""The way back: a generator of ours in the tensors of rosinality's and of NVIDIA's files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..generator import shape_of
from .generators import KERNEL
from .names import kernels, pairs
from .rosinality import KERNEL_SCALE


def to_rosinality(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Give a checkpoint as ``convert_weight.py`` makes it: ``g_ema`` and ``latent_avg``; ``torch.save`` writes it."""
    _, constant = kernels(shape_of(tensors)["size"])
    generator = {name: tensor.clone() for name, tensor in tensors.items() if name != "latent_avg"}
    generator |= dict.fromkeys(constant, KERNEL * KERNEL_SCALE)
    return {"g_ema": generator, "latent_avg": tensors["latent_avg"].clone()}


def to_nvidia(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give the state_dict of a ``Generator`` of stylegan2-ada-pytorch."""
    shape = shape_of(tensors)
    constant, _ = kernels(shape["size"])
    found = {"mapping.w_avg": tensors["latent_avg"].clone(), **{name: KERNEL.clone() for name in constant}}
    for pair in pairs(shape["size"], shape["mapping"]):
        tensor = tensors[pair.ours]
        inner = tensor.shape[pair.before : tensor.ndim - pair.after]
        found[pair.nvidia] = tensor.reshape(inner).clone()
    return found
