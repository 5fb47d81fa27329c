"""Names of files for results: one an image, like the image's own, valid on every system, and nowhere but below one folder."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import PurePath

from ..files.names import shown

_ENDING = re.compile(r"\.[A-Za-z]\w{0,4}")
_FORBIDDEN = frozenset('<>:"/\\|?*')
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{name}{i}" for name in ("com", "lpt") for i in range(1, 10))})
_LONGEST = 200
"""Bytes of a part of a path; systems allow 255, and something may be added."""


@dataclass(frozen=True)
class _Own:
    """An image's own name, made valid: folders, stem and ending."""

    folders: tuple[str, ...]
    stem: str
    ending: str

    def path(self, last: str) -> str:
        return "/".join((*self.folders, last))


def file_names(ids: Sequence[str], ending: str = ".png", *, taken: Collection[str] = ()) -> dict[str, str]:
    """Give each image a path below the folder of results: its own path, with ``ending``.

    Steps upwards and roots are left out, characters that a system forbids or hides become ``_``. Where two would be the same
    file on any system, one that was called so keeps its name, and others keep their old ending before the new one; what is
    still the same is numbered.

    Args:
        ids: of images, each once.
        ending: of all files.
        taken: names that belong to something else in the folder of results.

    >>> file_names(["a.jpg", "a.png", "lot/b.bmp", "../c.tif"])
    {'a.jpg': 'a.jpg.png', 'a.png': 'a.png', 'lot/b.bmp': 'lot/b.png', '../c.tif': 'c.png'}
    """
    forbidden = {_key(name) for name in taken}
    own = {id_: _own(id_, forbidden) for id_ in ids}
    wanted = Counter(_key(one.path(one.stem + ending)) for one in own.values())
    used = forbidden | {_key("/".join(one.folders[: i + 1])) for one in own.values() for i in range(len(one.folders))}
    names = {}
    for id_ in sorted(ids, key=lambda one: own[one].ending.lower() != ending):
        one = own[id_]
        plain, whole = one.path(one.stem + ending), one.path(one.stem + one.ending + ending)
        alone = wanted[_key(plain)] == 1 or one.ending.lower() == ending
        numbered = (one.path(f"{one.stem}~{number}{one.ending}{ending}") for number in count(2))
        names[id_] = next(name for name in chain([plain] if alone else [], [whole], numbered) if _key(name) not in used)
        used.add(_key(names[id_]))
    return {id_: names[id_] for id_ in ids}


def _own(id_: str, forbidden: Collection[str]) -> _Own:
    path = PurePath(id_)
    parts = [part for part in (path.parts[1:] if path.anchor else path.parts) if part != ".."] or ["_"]
    *folders, last = parts
    ending = match[0] if (match := _ENDING.fullmatch(PurePath(last).suffix)) else ""
    valid = [_valid(part) for part in folders]
    if valid and _key(valid[0]) in forbidden:
        valid[0] += "_"
    return _Own(tuple(valid), _valid(last.removesuffix(ending)), ending)


def _valid(part: str) -> str:
    """Give a part of a path that every system takes."""
    kept = "".join("_" if c in _FORBIDDEN or shown(c) != c else c for c in part)
    kept = kept.encode()[:_LONGEST].decode(errors="ignore").rstrip(" .")
    return f"_{kept}" if not kept or kept.partition(".")[0].rstrip().casefold() in _DEVICES else kept


def _key(name: str) -> str:
    """Give what is equal for names that are one file on some system."""
    return unicodedata.normalize("NFC", name).casefold()
