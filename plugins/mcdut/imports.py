"""Importer of published checkpoints: generators of CUT, of its descendants, and of CycleGAN's ResNet kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ... import BackboneUnusable, UnsafeWeights
from ...plugin import ImportedBackbone, Importer
from ...training import StoredObject, read_checkpoint, read_stored
from .discriminator import Discriminator
from .family import DISCRIMINATOR, GENERATOR, HEADS
from .heads import PatchHeads
from .network import Generator
from .resampling import check_filters
from .variants import check_fit, shape_of

_FIRST = "model.1.weight"
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_G, _F, _D = "_net_G.pth", "_net_F.pth", "_net_D.pth"


class CutImporter(Importer):
    """Reads ``…_net_G.pth``, and ``…_net_F.pth`` and ``…_net_D.pth`` beside it. The variant is told from the tensors."""

    def recognises(self, path: Path) -> bool:
        """See :class:`shiftlens.plugin.Importer`. A file of another format may hold what only its own importer can judge."""
        try:
            return _is_generator(read_checkpoint(path))
        except UnsafeWeights:
            return False

    def read(self, path: Path, into: Mapping[str, Path] | None = None) -> ImportedBackbone:  # noqa: ARG002  (adds to nothing)
        """See :class:`shiftlens.plugin.Importer`."""
        content = read_checkpoint(path)
        if not _is_generator(content):
            raise BackboneUnusable(
                f"{path}: no generator of the ResNet kind: its first tensor is {_FIRST} (channels, 3, 7, 7)",
                hint="give …_net_G.pth; U-Nets are not supported",
            )
        notes: list[str] = []
        stored = {name: one for name, one in content.items() if not name.endswith(_STATISTICS)}
        if len(stored) < len(content):
            notes.append(f"left out: {len(content) - len(stored)} statistics of norms, which were never used")
        try:
            shape = shape_of(stored)
            with torch.device("meta"):
                network = Generator.of_shape(shape)
            files = {GENERATOR: _read(path, "generator", stored, network)}
        except BackboneUnusable as error:
            raise BackboneUnusable(f"{path}: {error.message}", hint=error.hint) from None
        said = [f"{shape.ngf} channels, {shape.blocks} blocks"]
        said += ["dual coordinate attention as released"] if shape.attention == "released" else []
        said += [] if shape.antialias else ["strided convolutions (as CycleGAN's)"]
        said += ["dropout"] if shape.dropout else []
        notes.append(f"generator: {', '.join(said)}")
        files |= _beside(path, notes)
        return ImportedBackbone(
            family="mcdut",
            files=files,
            provides=frozenset({"translator"}),
            options={"note": "; ".join(notes)},
            notes=tuple(notes),
        )


def _is_generator(content: Any) -> bool:
    if not isinstance(content, Mapping) or not all(isinstance(one, StoredObject) for one in content.values()):
        return False
    first = content.get(_FIRST)
    return isinstance(first, StoredObject) and len(first.shape) == 4 and first.shape[1:] == (3, 7, 7)


def _read(path: Path, what: str, stored: Mapping[str, StoredObject], network: nn.Module) -> dict[str, Tensor]:
    check_fit(what, stored, network)
    tensors = {name: tensor.float() for name, tensor in read_stored(str(path), stored).items()}
    check_filters(tensors)
    return tensors


def _beside(path: Path, notes: list[str]) -> dict[str, dict[str, Tensor]]:
    """Read the heads and the discriminator that lie beside a generator, if they do."""
    found: dict[str, dict[str, Tensor]] = {}
    if not path.name.endswith(_G):
        return found
    for ending, file in ((_F, HEADS), (_D, DISCRIMINATOR)):
        place = path.with_name(path.name.removesuffix(_G) + ending)
        if not place.is_file():
            continue
        try:
            content = read_checkpoint(place)
            found[file] = _read(place, file.partition(".")[0], content, _described(file, content))
        except BackboneUnusable as error:
            notes.append(f"{place.name} is left out: {error.message}"[:240])
    return found


def _described(file: str, content: Any) -> nn.Module:
    """Give the network whose tensors a file should hold, without its numbers.

    Raises:
        BackboneUnusable: it holds something else.
    """
    first = "model.0.weight" if file == DISCRIMINATOR else "mlp_0.0.weight"
    tensors = content if isinstance(content, Mapping) and all(isinstance(one, StoredObject) for one in content.values()) else {}
    if first not in tensors or not all(tensor.shape for tensor in tensors.values()):
        raise BackboneUnusable(f"no {first} in it", hint="it should be a state_dict")
    with torch.device("meta"):
        if file == DISCRIMINATOR:
            return Discriminator(tensors[first].shape[0])
        names = [name for name in (f"mlp_{place}.0.weight" for place in range(len(tensors))) if name in tensors]
        return PatchHeads([tensors[name].shape[-1] for name in names], tensors[first].shape[0])
