"""Digests of weights: what was pinned, what is there, and one digest for a whole backbone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from ..specs.backbone import BackboneSpec
from ..specs.errors import BackboneUnusable, DigestDiffers


def sha256(path: Path) -> str:
    """Give the sha256 of a file, in hexadecimal; the file is streamed.

    Raises:
        BackboneUnusable: it cannot be read.
    """
    try:
        state = path.stat()
        return _sha256(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise BackboneUnusable(
            f"{path} cannot be read: {error.strerror}", hint="check that the file is there and readable"
        ) from None


@lru_cache(maxsize=256)
def _sha256(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(spec: BackboneSpec, files: Mapping[str, Path]) -> dict[str, str]:
    """Give the digest of each file; where one is pinned it must be the same.

    Raises:
        DigestDiffers: with the pinned digest and the one found.
    """
    digests = {}
    for name, path in files.items():
        found, pinned = sha256(path), spec.files.get(name)
        if pinned is not None and found != pinned:
            raise DigestDiffers(
                f"backbone {spec.name!r}: {path} has sha256 {found}, pinned is {pinned}",
                hint="put the pinned file back, or pin the new one after checking where it came from",
            )
        digests[name] = found
    return digests


def backbone_digest(spec: BackboneSpec, files: Mapping[str, Path]) -> str:
    """Give one sha256 for everything that decides what the backbone computes; pins are verified.

    Names and places of files take no part, so moved weights stay the same backbone.
    """
    digests = verify(spec, files)
    what = {
        "family": spec.family,
        "files": [digests[name] for name in sorted(digests)],
        "input": [spec.input_size, spec.input_range],
        "options": spec.options,
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
