"""The store: values of finished steps, by content key. What stands in it is whole; what is damaged counts as missing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from pydantic import ValidationError

from ...specs.errors import PromiseBroken, UsageError, quoted
from ..files.whole import written_whole
from ..values.pictures import Picture
from ..values.value import Value

V = TypeVar("V", bound=Value)
META = "meta.json"
_KEY = re.compile(r"[0-9a-f]{64}")
LIMIT_BYTES = 4 * 2**30
_STALE_SECONDS = 24 * 3600


def default_store() -> Path:
    """Give the folder of the user's store: ``SHIFTLENS_STORE``, or ``shiftlens`` in the user's cache folder."""
    named = os.environ.get("SHIFTLENS_STORE")
    return Path(named) if named else user_cache_path("shiftlens", appauthor=False)


class Store:
    """Values on disk, one ``.npz`` file each, under two-letter folders.

    A file is written beside its place and renamed, so a killed run leaves nothing half-written. A ``read_only`` one is left
    as it is: nothing damaged is removed, nothing counts as used.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder, self.read_only = folder, read_only

    def path(self, key: str) -> Path:
        """Give the file of ``key``, whether it is there or not.

        Raises:
            UsageError: it is no key, and could lead out of the store.
        """
        if not _KEY.fullmatch(key):
            raise UsageError(f"{quoted(key)} is no key of a store", hint="keys are sha256 digests")
        return self.folder / key[:2] / f"{key}.npz"

    def load(self, key: str, kind: type[V]) -> V | None:
        """Give the value of ``key``, or nothing where there is none or it is damaged (it is then removed)."""
        found = self._read(key)
        if found is None:
            return None
        try:
            return kind.join(*found)
        except (ValidationError, PromiseBroken, TypeError, KeyError, ValueError):
            self._damaged(key)
            return None

    def _read(self, key: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
        path = self.path(key)
        try:
            with np.load(path, allow_pickle=False) as archive:
                data = json.loads(archive[META].tobytes())
                arrays = {name: archive[name] for name in archive.files if name != META}
        except (FileNotFoundError, PermissionError):
            return None
        except Exception:  # noqa: BLE001  (whatever numpy, zipfile and zlib make of damaged bytes)
            self._damaged(key)
            return None
        with contextlib.suppress(OSError):  # a store that may only be read still gives what it has
            if not self.read_only:
                os.utime(path)
        return data, arrays

    def _damaged(self, key: str) -> None:
        if not self.read_only:
            with contextlib.suppress(OSError):
                self.path(key).unlink(missing_ok=True)

    def has_picture(self, digest: str) -> bool:
        """Say whether there is a picture of an image, which then counts as used now; whether it is whole is not looked at."""
        try:
            os.utime(self.path(picture_key(digest)))
        except OSError:
            return False
        return True

    def save_picture(self, digest: str, picture: Picture) -> None:
        """Keep the picture of an image as it is.

        Raises:
            OutputUnusable: the store cannot be written.
        """
        alpha = {} if picture.alpha is None else {"alpha": picture.alpha}
        self._write(picture_key(digest), {"white": picture.white}, {"pixels": picture.pixels, **alpha})

    def picture(self, digest: str) -> Picture | None:
        """Give the picture of an image, or nothing where there is none or it is damaged (it is then removed)."""
        found = self._read(picture_key(digest))
        if found is None:
            return None
        data, arrays = found
        try:
            return Picture(arrays["pixels"], float(data["white"]), arrays.get("alpha"))
        except (KeyError, TypeError, ValueError):
            self._damaged(picture_key(digest))
            return None

    def save(self, key: str, value: Value) -> None:
        """Keep a value.

        Raises:
            OutputUnusable: the store cannot be written.
        """
        self._write(key, *value.parts())

    def _write(self, key: str, data: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        meta = np.frombuffer(json.dumps(data).encode(), dtype=np.uint8)
        with written_whole(self.path(key), durable=False) as file:  # what a power cut damages counts as missing
            np.savez(file, allow_pickle=False, **{META: meta}, **arrays)

    def prune(self, limit: int = LIMIT_BYTES) -> int:
        """Remove what was used longest ago until the store is below ``limit`` bytes; give the bytes freed."""
        now = max((_changed(p) for p in self.folder.glob("??")), default=0.0)
        freed = 0
        entries = []
        for path in self.folder.glob("??/*"):
            try:
                facts = path.stat()
            except OSError:  # another run was faster
                continue
            if path.suffix == ".part" and facts.st_mtime < now - _STALE_SECONDS:
                path.unlink(missing_ok=True)
            elif path.suffix == ".npz":
                entries.append((facts.st_mtime, facts.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total - freed <= limit:
                break
            path.unlink(missing_ok=True)
            freed += size
        return freed


def picture_key(digest: str) -> str:
    """Name the picture of an image in a store. Readers of images may write digests of any form."""
    return hashlib.sha256(f"picture {digest}".encode()).hexdigest()


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
