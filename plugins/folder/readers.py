"""The two readers: what is listed becomes references with digests; no pixel is decoded here."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

from ... import DatasetSpec, InputUnusable
from ...plugin import Context, ImageRef, ImageSet, Picture, Reader, SetAside, Square, Unreadable, decode, decode_looks, quoted
from .config import FileOptions
from .layout import IMAGE_SUFFIXES, facts, is_mask_name, is_one_channel, mask_twins

LARGEST_LIST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Files:
    """Image files by id; reads bytes itself, so that any path the system knows can be opened."""

    paths: Mapping[str, Path] = field(repr=False)
    options: FileOptions

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        """Decode one file; see :class:`shiftlens.plugin.ImageSource`."""
        return decode(self._read(ref), at_least=at_least, **self._how)

    def looks(
        self, ref: ImageRef, sizes: Sequence[int], *, whole: bool
    ) -> tuple[Picture | Unreadable | None, list[Square | Unreadable]]:
        """Read and decode one file once; see :class:`shiftlens.plugin.LookedAtOnce`."""
        try:
            data = self._read(ref)
        except Unreadable as reason:
            return reason if whole else None, [reason] * len(sizes)
        return decode_looks(data, sizes, whole=whole, **self._how)

    def _read(self, ref: ImageRef) -> bytes:
        try:
            return self.paths[ref.id].read_bytes()
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from None

    @property
    def _how(self) -> dict[str, Any]:
        return {"depth": self.options.depth, "keep_cut": self.options.cut == "keep"}


@dataclass
class _Listing:
    """What is found while listing: files to take by id, and what is set aside."""

    paths: dict[str, Path] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    meta: dict[str, dict[str, str]] = field(default_factory=dict)
    aside: list[SetAside] = field(default_factory=list)

    def images(self, name: str, options: FileOptions, origin: str, context: Context) -> ImageSet:
        digests = self._digests(context)
        first_with: dict[str, str] = {}
        refs = []
        for id_, digest in digests.items():
            original = first_with.setdefault(digest, id_)
            if original != id_:
                reason = f"the same file as {original}"
                self.aside.append(SetAside(id=id_, kind="duplicate", reason=reason, same_as=original))
                continue
            refs.append(
                ImageRef(
                    id_, _as_read(digest, options), self.groups.get(id_) or _group(id_, name, options), self.meta.get(id_, {})
                )
            )
        if not refs:
            found = f"{len(self.aside)} files, none of them usable" if self.aside else "no file that fits"
            raise InputUnusable(f"{name}: {quoted(origin)} has {found}", hint=self._hint(options))
        taken = {ref.id: self.paths[ref.id] for ref in refs}
        return ImageSet(name, tuple(refs), Files(taken, options), tuple(self.aside), origin, options.note)

    def _digests(self, context: Context) -> dict[str, str]:
        def one(item: tuple[str, Path]) -> str | OSError:
            try:
                with item[1].open("rb") as file:
                    return hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                return error

        found = {}
        with ThreadPoolExecutor(max_workers=context.workers) as pool:
            found_in_order = zip(self.paths, pool.map(one, self.paths.items()), strict=True)
            for done, (id_, digest) in enumerate(found_in_order, start=1):
                context.progress(done, len(self.paths))
                if isinstance(digest, OSError):
                    self.aside.append(SetAside(id=id_, reason=f"cannot be read: {digest.strerror}"))
                else:
                    found[id_] = digest
        return found

    def _hint(self, options: FileOptions) -> str:
        if self.aside:
            return f"the first: {self.aside[0].id}: {self.aside[0].reason}"
        known = " ".join(sorted(IMAGE_SUFFIXES))
        return f"images end in {known}" + (f" and must fit match={options.match}" if options.match != "*" else "")


def _as_read(digest: str, options: FileOptions) -> str:
    """Give the digest of what comes out of a file: the file's own, unless options change how it is read."""
    changed = options.model_dump(include={"depth", "cut"}, exclude_defaults=True)
    return hashlib.sha256(f"{digest} {changed}".encode()).hexdigest() if changed else digest


