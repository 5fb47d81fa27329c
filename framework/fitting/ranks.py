"""Which of several processes of one training this is, as launchers say by the environment."""

from __future__ import annotations

import os


def first_process() -> bool:
    """Say whether this is the one that writes."""
    return os.environ.get("RANK", "0") == "0"


def own_device(device: str) -> str:
    """Give this process its own of several GPUs.

    >>> own_device("cpu"), own_device("cuda")
    ('cpu', 'cuda')
    """
    place = os.environ.get("LOCAL_RANK")
    return f"cuda:{place}" if device == "cuda" and place else device
