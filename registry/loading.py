"""Weights from files into tensors, without ever running code from the file."""

from __future__ import annotations

import pickle
import pickletools
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..specs.errors import BackboneUnusable, UnsafeWeights, quoted

if TYPE_CHECKING:
    from torch import Tensor

_PICKLED = (".pth", ".pt", ".bin")
_WRAPPERS = ("state_dict", "model")
_SHOWN = 4


class HasShape(Protocol):
    """A tensor, or what stands for one that is not read yet."""

    @property
    def shape(self) -> Sequence[int]:
        """Its axes."""
        ...


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of one file, on the CPU, by name.

    ``.safetensors`` is read as such; ``.pth``, ``.pt`` and ``.bin`` by torch's weights-only reader.
    A checkpoint that keeps its tensors under ``state_dict`` or ``model`` is unwrapped.

    Raises:
        UnsafeWeights: the file holds objects that only code could rebuild.
        BackboneUnusable: it is of another kind, damaged, holds no tensors, or numbers that are not finite.
    """
    if path.suffix == ".safetensors":
        content = _safetensors(path)
    elif path.suffix in _PICKLED:
        content = _weights_only(path)
    else:
        raise BackboneUnusable(f"{path}: weights end in .safetensors, {', '.join(_PICKLED)}", hint="save them as safetensors")
    tensors = _unwrapped(path, content)
    _check_finite(path, tensors)
    return tensors


def misfits(
    tensors: Mapping[str, HasShape], wanted: Mapping[str, HasShape | None], *, strange: Callable[[str], str] = quoted
) -> str:
    """Say what keeps ``tensors`` from filling a network: what is missing, not known or of another shape; nothing if they fit.

    Args:
        tensors: by name.
        wanted: those of the network, by name; ``None`` is of any shape.
        strange: writes a name that is not known, which may be anything.

    >>> from types import SimpleNamespace as Tensor
    >>> misfits({"a": Tensor(shape=(2,)), "c": Tensor(shape=())}, {"a": Tensor(shape=(3,)), "b": None})
    "b is missing; 'c' is not known; a is (2,), expected (3,)"
    """
    said = [f"{name} is missing" for name in sorted(wanted.keys() - tensors.keys())]
    said += [f"{strange(name)} is not known" for name in sorted(tensors.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & tensors.keys()):
        found, expected = tensors[name], wanted[name]
        if expected is not None and tuple(found.shape) != tuple(expected.shape):
            said.append(f"{name} is {tuple(found.shape)}, expected {tuple(expected.shape)}")
    more = f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return "; ".join(said[:_SHOWN]) + more


def _safetensors(path: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise _damaged(path, error) from None


def _weights_only(path: Path) -> Any:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the very files that are refused below
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if _is_pickle(path):
            raise _unsafe(path) from None
        raise _damaged(path, error) from None
    except RuntimeError as error:
        if "weights_only=True" in str(error):  # a script archive or the oldest format: never without code
            raise _unsafe(path) from None
        raise _damaged(path, error) from None
    except (OSError, EOFError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise _damaged(path, error) from None


def _is_pickle(path: Path) -> bool:
    """Whether a refused file is a real pickle that wants more than tensors, and not noise. Parses, runs nothing."""
    if zipfile.is_zipfile(path):
        return True
    try:
        with path.open("rb") as file:
            return sum(1 for _ in pickletools.genops(file)) > 0
    except (ValueError, OverflowError, MemoryError):
        return False


def _unsafe(path: Path) -> UnsafeWeights:
    return UnsafeWeights(
        f"{path} holds more than tensors; reading it would run code from the file",
        hint="ask its maker for safetensors, or for a file with the state_dict alone",
    )


def _damaged(path: Path, error: Exception) -> BackboneUnusable:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
    return BackboneUnusable(f"{path} cannot be read as weights: {reason}", hint="fetch the file again and compare its sha256")


def _unwrapped(path: Path, content: Any) -> dict[str, Tensor]:
    import torch

    if isinstance(content, Mapping):
        inner = [content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping)]
        content = inner[0] if inner else content
    if not isinstance(content, Mapping) or not content:
        raise BackboneUnusable(f"{path} holds no tensors by name", hint="save the state_dict of the model")
    for name, value in content.items():
        if not isinstance(value, torch.Tensor) or value.layout is not torch.strided or value.device.type != "cpu":
            raise BackboneUnusable(f"{path}: {name!r} is not a plain tensor", hint="save the state_dict of the model alone")
    return dict(content)


def _check_finite(path: Path, tensors: Mapping[str, Tensor]) -> None:
    bad = [name for name, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if bad:
        raise BackboneUnusable(
            f"{path}: {len(bad)} tensors hold NaN or infinity, first {bad[0]!r}",
            hint="the training diverged or the file is damaged",
        )
