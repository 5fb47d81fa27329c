"""Files of other programs to backbones: which importer reads a file, and the backbone that is saved of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...registry.digests import sha256
from ...registry.saved import CARD
from ...specs.backbone import BackboneSpec
from ...specs.errors import BackboneUnusable, UsageError, quoted
from ..contract.around import ImportedBackbone, Importer
from ..host.host import Host
from ..host.targets import target_class
from .saving import save_backbone

_DIGITS = 12


def read_file(
    host: Host, path: Path, *, format_: str | None = None, into: Mapping[str, Path] | None = None
) -> tuple[str, ImportedBackbone]:  # fmt: skip
    """Read a file by the importer that recognises its content, or by the one of ``format_``.

    Args:
        host: the plugins.
        path: the file.
        format_: the id of an importer.
        into: the checked files of the backbone that the file is added to.

    Returns:
        the format, and what was read.

    Raises:
        UnsafeWeights: the file would run code if it were read in the usual way.
        BackboneUnusable: nothing recognises it, it is damaged, or no model that a family can run.
        UsageError: it is an addition and ``into`` is not given, or the other way round.
        UnknownName: there is no such format.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        raise BackboneUnusable(
            f"{path} cannot be read: {error.strerror}", hint="check that the file is there and readable"
        ) from None
    name, importer = _importer(host, path, format_)
    if importer.adds and into is None:
        raise UsageError(f"{path}: {name} are added to a backbone", hint="name it: --into NAME")
    if into is not None and not importer.adds:
        raise UsageError(f"{path}: {name} is a backbone of its own", hint="leave out --into")
    with importer:
        return name, importer.read(path, into)


def save_imported(
    imported: ImportedBackbone,
    folder: Path,
    *,
    path: Path,
    name: str,
    format_: str,
    licence: str | None,
    base: BackboneSpec | None,
) -> BackboneSpec:
    """Save what was read as the backbone ``name`` in ``folder``; its card says from which file it came.

    Args:
        imported: what an importer read.
        folder: where to; it must not hold a backbone yet.
        path: the file that was read.
        name: the backbone's name.
        format_: the format of the file.
        licence: the licence of its weights; that of ``base``, or unknown, by default.
        base: the backbone that the file was added to.

    Raises:
        UsageError: the folder holds a backbone, or ``base`` is of another family.
        OutputUnusable: the folder cannot be written.
    """
    if (folder / CARD).exists():
        raise UsageError(f"{folder} holds a backbone already", hint="give another --name or -o, or remove it first")
    origin = f"{path.name} ({format_}, sha256 {sha256(path)[:_DIGITS]}…)"
    if base is None:
        trained_on, quality, options = f"imported from {origin}", {}, dict(imported.options)
        provides, size, licence = imported.provides, imported.input_size, licence or "unknown"
    else:
        _check_family(base, imported, path)
        trained_on, quality, options = f"{base.trained_on}; with {origin}", base.quality, {**base.options, **imported.options}
        provides, size, licence = base.provides, base.input_size, licence or base.licence
    return save_backbone(
        folder, name=name, family=imported.family, files=imported.files, provides=provides, licence=licence, input_size=size,
        trained_on=trained_on, quality=quality, options=options,
    )  # fmt: skip


def name_of(path: Path) -> str:
    """Make a backbone's name of a file's.

    >>> name_of(Path("FFHQ 256.pkl"))
    'ffhq-256'
    """
    return re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-._") or "imported"


def _importer(host: Host, path: Path, format_: str | None) -> tuple[str, Importer]:
    if format_ is not None:
        return format_, target_class(host.find(format_, "importer"))()
    offers = host.of_role("importer")
    for offer in offers:
        importer: Any = target_class(offer)()
        if importer.recognises(path):
            return offer.card.id, importer
    known = ", ".join(offer.card.id for offer in offers) or "none, since no plugin offers one"
    raise BackboneUnusable(
        f"{path}: not recognised; formats are {known}",
        hint="`--as FORMAT` says what is missing of one" if offers else "`shiftlens plugins list` shows what is loaded",
    )


def _check_family(base: BackboneSpec, imported: ImportedBackbone, path: Path) -> None:
    if base.family != imported.family:
        raise UsageError(
            f"{path} is for backbones of the family {imported.family}, {quoted(base.name)} is of {base.family}",
            hint="name another backbone with --into",
        )
