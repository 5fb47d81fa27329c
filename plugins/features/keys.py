"""Names of tensors, from those of the EfficientNet-PyTorch lineage (``lukemelas``) to timm's.

Both list the same tensors; only names differ. Stage depths are those of EfficientNet-B0 and Lite0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

_DEPTHS = (1, 2, 2, 3, 3, 4, 1)
_PLACES = [(stage, block) for stage, depth in enumerate(_DEPTHS) for block in range(depth)]
_OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_OTHERS = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def from_lukemelas(tensors: Mapping[str, T]) -> dict[str, T]:
    """Rename all tensors; a name that is not of that lineage stays, and strict loading then reports it.

    >>> from_lukemelas({"_blocks.2._bn0.weight": 1})
    {'blocks.1.1.bn1.weight': 1}
    """
    return {_renamed(name): value for name, value in tensors.items()}


def _renamed(name: str) -> str:
    parts = name.split(".")
    if parts[0] != "_blocks":
        return ".".join([_OUTSIDE.get(parts[0], parts[0]), *parts[1:]])
    if len(parts) < 3 or not parts[1].isdigit() or int(parts[1]) >= len(_PLACES):
        return name
    stage, block = _PLACES[int(parts[1])]
    within = _FIRST if stage == 0 else _OTHERS
    return ".".join(["blocks", str(stage), str(block), within.get(parts[2], parts[2]), *parts[3:]])
