"""The store: values of finished steps, by content key. What stands in it is whole; what is damaged counts as missing."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TypeVar

import numpy as np
from platformdirs import user_cache_path
from pydantic import ValidationError

from .files import written_whole
from .values import Value

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

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"

    def load(self, key: str, kind: type[V]) -> V | None:
        """Give the value of ``key``, or nothing where there is none or it is damaged (it is then removed)."""
        path = self._path(key)
        try:
            with np.load(path, allow_pickle=False) as archive:
                data = json.loads(archive[META].tobytes())
                value = kind.join(data, {name: archive[name] for name in archive.files if name != META})
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, ValidationError, TypeError):
            path.unlink(missing_ok=True)
            return None
        return value

    def __contains__(self, key: str) -> bool:
        return self._path(key).exists()

    def save(self, key: str, value: Value) -> None:
        """Keep a value.

        Raises:
            OutputUnusable: the store cannot be written.
        """
        data, arrays = value.parts()
        meta = np.frombuffer(json.dumps(data).encode(), dtype=np.uint8)
        with written_whole(self._path(key)) as file:
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
