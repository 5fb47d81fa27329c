"""Makes ``import timm`` work where torch is built for the CPU alone.

timm imports torchvision, whose wheel brings its operators in a library that needs a GPU build of
torch. Beside a CPU build that library does not load, and the import then fails with "operator
torchvision::nms does not exist" because two of them are described again in Python. Declaring those
two without an implementation is enough: nothing here calls them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_MISSING = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@lru_cache(maxsize=1)
def declare_missing_operators() -> Any:
    """Declare torchvision's two operators, only where importing it fails for want of them.

    Gives what keeps the declarations alive, or none where nothing was missing.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    else:
        return None
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in _MISSING:
        library.define(name + _SCHEMA)  # type: ignore[no-untyped-call]
    return library
