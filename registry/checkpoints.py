"""Checkpoints of other programs, by the restricted reader: what torch writes (zip, and the format before it), and bare pickles.

``torch.load`` is never called: tensors are described first, and those that are wanted are read from their place in the file.
"""

from __future__ import annotations

import io
import mmap
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..specs.errors import BackboneUnusable, ShiftlensError, UnsafeWeights
from .inert import Name, Stand, mapping, members, recorded
from .restricted import Budget, unpickle
from .stored import BYTES_OF, Storage, rebuilt

MOST_BYTES = 4 * 2**30
_MOST_LISTED = 2**22
_ZIP, _LEGACY = b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_TAR, _TAR_AT = b"ustar", 257
_VERSION = 1001
_DTYPES = {
    "torch.FloatStorage": "float32", "torch.DoubleStorage": "float64", "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16", "torch.LongStorage": "int64", "torch.IntStorage": "int32",
    "torch.ShortStorage": "int16", "torch.CharStorage": "int8", "torch.ByteStorage": "uint8", "torch.BoolStorage": "bool",
}  # fmt: skip
_STORAGES: Mapping[str, Stand] = {name: recorded(name) for name in _DTYPES}
_NUMPY = ("multiarray.scalar", "multiarray._reconstruct")
_RECORDED = (
    "argparse.Namespace", "_codecs.encode", "numpy.dtype", "numpy.ndarray",
    *(f"numpy.{core}.{name}" for core in ("core", "_core") for name in _NUMPY),
)  # fmt: skip
_ALLOWED: Mapping[str, Stand] = {
    **_STORAGES,
    **{name: recorded(name) for name in _RECORDED},
    "builtins.set": members,
    "__builtin__.set": members,
    "collections.OrderedDict": mapping,
    "torch._utils._rebuild_tensor_v2": rebuilt,
    "torch._utils._rebuild_parameter": lambda tensor, *_: tensor,
}


def read_checkpoint(path: Path, *, records: Collection[str] = (), mappings: Collection[str] = ()) -> Any:
    """Read what a file holds, its tensors as :class:`StoredObject`, without running anything of it.

    Beside tensors it may hold text, numbers, lists, dictionaries, and inert :class:`Record` of plain options and arrays.

    Args:
        path: a file that torch wrote, in either of its formats, or a pickle with tensors in it.
        records: further classes and functions that may be named; each is recorded, none is made or called.
        mappings: further kinds of dictionary that may be named.

    Raises:
        UnsafeWeights: it names anything else, or is a program (TorchScript).
        BackboneUnusable: it is of another kind, damaged, over 4 GiB, or passes a limit.
    """
    stands: dict[str, Stand] = {**_ALLOWED, **{name: recorded(name) for name in records}, **dict.fromkeys(mappings, mapping)}
    where, budget = str(path), Budget()
    try:
        with path.open("rb") as file:
            mapped = _mapped(file, where)
        data = memoryview(mapped)
        if data[:4] == _ZIP:
            return _of_zip(mapped, where, stands, budget)
        if data[: len(_LEGACY)] == _LEGACY:
            return _of_legacy(data, where, stands, budget)
        if data[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
            raise damaged(where, "it is in the oldest format of torch", "load it in its own program and save it again")
        stands["torch.storage._load_from_bytes"] = lambda raw: _nested(raw, where, budget)
        return unpickle(data, where, stands, budget)[0]
    except OSError as error:
        raise damaged(where, error.strerror or str(error), "give the path of a file that can be read") from None
    except ShiftlensError:
        raise
    except Exception as error:  # noqa: BLE001  (a stranger's bytes: whatever they break is damage of theirs)
        raise damaged(where, f"{type(error).__name__}: {error}") from None


def damaged(where: str, why: str, hint: str = "fetch the file again and compare its sha256") -> BackboneUnusable:
    """Give the error for a file that is no readable checkpoint."""
    return BackboneUnusable(f"{where} cannot be read as weights: {why[:160]}", hint=hint)


class _Mapped(mmap.mmap):
    """A file in memory of which no more than 4 MiB are copied at once: a list of files in a zip cannot fill the memory."""

    def read(self, size: int | None = None, /) -> bytes:
        left = len(self) - self.tell()
        wanted = left if size is None or size < 0 else size
        if wanted > _MOST_LISTED:
            raise ValueError("a zip whose list of files is too long")
        return super().read(wanted)


def _mapped(file: io.BufferedReader, where: str) -> _Mapped:
    size = file.seek(0, io.SEEK_END)
    if not size:
        raise damaged(where, "it is empty")
    if size > MOST_BYTES:
        raise damaged(where, f"it has {size / 2**30:.1f} GiB, more than {MOST_BYTES / 2**30:g}", "is this the right file?")
    return _Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)


