"""What may change the last digits of a number: device, processor, libraries."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("numpy", "scipy", "scikit-image", "pillow", "torch", "timm", "pydantic", "pluggy")


@cache
def versions() -> dict[str, str]:
    """Give the versions of what computes, without importing it."""
    found = {"python": platform.python_version(), "shiftlens": version("shiftlens")}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def numeric_profile(device: str) -> dict[str, str]:
    """Say what may change the last digits of a number: device, processor kind, libraries."""
    return {"device": device, "machine": platform.machine(), "system": platform.system()} | versions()
