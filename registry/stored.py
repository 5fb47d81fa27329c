"""Tensors that lie in a file, described before a number of theirs is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..specs.errors import BackboneUnusable

if TYPE_CHECKING:
    from torch import Tensor

MOST_DECODED = 4 * 2**30
_MOST_AXES = 8
BYTES_OF = {
    "float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1,
    "bool": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Storage:
    """``count`` numbers of one type, somewhere in a file; ``read`` gives their bytes."""

    dtype: str
    count: int
    read: Callable[[], memoryview]


@dataclass(frozen=True)
class StoredObject:
    """A tensor of a file: a view of a storage whose numbers are not read yet."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many bytes it takes to read it: those of the tensor, or of the piece of the storage that it is spread over."""
        count = math.prod(self.shape)
        return max(count, _reach(self.shape, self.stride) + 1) * BYTES_OF[self.storage.dtype] if count else 0

    def tensor(self) -> Tensor:
        """Read it, into memory of its own."""
        import torch

        dtype = getattr(torch, self.storage.dtype)
        if not self.size:
            return torch.empty(self.shape, dtype=dtype)
        width = BYTES_OF[self.storage.dtype]
        end = self.offset + 1 + _reach(self.shape, self.stride)
        numbers = bytearray(self.storage.read()[self.offset * width : end * width])
        return torch.frombuffer(numbers, dtype=dtype).as_strided(self.shape, self.stride).contiguous()


def rebuilt(storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> StoredObject:
    """Stand for what puts a tensor together; holds it against its storage first.

    Raises:
        ValueError: it shows more than its storage holds, or is no tensor at all.
    """
    if not isinstance(storage, Storage) or not isinstance(shape, tuple) or not isinstance(stride, tuple):
        raise ValueError("a tensor without a storage or a shape")
    if not all(type(n) is int and n >= 0 for n in (offset, *shape, *stride)):
        raise ValueError("a tensor whose shape is no row of numbers")
    if len(shape) != len(stride) or len(shape) > _MOST_AXES:
        raise ValueError(f"a tensor of {len(shape)} axes and {len(stride)} strides")
    count = math.prod(shape)
    if count > storage.count or (count and offset + _reach(shape, stride) >= storage.count):
        raise ValueError(f"a tensor of shape {str(shape)[:60]} in a storage of {storage.count} numbers")
    return StoredObject(storage, offset, shape, stride)


def read_stored(where: str, stored: Mapping[str, StoredObject]) -> dict[str, Tensor]:
    """Read tensors, all of them finite.

    Args:
        where: how to name the file in errors.
        stored: what to read, by name.

    Raises:
        BackboneUnusable: they are over 4 GiB together, hold NaN or infinity, or the file is damaged.
    """
    total = sum(one.size for one in stored.values())
    if total > MOST_DECODED:
        raise BackboneUnusable(
            f"{where}: its tensors take {total / 2**30:.1f} GiB, more than {MOST_DECODED / 2**30:g}",
            hint="no model of a known format is that large; check where the file comes from",
        )
    tensors = {name: one.tensor() for name, one in stored.items()}
    bad = [name for name, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if bad:
        raise BackboneUnusable(
            f"{where}: {len(bad)} tensors hold NaN or infinity, first {bad[0]!r}",
            hint="the training diverged or the file is damaged",
        )
    return tensors


def _reach(shape: tuple[int, ...], stride: tuple[int, ...]) -> int:
    return sum((n - 1) * step for n, step in zip(shape, stride, strict=True))
