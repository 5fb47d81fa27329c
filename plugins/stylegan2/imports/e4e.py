"""Checkpoints of e4e (omertov/encoder4editing): an encoder with its generator. SDIC checkpoints hold the same two, and more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .... import BackboneUnusable
from ....plugin import ImportedBackbone, Importer, quoted
from ....training import Record, StoredObject, read_stored
from ..e4e import E4eEncoder
from ..family import ENCODER, GENERATOR
from ..layers import codes
from .detect import format_of, opened
from .generators import check_fit, left_out, only_stored, read_generator, rows_of, without_kernels
from .rosinality import KERNEL_SCALE

_SIZE = 256
_COMPENSATORS = {"SAF": "SAF", "residue": "SAF", "DIP": "DIP", "CGI": "DIP"}
_OURS = "Encoder4Editing"


class E4eImporter(Importer):
    """Reads ``encoder.`` and ``decoder.``; what else there is, is named and left out."""

    def recognises(self, path: Path) -> bool:
        """See :class:`shiftlens.plugin.Importer`."""
        return format_of(opened(path)) == "e4e"

    def read(self, path: Path, into: Mapping[str, Path] | None) -> ImportedBackbone:  # noqa: ARG002  (adds to nothing)
        """See :class:`shiftlens.plugin.Importer`."""
        content = opened(path)
        if format_of(content) != "e4e":
            raise BackboneUnusable(f"{path}: no state_dict with encoder. and decoder.", hint="leave out --as")
        options = _options(path, content.get("opts"))
        parts = _parts(path, only_stored(path, "state_dict", content["state_dict"]))
        rows = rows_of(path, content.get("latent_avg"))
        decoder = without_kernels(path, parts["decoder"], ".kernel", KERNEL_SCALE)
        read = read_generator(path, decoder, None if rows is None else rows[0].clone())
        encoder = _encoder(path, parts["encoder"], codes(read.size))
        mean = read.tensors["latent_avg"]
        given = len(encoder["styles.0.linear.bias"])
        if given != len(mean):
            raise BackboneUnusable(
                f"{path}: the encoder gives codes of {given} numbers, the generator takes {len(mean)}",
                hint="an encoder belongs to the generator that it was trained for",
            )
        if not options.get("start_from_latent_avg", True):
            rows = torch.zeros_like(mean)[None]
        notes = [] if rows is None else _started(path, encoder, rows, mean)
        return ImportedBackbone(
            family="stylegan2",
            files={GENERATOR: read.tensors, ENCODER: encoder},
            provides=frozenset({"style-generator", "style-encoder"}),
            input_size=_SIZE,
            options={"encoder": "e4e", **read.options},
            notes=(*notes, *read.notes, *_left_out(parts)),
        )


def encoder_network(n_w: int) -> nn.Module:
    """Give the encoder for ``n_w`` codes without its numbers."""
    with torch.device("meta"):
        return E4eEncoder(n_w)


def _options(path: Path, found: Any) -> Mapping[str, Any]:
    options = found.state if isinstance(found, Record) else found
    options = {} if options is None else options
    if not isinstance(options, Mapping):
        raise BackboneUnusable(f"{path}: opts is no dictionary", hint="check the file")
    kind = options.get("encoder_type", _OURS)
    if kind != _OURS:
        raise BackboneUnusable(
            f"{path}: its encoder is {quoted(kind)}, not {_OURS}", hint="encoders of pSp and ReStyle compute something else"
        )
    return options


def _parts(path: Path, state: Mapping[str, StoredObject]) -> dict[str, dict[str, StoredObject]]:
    parts: dict[str, dict[str, StoredObject]] = {}
    for name, one in state.items():
        before, _, rest = name.partition(".")
        parts.setdefault(before, {})[rest] = one
    missing = [part for part in ("encoder", "decoder") if part not in parts]
    if missing:
        raise BackboneUnusable(f"{path}: no {missing[0]}. in its state_dict", hint="an encoder comes with its generator")
    return parts


def _encoder(path: Path, stored: Mapping[str, StoredObject], n_w: int) -> dict[str, Tensor]:
    check_fit(path, "encoder of the e4e kind", stored, encoder_network(n_w))
    tensors = read_stored(str(path), stored)
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}


def _started(path: Path, encoder: dict[str, Tensor], starts: Tensor, mean: Tensor) -> list[str]:
    """Let codes that start at ``starts`` ``(1 or n_w, w_dim)`` start at the mean, by the biases of the encoder's last layers.

    Code i of the file is ``starts_i + w_0 + delta_i``; ours all start at ``latent_avg``.
    """
    n_w = sum(1 for name in encoder if name.endswith(".linear.bias"))
    if len(starts) not in (1, n_w):
        raise BackboneUnusable(f"{path}: latent_avg has {len(starts)} rows for {n_w} codes", hint="check the file")
    starts = starts.expand(n_w, -1)
    if bool((starts == mean).all()):
        return []
    for i in range(n_w):
        name = f"styles.{i}.linear.bias"
        encoder[name] = encoder[name] + (starts[i] - (starts[0] if i else mean))
    return ["its codes do not all start at one mean; the difference went into the biases of the last layers, the same sum"]


def _left_out(parts: Mapping[str, Mapping[str, StoredObject]]) -> list[str]:
    others = {name: len(tensors) for name, tensors in parts.items() if name not in ("encoder", "decoder")}
    waiting = Counter[str]()
    for name in others.keys() & _COMPENSATORS.keys():
        waiting[_COMPENSATORS[name]] += others.pop(name)
    said = []
    if waiting:
        which = " and ".join(f"{name} ({count} tensors)" for name, count in sorted(waiting.items()))
        said.append(f"{which} of SDIC await their compensator and are left out")
    if others:
        said.append(left_out(f"{name} ({count} tensors)" for name, count in others.items()))
    return said
