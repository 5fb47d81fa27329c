"""Checkpoints of rosinality/stylegan2-pytorch, and of the many programs that kept its names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .... import BackboneUnusable
from ....plugin import ImportedBackbone, Importer
from ..family import GENERATOR
from .detect import format_of, opened
from .generators import left_out, mean_of, only_stored, read_generator, rows_of, without_kernels

KERNEL_SCALE = 4
_USED = {"g_ema", "latent_avg"}


class RosinalityImporter(Importer):
    """Reads ``g_ema`` of a checkpoint, or a bare state_dict of the generator."""

    def recognises(self, path: Path) -> bool:
        """See :class:`shiftlens.plugin.Importer`."""
        return format_of(opened(path)) == "rosinality"

    def read(self, path: Path, into: Mapping[str, Path] | None) -> ImportedBackbone:  # noqa: ARG002  (adds to nothing)
        """See :class:`shiftlens.plugin.Importer`."""
        content = opened(path)
        if format_of(content) != "rosinality":
            raise BackboneUnusable(f"{path}: no g_ema in it, nor the tensors of a generator", hint="leave out --as")
        nested = "g_ema" in content
        found = only_stored(path, "g_ema", content["g_ema"] if nested else {k: v for k, v in content.items() if k not in _USED})
        inside = found.pop("latent_avg", None)
        mean, notes = mean_of(rows_of(path, content.get("latent_avg", inside)))
        read = read_generator(path, without_kernels(path, found, ".kernel", KERNEL_SCALE), mean)
        others = content.keys() - _USED if nested else ()
        if others:
            notes.append(left_out(str(key) for key in others))
        return ImportedBackbone(
            family="stylegan2",
            files={GENERATOR: read.tensors},
            provides=frozenset({"style-generator"}),
            input_size=read.size,
            options=read.options,
            notes=(*notes, *read.notes),
        )
