"""Where a backbone is fitted: a folder of its own, that nobody else works in at the same time."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ...registry.catalogue import Catalogue
from ...registry.saved import user_folder
from ...specs.backbone import BackboneName
from ...specs.errors import OutputUnusable, UsageError, quoted

RECORD = "fit.json"
LOCK = "fit.lock"
_NAMED_LIKE = "name it with small letters, digits, dots and dashes, like plant-2"


def fit_folder(name: str | None, out: Path | None, catalogue: Catalogue) -> Path:
    """Give the folder of a backbone by its name, in the user's folder, or as it was said.

    Raises:
        UsageError: neither or both are given, the folder's last part is no name for a backbone, another backbone has that name,
            or the folder holds something else.
        OutputUnusable: it is a file.
    """
    if (name is None) == (out is None):
        raise UsageError("give either a name or a folder for the backbone", hint="--name plant-2, or -o fits/plant-2")
    own = name if name is not None else Path(str(out)).resolve().name
    try:
        TypeAdapter(BackboneName).validate_python(own)
    except ValidationError:
        where = "--name" if name is not None else f"-o {quoted(str(out))}: the folder's name"
        raise UsageError(f"{where} {quoted(own)} is no name for a backbone", hint=_NAMED_LIKE) from None
    if out is not None:
        return _ours(Path(out))
    folder = user_folder() / own
    known = {spec.name for spec in catalogue}
    if own in known and Path(catalogue.origin(own)).parent != folder:
        raise UsageError(f"--name {own}: there is another backbone of that name ({catalogue.origin(own)})", hint="take another")
    return _ours(folder)


def _ours(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise OutputUnusable(f"{folder} is a file", hint="give a folder")
    if folder.is_dir() and not (folder / RECORD).exists() and any(path.name != LOCK for path in folder.iterdir()):
        raise UsageError(f"{folder} holds something else than a training", hint="give a new folder")
    return folder