def _nested(raw: Any, where: str, budget: Budget) -> Storage:
    """Stand for torch's own loader of storages inside of pickles, which would read anything."""
    if not isinstance(raw, memoryview) or raw[: len(_LEGACY)] != _LEGACY:
        raise damaged(where, "a storage that torch did not write")
    storage = _of_legacy(raw, where, _STORAGES, budget)
    if not isinstance(storage, Storage):
        raise damaged(where, "a storage that holds something else")
    return storage


def _of_legacy(data: memoryview, where: str, stands: Mapping[str, Stand], budget: Budget) -> Any:
    """Read four pickles (version, system, content, keys of storages), then the storages, each after its count."""
    version, at = unpickle(data, where, {}, budget, at=len(_LEGACY))
    system, at = unpickle(data, where, {}, budget, at=at)
    if version != _VERSION or not isinstance(system, dict) or system.get("little_endian") is not True:
        raise damaged(where, "it is of another version of torch, or of a big-endian machine")
    places: dict[str, memoryview] = {}
    found: dict[str, Storage] = {}

    def outside(what: Any) -> Storage:
        key, dtype, count = _identified(what)
        return found.setdefault(key, Storage(dtype, count, lambda: _at(places, key, where)))

    content, at = unpickle(data, where, stands, budget, at=at, persistent=outside)
    keys, at = unpickle(data, where, {}, budget, at=at)
    for key in keys:
        storage = found[key]
        size = storage.count * BYTES_OF[storage.dtype]
        if int.from_bytes(data[at : at + 8], "little") != storage.count or at + 8 + size > len(data):
            raise damaged(where, f"storage {key!r} is not whole")
        places[key] = data[at + 8 : at + 8 + size]
        at += 8 + size
    return content


def _of_zip(mapped: _Mapped, where: str, stands: Mapping[str, Stand], budget: Budget) -> Any:
    listed = {info.filename: info for info in zipfile.ZipFile(mapped).infolist()}  # type: ignore[call-overload]
    data = memoryview(mapped)
    if any(name.endswith("/constants.pkl") or "/code/" in name for name in listed):
        raise UnsafeWeights(
            f"{where} is a TorchScript archive: a program with its weights", hint="ask for the state_dict of the model"
        )
    pickles = [name for name in listed if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise damaged(where, f"a zip with {len(pickles)} data.pkl, where torch writes one")
    folder = pickles[0].removesuffix("data.pkl")
    if f"{folder}byteorder" in listed and bytes(_member(data, listed[f"{folder}byteorder"], where)) != b"little":
        raise damaged(where, "it comes from a big-endian machine")

    checked: dict[str, memoryview] = {}

    def outside(what: Any) -> Storage:
        key, dtype, count = _identified(what)
        info = listed[f"{folder}data/{key}"]
        if info.file_size != count * BYTES_OF[dtype]:
            raise damaged(where, f"storage {key!r} has {info.file_size} bytes for {count} numbers of {dtype}")
        return Storage(dtype, count, lambda: read(key, info))

    def read(key: str, info: zipfile.ZipInfo) -> memoryview:
        if key not in checked:  # many tensors may share one storage
            checked[key] = _member(data, info, where)
        return checked[key]

    return unpickle(_member(data, listed[pickles[0]], where), where, stands, budget, persistent=outside)[0]


def _member(data: memoryview, info: zipfile.ZipInfo, where: str) -> memoryview:
    """Give the bytes of one file of a zip, where they lie; torch stores, it never compresses."""
    if info.compress_type != zipfile.ZIP_STORED or info.header_offset < 0:
        raise damaged(where, f"{info.filename!r} is compressed, which torch never does")
    name = int.from_bytes(data[info.header_offset + 26 : info.header_offset + 28], "little")
    extra = int.from_bytes(data[info.header_offset + 28 : info.header_offset + 30], "little")
    begin = info.header_offset + 30 + name + extra
    found = data[begin : begin + info.file_size]
    if len(found) != info.file_size or zlib.crc32(found) != info.CRC:
        raise damaged(where, f"the checksum of {info.filename!r} does not hold")
    return found


def _identified(what: Any) -> tuple[str, str, int]:
    """Take apart how torch names a storage: the word, its type, its key, the device it was on, its count."""
    word, kind, key, _, count, *view = what
    if word != "storage" or not isinstance(kind, Name) or not isinstance(key, str) or type(count) is not int or count < 0:
        raise ValueError("a storage without a type, a key or a count")
    if view not in ([], [None]):
        raise ValueError("a view of another storage")
    return key, _DTYPES[kind.text], count


def _at(places: Mapping[str, memoryview], key: str, where: str) -> memoryview:
    if key not in places:
        raise damaged(where, f"storage {key!r} is not there")
    return places[key]
