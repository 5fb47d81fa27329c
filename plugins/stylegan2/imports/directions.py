"""Directions in W that others found: InterfaceGAN's boundaries and GANSpace's components, added to a backbone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from .... import BackboneUnusable, UsageError
from ....plugin import ImportedBackbone, Importer
from ....training import load_tensors, read_stored
from ..family import GENERATOR
from ..generator import shape_of
from ..layers import codes
from .detect import GANSPACE, format_of, opened

DIRECTIONS = "directions.safetensors"


class DirectionsImporter(Importer):
    """Adds one file of directions to a generator, under the name of the file.

    InterfaceGAN: ``NAME`` is ``(w_dim,)``, or ``(codes, w_dim)`` where layers have rows of their own. GANSpace: ``NAME.mean``
    ``(w_dim,)``, ``NAME.comp`` ``(components, w_dim)``, ``NAME.std`` ``(components,)``.
    """

    adds: ClassVar[bool] = True

    def recognises(self, path: Path) -> bool:
        """See :class:`shiftlens.plugin.Importer`."""
        return format_of(opened(path)) == "directions"

    def read(self, path: Path, into: Mapping[str, Path] | None) -> ImportedBackbone:
        """See :class:`shiftlens.plugin.Importer`."""
        content = opened(path)
        if format_of(content) != "directions":
            raise BackboneUnusable(f"{path}: neither a tensor nor mean, comp and std", hint="leave out --as")
        base = {Path(name).name: load_tensors(place) for name, place in (into or {}).items()}
        if GENERATOR not in base:
            raise UsageError(f"{path}: directions are added to a generator, this backbone has none", hint="name another")
        shape = shape_of(base[GENERATOR])
        name = re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).strip("-") or "direction"
        added = _directions(path, name, content, shape["w_dim"], codes(shape["size"]))
        there = base.get(DIRECTIONS, {})
        twice = sorted(there.keys() & added.keys())
        if twice:
            raise UsageError(f"{path}: the backbone has directions {twice[0]!r} already", hint="give the file another name")
        said = ", ".join(f"{key} {tuple(tensor.shape)}" for key, tensor in added.items())
        return ImportedBackbone(
            family="stylegan2", files={**base, DIRECTIONS: {**there, **added}}, notes=(f"directions: {said}",)
        )


def _directions(path: Path, name: str, content: Any, w_dim: int, n_w: int) -> dict[str, Tensor]:
    if isinstance(content, Mapping):
        return _components(path, name, read_stored(str(path), {key: content[key] for key in GANSPACE}), w_dim)
    found = read_stored(str(path), {name: content})[name].float()
    rows = found.reshape(-1, found.shape[-1])
    if found.shape not in {(w_dim,), (1, w_dim), (n_w, w_dim), (1, n_w, w_dim)}:
        raise BackboneUnusable(
            f"{path}: a direction of shape {tuple(found.shape)} for {n_w} codes of {w_dim} numbers",
            hint="directions belong to the generator that they were found in",
        )
    return {name: rows[0] if bool((rows == rows[0]).all()) else rows}


def _components(path: Path, name: str, found: Mapping[str, Tensor], w_dim: int) -> dict[str, Tensor]:
    mean, comp, std = (found[key].float() for key in GANSPACE)
    count = comp.shape[0] if comp.ndim else 0
    fits = mean.numel() == w_dim and std.numel() == count > 0 and comp.shape in {(count, w_dim), (count, 1, w_dim)}
    if not fits:
        shapes = ", ".join(f"{key} {tuple(found[key].shape)}" for key in GANSPACE)
        raise BackboneUnusable(
            f"{path}: {shapes}, for codes of {w_dim} numbers", hint="components belong to the generator that they were found in"
        )
    if not bool((std > 0).all()):
        raise BackboneUnusable(f"{path}: std is not above 0 everywhere", hint="the file is damaged")
    return {f"{name}.mean": mean.flatten(), f"{name}.comp": comp.reshape(count, w_dim), f"{name}.std": std.flatten()}
