"""Backbones saved with their card: a folder with ``backbone.yaml`` and the weights beside it."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

from ..specs.backbone import BackboneSpec
from ..specs.errors import ShiftlensError, SpecError, UnknownName, quoted
from ..specs.yaml import parse_model, read_yaml

CARD = "backbone.yaml"


def user_folder() -> Path:
    """Give the folder of the user's backbones: ``SHIFTLENS_BACKBONES``, or ``backbones`` in the user's data folder."""
    named = os.environ.get("SHIFTLENS_BACKBONES")
    return Path(named) if named else user_data_path("shiftlens", appauthor=False) / "backbones"


def is_place(name: str) -> bool:
    """Say whether what stands for a backbone is a path, which has a slash or is a YAML file, and not a name.

    >>> is_place("../fits/plant2"), is_place("plant2")
    (True, False)
    """
    return "/" in name or "\\" in name or name in (".", "..", "~") or name.endswith((".yaml", ".yml"))


def placed(name: str, folder: Path) -> str:
    """Take a path below ``folder``; a name stays as it is."""
    return str((folder / Path(name).expanduser()).resolve()) if is_place(name) else name


def read_card(place: Path) -> BackboneSpec:
    """Read a card: of a folder with ``backbone.yaml``, or the YAML file itself. Its source is taken below it.

    Raises:
        UnknownName: there is none.
        SpecError: it does not hold.
    """
    path = place.expanduser()
    path = path / CARD if path.is_dir() else path
    if not path.is_file():
        raise UnknownName(f"no backbone at {quoted(str(place))}: {path} is not there", hint=f"give a folder with {CARD}")
    spec = parse_model(BackboneSpec, read_yaml(path), str(path))
    if spec.source.path is None:
        return spec
    inside = path.parent / Path(spec.source.path).expanduser()
    return spec.model_copy(update={"source": spec.source.model_copy(update={"path": str(inside.resolve())})})


def cards_in(folder: Path) -> tuple[dict[Path, BackboneSpec], dict[str, ShiftlensError]]:
    """Read the cards of the folders in ``folder``: those that hold by path, and the others' faults by the folder's name."""
    good: dict[Path, BackboneSpec] = {}
    bad: dict[str, ShiftlensError] = {}
    holder: dict[str, Path] = {}
    for path in sorted(folder.glob(f"*/{CARD}")):
        try:
            spec = read_card(path)
        except ShiftlensError as error:
            bad[path.parent.name] = error
            continue
        if spec.name in holder:
            bad[path.parent.name] = SpecError(str(path), [f"name: {holder[spec.name]} is called {spec.name!r}, too"])
            continue
        good[path], holder[spec.name] = spec, path
    return good, bad
