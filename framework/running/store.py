"""The store: values of finished steps, by content key. What stands in it is whole; what is damaged counts as missing."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from pydantic import ValidationError

from ...specs.errors import PromiseBroken
from ..files.whole import written_whole
from ..values.pictures import Picture
from ..values.value import Value

V = TypeVar("V", bound=Value)
META = "meta.json"
LIMIT_BYTES = 4 * 2**30
_STALE_SECONDS = 24 * 3600


def default_store() -> Path:
    """Give the folder of the user's store: ``SHIFTLENS_STORE``, or ``shiftlens`` in the user's cache folder."""
    named = os.environ.get("SHIFTLENS_STORE")
    return Path(named) if named else user_cache_path("shiftlens", appauthor=False)


class Store:
    """Values on disk, one ``.npz`` file each, under two-letter folders.

    A file is written beside its place and renamed, so a killed run leaves nothing half-written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Give the file of ``key``, whether it is there or not."""
        return self.folder / key[:2] / f"{key}.npz"

    def load(self, key: str, kind: type[V]) -> V | None:
        """Give the value of ``key``, or nothing where there is none or it is damaged (it is then removed)."""
        found = self._read(key)
        if found is None:
            return None
        try:
            return kind.join(*found)
        except (ValidationError, PromiseBroken, TypeError, KeyError, ValueError):
            self.path(key).unlink(missing_ok=True)
            return None

    def _read(self, key: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
        path = self.path(key)
        try:
            with np.load(path, allow_pickle=False) as archive:
                data = json.loads(archive[META].tobytes())
                arrays = {name: archive[name] for name in archive.files if name != META}
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, TypeError):
            path.unlink(missing_ok=True)
            return None
        return data, arrays

    def touched(self, key: str) -> bool:
        """Say whether there is something under ``key``, which then counts as used now; whether it is whole is not looked at."""
        try:
            os.utime(self.path(key))
        except OSError:
            return False
        return True

    def save_picture(self, key: str, picture: Picture) -> None:
        """Keep a picture as it is.

        Raises:
            OutputUnusable: the store cannot be written.
        """
        alpha = {} if picture.alpha is None else {"alpha": picture.alpha}
        self._write(key, {"white": picture.white}, {"pixels": picture.pixels, **alpha})

    def picture(self, key: str) -> Picture | None:
        """Give the picture of ``key``, or nothing where there is none or it is damaged (it is then removed)."""
        found = self._read(key)
        if found is None:
            return None
        data, arrays = found
        return Picture(arrays["pixels"], float(data["white"]), arrays.get("alpha"))

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
        now = max((p.stat().st_mtime for p in self.folder.glob("??")), default=0.0)
        freed = 0
        entries = []
        for path in self.folder.glob("??/*"):
            facts = path.stat()
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
