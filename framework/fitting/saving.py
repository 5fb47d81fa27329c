"""Saving a backbone: its weights, and last the card, so that a card never speaks of weights that are not there."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from ...registry.saved import CARD
from ...specs.backbone import BackboneSpec
from ...specs.errors import BackboneUnusable, OutputUnusable, UsageError, quoted
from ...specs.yaml import parse_model
from ..files.whole import write_text, written_whole
from .ranks import first_process

if TYPE_CHECKING:
    from torch import Tensor

_FILE = re.compile(r"[\w-][\w.-]*\.safetensors")


def save_backbone(
    folder: Path, *, name: str, family: str, files: Mapping[str, Mapping[str, Tensor]], provides: Collection[str],
    licence: str, input_size: int | None, input_range: Literal["0..1", "-1..1", "imagenet"] = "-1..1",
    trained_on: str = "", quality: Mapping[str, float], options: Mapping[str, Any],
) -> BackboneSpec:  # fmt: skip
    """Save a backbone into ``folder``: each of ``files`` (a name ending in ``.safetensors``, tensors by name) and its card.

    Where several processes train together, the first one writes, and the others only give what they would have written.
    A card that was there goes first, so a save that is killed leaves none. The other arguments are those of
    :class:`BackboneSpec`; its digests and source are filled in.

    Raises:
        BackboneUnusable: a tensor or a figure of quality is NaN or infinite.
        SpecError: the card would not hold.
        UsageError: a file has another kind of name.
        OutputUnusable: the folder cannot be written.
    """
    strange = [file for file in files if not _FILE.fullmatch(file)]
    if strange or not files:
        raise UsageError(
            f"backbone {quoted(name)}: {quoted(strange[0]) if strange else 'no file'} to save",
            hint="name files like generator.safetensors",
        )
    _check_finite(name, files, quality)
    card = {
        "name": name, "family": family, "source": {"path": "."}, "files": dict.fromkeys(files, "0" * 64), "licence": licence,
        "provides": sorted(provides), "input_size": input_size, "input_range": input_range, "trained_on": trained_on,
        "quality": {key: float(value) for key, value in quality.items()}, "options": dict(options),
    }  # fmt: skip
    parse_model(BackboneSpec, card, f"backbone {quoted(name)}")  # before anything is written
    write = first_process()
    try:
        if write:
            (folder / CARD).unlink(missing_ok=True)
    except OSError as error:
        raise OutputUnusable(f"{folder / CARD} cannot be replaced: {error.strerror}", hint="choose another folder") from None
    card["files"] = {file: _saved(folder / file, tensors, write=write) for file, tensors in files.items()}
    if write:
        write_text(folder / CARD, yaml.safe_dump(card, sort_keys=False, allow_unicode=True))
    return parse_model(BackboneSpec, {**card, "source": {"path": str(folder.resolve())}}, str(folder / CARD))


def _check_finite(name: str, files: Mapping[str, Mapping[str, Tensor]], quality: Mapping[str, float]) -> None:
    for file, tensors in files.items():
        bad = [key for key, tensor in tensors.items() if tensor.is_floating_point() and not bool(tensor.isfinite().all())]
        if bad:
            raise BackboneUnusable(
                f"backbone {quoted(name)}: {len(bad)} tensors of {file} hold NaN or infinity, first {quoted(bad[0])}",
                hint="the training diverged; go back to its last good checkpoint",
            )
    figures = [key for key, value in quality.items() if not math.isfinite(value)]
    if figures:
        raise BackboneUnusable(
            f"backbone {quoted(name)}: its quality {figures[0]} is {quality[figures[0]]}",
            hint="leave out what was not measured",
        )


def _saved(path: Path, tensors: Mapping[str, Tensor], *, write: bool) -> str:
    """Give the sha256 of the file."""
    from safetensors.torch import save

    data = save({key: tensor.detach().cpu().contiguous().clone() for key, tensor in tensors.items()})
    if write:
        with written_whole(path) as file:
            file.write(data)
    return hashlib.sha256(data).hexdigest()