class Folder(Reader):
    """Images of a folder and the folders in it, in the order of their paths. Links to folders are not followed."""

    def read(self, source: DatasetSpec, name: str) -> ImageSet:
        """List a folder; see :class:`shiftlens.plugin.Reader`."""
        options = self.config if isinstance(self.config, FileOptions) else FileOptions()
        root = Path(source.place)
        if not root.is_dir():
            what = "is a file" if root.exists() else "does not exist"
            raise InputUnusable(f"{name}: folder {quoted(source.place)} {what}", hint="give a folder of images, or a CSV list")
        listing = _Listing()
        found = dict(sorted(_walk(root, listing.aside)))
        wanted = {path: real for path, real in found.items() if _fits(path, options.match)}
        twins = mask_twins(wanted)
        for path, real in wanted.items():
            id_ = _printable(str(path))
            if reason := _not_an_image(path):
                listing.aside.append(SetAside(id=id_, kind="not-an-image", reason=reason))
            elif is_mask_name(path) or (path in twins and is_one_channel(str(real))):
                of = f"the mask of {_printable(str(twins[path]))}" if path in twins else "a mask by its name"
                listing.aside.append(SetAside(id=id_, kind="mask", reason=of))
            else:
                listing.paths[id_] = real
                listing.meta[id_] = facts(path)
        return listing.images(name, options, _printable(source.place), self.context)


class CsvList(Reader):
    """Images named in a CSV file: a column of paths below the file's folder, a group, further columns as metadata.

    The first row may name the columns (``path``, ``group`` …). UTF-8 with or without BOM, or Shift_JIS.
    """

    def read(self, source: DatasetSpec, name: str) -> ImageSet:
        """List the rows of a CSV file; see :class:`shiftlens.plugin.Reader`."""
        options = self.config if isinstance(self.config, FileOptions) else FileOptions()
        listing = _Listing()
        folder = Path(source.place).parent
        for row in _rows(Path(source.place), name):
            path = row.pop("path", "").strip()
            if not path or not _fits(PurePosixPath(path), options.match):
                continue
            id_ = _printable(path)
            if id_ in listing.paths:
                listing.aside.append(SetAside(id=id_, kind="duplicate", reason="listed twice"))
                continue
            listing.paths[id_] = folder / path
            listing.groups[id_] = row.pop("group", "").strip()
            listing.meta[id_] = facts(PurePosixPath(path)) | {k: v for k, v in row.items() if v}
        return listing.images(name, options, _printable(source.place), self.context)


def _walk(root: Path, aside: list[SetAside]) -> Iterator[tuple[PurePosixPath, Path]]:
    def refused(error: OSError) -> None:
        aside.append(SetAside(id=_printable(str(error.filename)), reason=f"folder cannot be read: {error.strerror}"))

    for folder, _, names in os.walk(root, onerror=refused):
        for file in names:
            real = Path(folder, file)
            yield PurePosixPath(real.relative_to(root).as_posix()), real


def _fits(path: PurePosixPath, pattern: str) -> bool:
    return fnmatch(path.name, pattern) or fnmatch(str(path), pattern)


def _not_an_image(path: PurePosixPath) -> str:
    if path.name.startswith("."):
        return "a hidden file"
    suffix = path.suffix.lower()
    return "" if suffix in IMAGE_SUFFIXES else f"the ending {suffix!r} is not that of an image" if suffix else "no ending"


def _group(id_: str, name: str, options: FileOptions) -> str:
    """Name the group; an image on its own gets a name that no other set has, so that equal file names are no pair."""
    if options.group == "folder":
        return str(PurePosixPath(id_).parent)
    match = re.search(options.group, id_) if options.group else None
    return (match[1] if match else "") or f"{name}:{id_}"


def _printable(name: str) -> str:
    """Give a name that every report can hold: bytes that are no UTF-8 are shown escaped."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _rows(path: Path, name: str) -> Iterator[dict[str, str]]:
    try:
        if path.stat().st_size > LARGEST_LIST_BYTES:
            raise InputUnusable(f"{name}: list {quoted(str(path))} is over {LARGEST_LIST_BYTES // 2**20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise InputUnusable(
            f"{name}: list {quoted(str(path))} cannot be read: {error.strerror}", hint="give a CSV file or a folder"
        ) from None
    try:
        rows = [row for row in csv.reader(io.StringIO(_text(data, path, name), newline="")) if any(row)]
    except csv.Error as error:
        raise InputUnusable(
            f"{name}: list {quoted(str(path))} is no CSV: {error}", hint="save it as CSV (comma separated)"
        ) from None
    if not rows:
        raise InputUnusable(f"{name}: list {quoted(str(path))} is empty", hint="one row an image: path[,group]")
    header = [cell.strip().casefold() for cell in rows[0]]
    if "path" in header:
        rows = rows[1:]
    else:
        header = ["path", "group"]
    for row in rows:
        yield dict(zip(header, row, strict=False))


def _text(data: bytes, path: Path, name: str) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputUnusable(f"{name}: list {quoted(str(path))} is neither UTF-8 nor Shift_JIS", hint="save it as CSV UTF-8")
