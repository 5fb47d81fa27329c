"""The variants of the generator: which one a file's tensors are of, told from their names and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from torch import Tensor, nn

from ... import BackboneUnusable
from ...training import HasShape, misfits

Attention = Literal["none", "released", "coordinate"]
_MOST_BLOCKS = 64


class Shape(NamedTuple):
    """What a generator's tensors say about it."""

    ngf: int = 64
    blocks: int = 9
    attention: Attention = "none"
    antialias: bool = True
    dropout: bool = False
    skip: bool = False
    smooth: int = 0


def shape_of(tensors: Mapping[str, HasShape]) -> Shape:
    """Tell the variant from names and shapes.

    Raises:
        BackboneUnusable: there is no first convolution of a generator, or no residual block.
    """
    first = tensors.get("model.1.weight")
    blocks = sum(name.endswith(".conv_block.1.weight") for name in tensors)
    if first is None or len(first.shape) != 4 or tuple(first.shape[1:]) != (3, 7, 7) or not 0 < blocks <= _MOST_BLOCKS:
        raise BackboneUnusable(
            "no generator of the ResNet kind: model.1.weight (channels, 3, 7, 7) and conv_block.1.weight are expected",
            hint="give the file of the generator (…_net_G.pth); U-Nets are not supported",
        )
    released, coordinate = (f"model.4.{name}.weight" in tensors for name in ("fc.0", "squeeze"))
    return Shape(
        ngf=int(first.shape[0]),
        blocks=blocks,
        attention="released" if released else "coordinate" if coordinate else "none",
        antialias=any(name.endswith(".filt") for name in tensors),
        dropout=any(name.endswith(".conv_block.6.weight") for name in tensors),
        skip="skip" in tensors,
        smooth=int(tensors["smooth"].shape[0]) if "smooth" in tensors else 0,
    )


def without_statistics(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out what norms of old versions of torch counted, and never used."""
    ends = ("running_mean", "running_var", "num_batches_tracked")
    return {name: tensor for name, tensor in tensors.items() if not name.endswith(ends)}


def check_fit(what: str, tensors: Mapping[str, HasShape], network: nn.Module) -> None:
    """Hold names and shapes against a network.

    Raises:
        BackboneUnusable: they do not fit; the first differences are named.
    """
    if said := misfits(tensors, network.state_dict()):
        raise BackboneUnusable(
            f"these tensors are not those of a {what} of this kind: {said}",
            hint="variants with affine or batch norms, or other resampling, are not supported",
        )
