"""A folder of results, one file an image: what an earlier run wrote there counts, what is somebody else's is left alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ...specs.base import Spec
from ...specs.dataset import DatasetSpec
from ...specs.errors import OutputUnusable, UsageError, quoted
from ..files.events import EVENTS

RUN, TABLE, LOCK = "run.json", "translated.csv", ".translate.lock"
OWN = frozenset({RUN, EVENTS, TABLE, LOCK})
WRITTEN = "image_written"
PIPELINE = "translate"
_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
_PIECE = re.compile(r"\.(.+\.png|run\.json|translated\.csv)\.\d+\.part")
"""What a killed run leaves of a file; see :func:`written_whole`."""


class FileRecord(Spec):
    """One file of results, as ``events.jsonl`` has it.

    ``key`` is of what made it: equal keys, equal content. ``facts`` are what was said of the image.
    """

    file: str
    key: str
    sha256: str
    facts: dict[str, str]

    def whole(self, folder: Path) -> bool:
        """Say whether the file is there as it was written."""
        try:
            with (folder / self.file).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


def refuse_inside(folder: Path, source: str) -> None:
    """Check that results do not go among the images that they are made of, nor around them.

    Raises:
        UsageError: ``folder`` is the folder of images ``source``, lies in it, or holds it.
    """
    spec = DatasetSpec.parse(source)
    place = Path(spec.place)
    if spec.scheme not in (None, "folder") or not place.is_dir():
        return
    results, images = folder.resolve(), place.resolve()
    if results == images or images in results.parents or results in images.parents:
        what = "is" if results == images else "lies in" if images in results.parents else "holds"
        raise UsageError(
            f"-o {quoted(str(folder))} {what} the folder of images {quoted(spec.place)}",
            hint="give a folder elsewhere; the images stay as they are",
        )


def written_before(folder: Path) -> dict[str, FileRecord]:
    """Give what earlier runs wrote in ``folder`` and is still there, by file; whether it is whole is not looked at.

    Raises:
        OutputUnusable: it is a file, cannot be read, or holds something that no such run wrote.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputUnusable(f"{folder} is a file", hint="give a folder with -o")
    try:
        there = {name for name in _files(folder) if not _PIECE.fullmatch(Path(name).name)}
    except OSError as error:
        raise OutputUnusable(f"{folder} cannot be read: {error.strerror}", hint="give another folder with -o") from None
    if not there - {LOCK}:
        return {}
    if not _is_ours(folder):
        raise OutputUnusable(
            f"{folder} is not empty and was not written by translate", hint="give a new or empty folder with -o"
        )
    told = {one.file: one for one in _told(folder) if one.file in there}
    if foreign := sorted(there - set(told) - OWN):
        raise OutputUnusable(
            f"{folder} holds {quoted(foreign[0])}, which translate did not write", hint="move it away, or give another -o"
        )
    return told


def clear(folder: Path, before: Mapping[str, FileRecord], wanted: Collection[str]) -> None:
    """Take away what earlier runs left: files of theirs that are not ``wanted``, their table, and pieces of what was killed.

    Raises:
        OutputUnusable: something cannot be removed.
    """
    stale = [name for name in before if name not in wanted]
    pieces = [name for name in _files(folder) if _PIECE.fullmatch(Path(name).name)]
    try:
        for name in [*stale, *pieces, TABLE]:
            (folder / name).unlink(missing_ok=True)
        for place in sorted({parent for name in stale for parent in Path(name).parents}, reverse=True):
            if place != Path() and not any((folder / place).iterdir()):
                (folder / place).rmdir()
    except OSError as error:
        raise OutputUnusable(f"{folder}: {error.filename} cannot be removed: {error.strerror}", hint="close it") from None


def _files(folder: Path) -> Iterator[str]:
    """Give the files in a folder and below as paths with ``/``; a link to a folder counts as a file."""

    def refused(error: OSError) -> None:
        raise error

    if not folder.exists():
        return
    for place, folders, names in os.walk(folder, onerror=refused):
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in [*names, *links]:
            if name.casefold() not in _LEFT_BY_SYSTEMS:
                yield Path(place, name).relative_to(folder).as_posix()


def _is_ours(folder: Path) -> bool:
    try:
        found = json.loads((folder / RUN).read_text(encoding="utf-8"))
        return bool(found["spec"]["pipeline"] == PIPELINE)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _told(folder: Path) -> Iterator[FileRecord]:
    """Give what the events say was written, oldest first; a line that was cut off is left out."""
    try:
        lines = (folder / EVENTS).read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            event = json.loads(line)
            if event.pop("event") == WRITTEN:
                yield FileRecord.model_validate({key: value for key, value in event.items() if key != "time"})
        except (ValueError, KeyError, AttributeError):
            continue
