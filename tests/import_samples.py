"""Files as other programs write them, with small random weights, and hostile ones; written without those programs.

Modules and classes of NVIDIA's are stood in for while a file is pickled and are gone when it is read.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from shiftlens.framework.fitting.importing import read_file
from shiftlens.framework.host.host import Host, Offer
from shiftlens.plugin import ImportedBackbone
from shiftlens.plugins.stylegan2.imports import importers

W = 16
FILTER = torch.outer(torch.tensor([1.0, 3.0, 3.0, 1.0]), torch.tensor([1.0, 3.0, 3.0, 1.0])) / 64
HOST = Host((), tuple(Offer(card, "importer", "shiftlens", "0") for card in importers()), (), None)


def widths(size: int, *, base: int = 32 * W, most: int = W) -> dict[int, int]:
    """Channels by resolution: as published where base is 32768 and most is 512, here scaled down."""
    return {r: min(most, base // r) for r in (2**i for i in range(2, int(math.log2(size)) + 1))}


# NVIDIA: a pickle of objects that know how to make themselves again


class Part(nn.Module):
    """A module of theirs: pickled as a call of their function with its name, its source and its state."""

    source = "raise SystemExit('the source of a class was executed')"

    def __init__(self, kind: str, **tensors: Tensor) -> None:
        super().__init__()
        self._kind = kind
        for name, tensor in tensors.items():
            if name in ("noise_const", "resample_filter", "w_avg"):
                self.register_buffer(name, tensor)
            else:
                setattr(self, name, nn.Parameter(tensor))

    def __reduce__(self) -> tuple[Any, ...]:
        state = {key: value for key, value in vars(self).items() if key != "_kind"}
        meta = {"type": "class", "version": 6, "module_src": self.source, "class_name": self._kind, "state": state}
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (meta,)


@contextlib.contextmanager
def nvidia_modules() -> Iterator[None]:
    def _reconstruct_persistent_obj(meta: Any) -> None:
        raise AssertionError("called while reading")

    class EasyDict(dict):  # type: ignore[type-arg]
        pass

    made = {name: ModuleType(name) for name in ("torch_utils", "torch_utils.persistence", "dnnlib", "dnnlib.util")}
    for module, thing in (("torch_utils.persistence", _reconstruct_persistent_obj), ("dnnlib.util", EasyDict)):
        thing.__module__, thing.__qualname__ = module, thing.__name__
        setattr(made[module], thing.__name__, thing)
    sys.modules.update(made)
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]


def nvidia_generator(
    size: int = 32, *, mapping: int = 2, w_dim: int = W, z_dim: int | None = None, colours: int = 3, fill: float | None = None,
    **wide: int,
) -> Part:  # fmt: skip
    draws = torch.Generator().manual_seed(size + mapping)

    def numbers(*shape: int) -> Tensor:
        return torch.empty(shape).fill_(fill) if fill is not None else torch.randn(shape, generator=draws)

    def affine(channels: int) -> Part:
        return Part("FullyConnectedLayer", weight=numbers(channels, w_dim), bias=1 + 0.1 * numbers(channels))

    def conv(inputs: int, outputs: int, resolution: int) -> Part:
        part = Part(
            "SynthesisLayer", weight=numbers(outputs, inputs, 3, 3), bias=numbers(outputs), noise_strength=numbers(),
            noise_const=numbers(resolution, resolution), resample_filter=FILTER.clone(),
        )  # fmt: skip
        part.affine, part.conv_clamp = affine(inputs), None
        return part

    def rgb(inputs: int) -> Part:
        part = Part("ToRGBLayer", weight=numbers(colours, inputs, 1, 1), bias=numbers(colours))
        part.affine, part.conv_clamp = affine(inputs), None
        return part

    z_dim = z_dim or w_dim
    channels = widths(size, **wide)
    network, synthesis = Part("Generator"), Part("SynthesisNetwork")
    network.mapping = Part("MappingNetwork", w_avg=numbers(w_dim))
    for i in range(mapping):
        layer = Part("FullyConnectedLayer", weight=100 * numbers(w_dim, w_dim if i else z_dim), bias=numbers(w_dim))
        setattr(network.mapping, f"fc{i}", layer)
    before = channels[4]
    for resolution, outputs in channels.items():
        block = Part("SynthesisBlock", resample_filter=FILTER.clone())
        if resolution == 4:
            block.const = nn.Parameter(numbers(outputs, 4, 4))
        else:
            block.conv0 = conv(before, outputs, resolution)
        block.conv1, block.torgb = conv(outputs, outputs, resolution), rgb(outputs)
        block.use_fp16 = False
        setattr(synthesis, f"b{resolution}", block)
        before = outputs
    network.synthesis, network.c_dim, network.z_dim = synthesis, 0, z_dim
    return network.requires_grad_(False)


def nvidia_pickle(path: Path, network: Part | None = None, **others: Any) -> Path:
    with nvidia_modules():
        options = sys.modules["dnnlib.util"].EasyDict(class_name="training.dataset.ImageFolderDataset", xflip=False)  # type: ignore[attr-defined]
        content = {"G": None, "D": None, "G_ema": network or nvidia_generator(), "augment_pipe": None,
                   "training_set_kwargs": options, **others}  # fmt: skip
        path.write_bytes(pickle.dumps(content, protocol=4))
    return path


# rosinality


def rosinality_generator(size: int = 32, *, mapping: int = 2, w_dim: int = W, **wide: int) -> dict[str, Tensor]:
    draws = torch.Generator().manual_seed(size)
    found: dict[str, Tensor] = {}

    def give(name: str, *shape: int) -> None:
        found[name] = torch.randn(shape, generator=draws)

    def modulated(name: str, inputs: int, outputs: int, kernel: int) -> None:
        give(f"{name}.conv.weight", 1, outputs, inputs, kernel, kernel)
        give(f"{name}.conv.modulation.weight", inputs, w_dim)
        give(f"{name}.conv.modulation.bias", inputs)

    def conv(name: str, inputs: int, outputs: int, *, up: bool = False) -> None:
        modulated(name, inputs, outputs, 3)
        give(f"{name}.noise.weight", 1)
        give(f"{name}.activate.bias", outputs)
        if up:
            found[f"{name}.conv.blur.kernel"] = FILTER * 4

    def rgb(name: str, inputs: int, *, up: bool = True) -> None:
        modulated(name, inputs, 3, 1)
        give(f"{name}.bias", 1, 3, 1, 1)
        if up:
            found[f"{name}.upsample.kernel"] = FILTER * 4

    for i in range(1, mapping + 1):
        give(f"style.{i}.weight", w_dim, w_dim)
        give(f"style.{i}.bias", w_dim)
    channels = widths(size, **wide)
    give("input.input", 1, channels[4], 4, 4)
    conv("conv1", channels[4], channels[4])
    rgb("to_rgb1", channels[4], up=False)
    give("noises.noise_0", 1, 1, 4, 4)
    before = channels[4]
    for j, (resolution, outputs) in enumerate(list(channels.items())[1:]):
        conv(f"convs.{2 * j}", before, outputs, up=True)
        conv(f"convs.{2 * j + 1}", outputs, outputs)
        rgb(f"to_rgbs.{j}", outputs)
        for k in (2 * j + 1, 2 * j + 2):
            give(f"noises.noise_{k}", 1, 1, resolution, resolution)
        before = outputs
    return found


def rosinality_file(path: Path, *, legacy: bool = False, size: int = 32, **content: Any) -> Path:
    """A checkpoint of rosinality's own training, with its arguments as an object, unless told otherwise."""
    g = rosinality_generator(size)
    trained = {"g": g, "d": {"final.bias": torch.zeros(3)}, "g_ema": g, "ada_aug_p": 0.25,
               "args": argparse.Namespace(size=32, path="images", n_mlp=2)}  # fmt: skip
    torch.save({**trained, **content}, path, _use_new_zipfile_serialization=not legacy)
    return path


