"""Pickles of NVIDIA's stylegan2-ada-pytorch, and of the StyleGAN2 networks of its successor.

Such a pickle carries the Python source of its classes, which NVIDIA's own loader executes. Here an object is a record of a
name and a state, the source is text that nothing looks at, and tensors are found by walking the records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from .... import BackboneUnusable
from ....plugin import ImportedBackbone, Importer
from ....training import Record, StoredObject, misfits
from ..family import GENERATOR
from ..layers import LARGEST
from .detect import PERSISTENT, TENSORFLOW, format_of, opened
from .generators import mean_of, read_generator, rows_of, without_kernels
from .names import pairs

_MOST = 2_000
_DEEPEST = 8
_BLOCK = re.compile(r"synthesis\.b(\d{1,4})\.torgb\.weight")
_MAPPED = re.compile(r"mapping\.fc\d+\.weight")
_COLOURED = re.compile(r"to_rgb(1|s\.\d+)\.(bias|conv\.weight)")
_CONVERT = "convert it with legacy.py of stylegan2-ada-pytorch, at a place where its code may run, and import what that gives"


class NvidiaImporter(Importer):
    """Reads ``G_ema``."""

    def recognises(self, path: Path) -> bool:
        """See :class:`shiftlens.plugin.Importer`."""
        return format_of(opened(path)) == "nvidia"

    def read(self, path: Path, into: Mapping[str, Path] | None) -> ImportedBackbone:  # noqa: ARG002  (adds to nothing)
        """See :class:`shiftlens.plugin.Importer`."""
        modules = _modules(path, _network(path, opened(path)))
        found = _tensors(path, modules)
        _check_kind(path, modules[""], found)
        mean, notes = mean_of(rows_of(path, found.pop("mapping.w_avg", None)))
        ours, grey = _coloured(path, _renamed(path, without_kernels(path, found, "resample_filter", 1)))
        read = read_generator(path, ours, mean)
        note = "; ".join([*_differences(modules), *grey])
        return ImportedBackbone(
            family="stylegan2",
            files={GENERATOR: read.tensors},
            provides=frozenset({"style-generator"}),
            input_size=read.size,
            options=read.options | ({"note": note} if note else {}),
            notes=(*notes, *read.notes, *([note] if note else [])),
        )


def _network(path: Path, content: Any) -> Record:
    if format_of(content) != "nvidia":
        raise BackboneUnusable(f"{path}: no G_ema in it", hint="leave out --as")
    if isinstance(content, tuple):
        raise _refused(path, "a TensorFlow pickle", _CONVERT)
    network = content.get("G_ema")
    if not isinstance(network, Record):
        raise _refused(path, "a snapshot without G_ema, the averaged generator", "save one that holds it")
    if network.name == TENSORFLOW:
        raise _refused(path, "a TensorFlow pickle", _CONVERT)
    return network


def _modules(path: Path, network: Record) -> dict[str, Mapping[str, Any]]:
    """Give the states of all modules by the prefix of their tensors; limits hold against modules that hold themselves."""
    states: dict[str, Mapping[str, Any]] = {}
    waiting: list[tuple[str, Any]] = [("", network)]
    while waiting:
        before, module = waiting.pop()
        states[before] = _state(path, module)
        inside = _named(path, states[before], "_modules")
        if before.count(".") > _DEEPEST or len(states) + len(waiting) + len(inside) > _MOST:
            raise _refused(path, "larger or deeper than any generator", "check where the file comes from")
        waiting += [(f"{before}{name}.", one) for name, one in inside.items() if one is not None]
    return states


def _state(path: Path, module: Any) -> Mapping[str, Any]:
    if isinstance(module, Record) and module.name == PERSISTENT and len(module.arguments) == 1:
        meta = module.arguments[0]
        state = meta.get("state") if isinstance(meta, Mapping) else None
        if isinstance(state, Mapping):
            return state
    raise BackboneUnusable(f"{path}: a part of G_ema is no saved module", hint="fetch the file again and compare its sha256")


def _named(path: Path, state: Mapping[str, Any], kind: str) -> dict[str, Any]:
    found = state.get(kind, {})
    if not isinstance(found, Mapping) or len(found) > _MOST:
        raise BackboneUnusable(f"{path}: {kind} of a module is no dictionary", hint="fetch the file again")
    return {str(name)[:80]: one for name, one in found.items()}


def _tensors(path: Path, modules: Mapping[str, Mapping[str, Any]]) -> dict[str, StoredObject]:
    every = (
        (f"{before}{name}", one)
        for before, state in modules.items()
        for kind in ("_parameters", "_buffers")
        for name, one in _named(path, state, kind).items()
        if isinstance(one, StoredObject)
    )
    found = dict(islice(every, _MOST))
    if next(every, None) is not None:
        raise _refused(path, "larger than any generator", "check where the file comes from")
    return found


def _check_kind(path: Path, state: Mapping[str, Any], found: Mapping[str, StoredObject]) -> None:
    if any(name.startswith(("synthesis.input.", "synthesis.L")) for name in found):
        raise _refused(path, "a StyleGAN3 generator", "its layers have no counterpart here; train one with --cfg=stylegan2")
    classes = state.get("c_dim", 0)
    if any(name.startswith("mapping.embed.") for name in found) or (type(classes) is int and classes > 0):
        raise _refused(path, "a conditional generator", "its codes depend on a class beside z; train one without labels")
    if any(name.endswith(".skip.weight") for name in found):
        raise _refused(path, "a generator of the residual architecture", "the published one adds the pictures of its blocks")
    if "synthesis.b4.const" not in found:
        raise _refused(path, "no StyleGAN2 generator", "its G_ema has no synthesis.b4.const")


def _renamed(path: Path, found: Mapping[str, StoredObject]) -> dict[str, StoredObject]:
    """Give the tensors our names and axes."""
    size = max((int(match[1]) for match in map(_BLOCK.fullmatch, found) if match), default=0)
    known = list(pairs(min(size, LARGEST), sum(1 for name in found if _MAPPED.fullmatch(name))))
    if said := misfits(found, dict.fromkeys(pair.nvidia for pair in known)):
        raise _refused(path, f"no StyleGAN2 generator as published: {said}", "check the file")
    return {pair.ours: _with_axes(found[pair.nvidia], pair.before, pair.after) for pair in known}


def _with_axes(stored: StoredObject, before: int, after: int) -> StoredObject:
    shape, stride = ((fill,) * before + have + (fill,) * after for fill, have in ((1, stored.shape), (0, stored.stride)))
    return replace(stored, shape=shape, stride=stride)


def _coloured(path: Path, ours: Mapping[str, StoredObject]) -> tuple[dict[str, StoredObject], list[str]]:
    """Let a generator of grey images give three equal channels."""
    last = {name: one for name, one in ours.items() if _COLOURED.fullmatch(name)}
    counts = {one.shape[1:2] for one in last.values()}
    if counts == {(3,)}:
        return dict(ours), []
    if counts != {(1,)}:
        raise _refused(path, "a generator of images with other than 1 or 3 channels", "train one on grey or colour images")
    tripled = {
        name: replace(one, shape=(one.shape[0], 3, *one.shape[2:]), stride=(one.stride[0], 0, *one.stride[2:]))
        for name, one in last.items()
    }
    return {**ours, **tripled}, ["the original gives one channel, here three equal ones"]


def _differences(modules: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name what the original computes otherwise."""
    said = []
    clamps = {clamp for state in modules.values() if isinstance(clamp := state.get("conv_clamp"), (int, float))}
    if clamps:
        said.append(f"the original clamps features at {str(max(clamps))[:20]}, here they are not clamped")
    if any(state.get("use_fp16") is True for state in modules.values()):
        said.append("the original computes its finest blocks in 16 bits, here all are in 32")
    return said


def _refused(path: Path, what: str, hint: str) -> BackboneUnusable:
    return BackboneUnusable(f"{path} cannot be imported: it is {what}", hint=hint)
