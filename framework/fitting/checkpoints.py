"""Checkpoints of one training: written whole, the one before kept, read without running code from them."""

from __future__ import annotations

import logging
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...specs.errors import BackboneUnusable, ComponentFailed, TrainingDiverged
from ..files.whole import written_whole

LOG = logging.getLogger("shiftlens.fitting")
NEWEST, BEFORE, _NEXT = "checkpoint.pt", "checkpoint.previous.pt", "checkpoint.next.pt"


class Checkpoints:
    """The two last checkpoints of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, content: Mapping[str, Any]) -> None:
        """Keep ``content``; what was the newest becomes the one before. A kill at any moment leaves a good one.

        Raises:
            TrainingDiverged: a tensor holds NaN or infinity; nothing is replaced.
            ComponentFailed: it holds something that a checkpoint cannot.
            OutputUnusable: the folder is full or read-only; nothing is replaced.
        """
        import torch

        whole = restorable(content)
        following, newest = self.folder / _NEXT, self.folder / NEWEST
        with written_whole(following) as file:
            try:
                torch.save(whole, file)
            except RuntimeError as error:  # of a file object torch says only how far it came
                raise OSError("not all of it could be written; is the disk full?") from error
        if newest.exists():
            newest.replace(self.folder / BEFORE)
        following.replace(newest)

    def load(self) -> dict[str, Any] | None:
        """Give the newest checkpoint that can be read, or nothing where there is none; what is damaged is named as a warning.

        Raises:
            BackboneUnusable: there are some, and none can be read.
        """
        problems = []
        for name in (_NEXT, NEWEST, BEFORE):
            path = self.folder / name
            if not path.exists():
                continue
            try:
                content = _read(path)
            except _Damage as reason:
                problems.append(f"{path} {reason}")
                continue
            for problem in problems:
                LOG.warning("%s; going on from step %s in %s", problem, content["step"], name)
            return content
        if problems:
            raise BackboneUnusable("; ".join(problems), hint=f"remove what is in {self.folder} to begin anew")
        return None


_KEYS = {"step": int, "minutes": float, "state": dict}
_UNREADABLE = (
    OSError, RuntimeError, EOFError, ValueError, KeyError, IndexError, AttributeError, TypeError, zipfile.BadZipFile,
)  # fmt: skip


class _Damage(Exception):  # a verdict on one file, named by whoever reads it
    """Why a checkpoint is not used."""


def _read(path: Path) -> dict[str, Any]:
    import torch

    try:
        with zipfile.ZipFile(path) as archive:  # torch does not compare checksums
            broken = archive.testzip()
        if broken is not None:
            raise _Damage(f"is damaged in {broken}")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise _Damage("holds more than tensors, numbers and text, and was not read") from None
    except _UNREADABLE as error:
        raise _Damage(f"is damaged: {(str(error).splitlines() or [type(error).__name__])[0][:120]}") from None
    if not isinstance(content, dict) or {name: type(content.get(name)) for name in _KEYS} != _KEYS:
        raise _Damage("is no checkpoint of ours")
    return content


def restorable(value: Any, at: str = "state") -> Any:
    """Give ``value`` as dicts, lists, tuples, tensors, numbers and text alone, which can be read back without running code.

    Raises:
        ComponentFailed: something else is in it.
        TrainingDiverged: a tensor holds NaN or infinity.
    """
    import torch

    if isinstance(value, torch.Tensor):
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise TrainingDiverged(f"{at} holds NaN or infinity")
        return value.detach()
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Mapping):
        return {restorable(key, f"a key of {at}"): restorable(inner, f"{at}.{key}") for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        made = [restorable(inner, f"{at}[{i}]") for i, inner in enumerate(value)]
        return made if isinstance(value, list) else tuple(made)
    raise ComponentFailed(
        f"{at} is a {type(value).__name__}; a checkpoint holds dicts, lists, tuples, tensors, numbers and text",
        hint="turn it into one of these in state()",
    )