# e4e: the names and axes of the real encoder, every axis cut to SMALL


SMALL = 4
IR_SE_50 = [(64, 64)] * 3 + [(64, 128)] + [(128, 128)] * 3 + [(128, 256)] + [(256, 256)] * 13 + [(256, 512)] + [(512, 512)] * 2


def e4e_encoder(n_w: int, *, small: int | None = SMALL) -> dict[str, tuple[int, ...]]:
    """Shapes of the encoder, written after the description of the format."""
    found: dict[str, tuple[int, ...]] = {}

    def norm(name: str, channels: int) -> None:
        found.update({f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")})
        found[f"{name}.num_batches_tracked"] = ()

    found["input_layer.0.weight"] = (64, 3, 3, 3)
    norm("input_layer.1", 64)
    found["input_layer.2.weight"] = (64,)
    for i, (into, out) in enumerate(IR_SE_50):
        at = f"body.{i}"
        if into != out:
            found[f"{at}.shortcut_layer.0.weight"] = (out, into, 1, 1)
            norm(f"{at}.shortcut_layer.1", out)
        norm(f"{at}.res_layer.0", into)
        found[f"{at}.res_layer.1.weight"] = (out, into, 3, 3)
        found[f"{at}.res_layer.2.weight"] = (out,)
        found[f"{at}.res_layer.3.weight"] = (out, out, 3, 3)
        norm(f"{at}.res_layer.4", out)
        found[f"{at}.res_layer.5.fc1.weight"] = (out // 16, out, 1, 1)
        found[f"{at}.res_layer.5.fc2.weight"] = (out, out // 16, 1, 1)
    for i in range(n_w):
        steps = 4 if i < 3 else 5 if i < 7 else 6
        for k in range(steps):
            found[f"styles.{i}.convs.{2 * k}.weight"], found[f"styles.{i}.convs.{2 * k}.bias"] = (512, 512, 3, 3), (512,)
        found[f"styles.{i}.linear.weight"], found[f"styles.{i}.linear.bias"] = (512, 512), (512,)
    for name, channels in (("latlayer1", 256), ("latlayer2", 128)):
        found[f"{name}.weight"], found[f"{name}.bias"] = (512, channels, 1, 1), (512,)
    return {name: tuple(min(n, small) for n in shape) if small else shape for name, shape in found.items()}


class SmallEncoder(nn.Module):
    """Stands in for the real network: the same names, short axes."""

    def __init__(self, n_w: int) -> None:
        super().__init__()
        self.shapes = e4e_encoder(n_w)

    def state_dict(self, *_: Any, **__: Any) -> dict[str, Tensor]:  # type: ignore[override]
        return {name: _filler(name, shape) for name, shape in self.shapes.items()}


def _filler(name: str, shape: tuple[int, ...]) -> Tensor:
    return torch.tensor(7) if name.endswith("num_batches_tracked") else torch.full(shape, 0.5)


def e4e_file(
    path: Path, *, legacy: bool = False, size: int = 32, other_parts: dict[str, Tensor] | None = None, **content: Any
) -> Path:
    n_w = 2 * int(math.log2(size)) - 2
    state = {f"encoder.{name}": tensor for name, tensor in SmallEncoder(n_w).state_dict().items()}
    decoder = rosinality_generator(size, w_dim=SMALL, base=32 * SMALL, most=SMALL)
    state |= {f"decoder.{name}": tensor for name, tensor in decoder.items()}
    state |= other_parts or {}
    options = {"encoder_type": "Encoder4Editing", "stylegan_size": 32, "start_from_latent_avg": True}
    whole = {"state_dict": state, "opts": options, "latent_avg": torch.arange(SMALL).float().expand(n_w, -1).clone(), **content}
    torch.save({k: v for k, v in whole.items() if v is not None}, path, _use_new_zipfile_serialization=not legacy)
    return path


def directions_file(path: Path, *, legacy: bool = False, rows: int = 1, w_dim: int = W) -> Path:
    unit = torch.nn.functional.normalize(torch.randn(1, w_dim, generator=torch.Generator().manual_seed(1)), dim=1)
    torch.save(unit if rows == 1 else unit.expand(1, rows, w_dim).clone(), path, _use_new_zipfile_serialization=not legacy)
    return path


def ganspace_file(path: Path, *, legacy: bool = False, count: int = 5, w_dim: int = W) -> Path:
    comp, _ = torch.linalg.qr(torch.randn(w_dim, count, generator=torch.Generator().manual_seed(2)))
    found = {"mean": torch.zeros(1, w_dim), "comp": comp.T[:, None].contiguous(), "std": torch.arange(count, 0, -1).float()}
    torch.save(found, path, _use_new_zipfile_serialization=not legacy)
    return path


# hostile things: unpickled the usual way, each leaves a mark


class Calls:
    """Calls a function when it is unpickled the usual way."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, self.arguments


def hostile(mark: Path) -> dict[str, Any]:
    """What files may hide, by what they call."""
    write = f"open({str(mark)!r}, 'w').close()"
    return {
        "os.system": Calls(os.system, f"touch {mark}"),
        "exec": Calls(exec, write),
        "eval": Calls(eval, f"__import__('pathlib').Path({str(mark)!r}).touch()"),
        "subprocess": Calls(subprocess.Popen, ["touch", str(mark)]),
        "getattr": Calls(getattr, Calls(__import__, "os"), "system"),
        "map": Calls(map, Calls(getattr, Path(mark), "touch"), [()]),
        "nested": Calls(torch.storage._load_from_bytes, legacy_bytes(Calls(os.system, f"touch {mark}"))),
        "pickle in pickle": Calls(pickle.loads, pickle.dumps(Calls(os.system, f"touch {mark}"))),
        "torch.load": Calls(torch.load, str(mark)),
        "path": Calls(Path.touch, mark),
    }


def legacy_bytes(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


# what is read of files


def imported(path: Path, **options: Any) -> ImportedBackbone:
    return read_file(HOST, path, **options)[1]


def generator_of(found: ImportedBackbone) -> dict[str, Tensor]:
    return dict(found.files["generator.safetensors"])


def assert_equal(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert torch.equal(found[name], tensor), name
