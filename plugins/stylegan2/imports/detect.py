"""What a file is, found out from its content and never from its name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from .... import BackboneUnusable
from ....training import Record, StoredObject, read_checkpoint

PERSISTENT = "torch_utils.persistence._reconstruct_persistent_obj"
TENSORFLOW = "dnnlib.tflib.network.Network"
GANSPACE = ("mean", "comp", "std")
_GENERATOR = ("style.1.weight", "input.input", "conv1.conv.weight")
_MOST_AXES = 3

Format = Literal["nvidia", "rosinality", "e4e", "directions"]


def opened(path: Path) -> Any:
    """Read a file of any of the formats; objects of NVIDIA's programs become inert records.

    Raises:
        UnsafeWeights: it names anything that none of the formats needs.
        BackboneUnusable: it is damaged, or over a limit.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise BackboneUnusable(f"{path} cannot be read: {error.strerror}", hint="give the path of a file") from None
    return _opened(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)  # each importer looks at the file before one reads it
def _opened(path: Path, _file: int, _size: int, _changed: int) -> Any:
    return read_checkpoint(path, records=(PERSISTENT, TENSORFLOW), mappings=("dnnlib.util.EasyDict",))


def format_of(content: Any) -> Format | None:
    """Say which format content is of, or nothing where it is of none.

    >>> format_of({"state_dict": {"encoder.body": 1}}), format_of({"model": 1})
    ('e4e', None)
    """
    if isinstance(content, StoredObject):
        return "directions" if 0 < len(content.shape) <= _MOST_AXES else None
    if isinstance(content, tuple):
        return "nvidia" if any(isinstance(one, Record) and one.name == TENSORFLOW for one in content) else None
    if not isinstance(content, Mapping):
        return None
    if any(isinstance(content.get(key), Record) for key in ("G_ema", "G")):
        return "nvidia"
    if isinstance(content.get("g_ema"), Mapping) or all(key in content for key in _GENERATOR):
        return "rosinality"
    state = content.get("state_dict")
    if isinstance(state, Mapping) and any(str(key).startswith(("encoder.", "decoder.")) for key in state):
        return "e4e"
    return "directions" if all(isinstance(content.get(key), StoredObject) for key in GANSPACE) else None
