"""A finished run kept in its folder, and read again: for audits, dashboards, and reports made anew."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from ...specs.errors import InputUnusable, OutputUnusable, UsageError
from ..contract.ports import ports_of
from ..files.events import as_json
from ..files.whole import write_text
from ..values.images import ImageRef, ImageSet
from ..values.per_image import SetAside
from ..values.pictures import Picture, Unreadable
from .made import MadeImages, images_of
from .store import Store

if TYPE_CHECKING:
    from .outcome import RunOutcome

RECORD, VALUES, MANIFEST = "outcome.json", "values", "run.json"


@dataclass(frozen=True)
class Elsewhere:
    """The source of images that are not in the run's folder."""

    origin: str

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:  # noqa: ARG002  (there is none)
        """Refuse; see :class:`ImageSource`."""
        raise Unreadable(f"it lies in {self.origin or 'its source'}, which was not given: open the run with its sources")


def keep_outcome(outcome: RunOutcome, pieces: Mapping[str, Sequence[str]], store: Store, folder: Path) -> None:
    """Keep what :func:`open_outcome` reads: a record, and the values of all steps, which share their disk space with the store.

    Pictures that steps made stay in the store alone.

    Raises:
        OutputUnusable: the folder cannot be written.
    """
    own = Store(folder / VALUES)
    shutil.rmtree(own.folder, ignore_errors=True)
    for key in dict.fromkeys(key for keys in pieces.values() for key in keys):
        _shared(store.path(key), own.path(key))
    record = {
        "pipeline": outcome.pipeline,
        "language": outcome.language,
        "wiring": {step: dict(ports) for step, ports in outcome.wiring.items()},
        "steps": {step: {"role": outcome.roles[step], "pieces": list(keys)} for step, keys in pieces.items()},
        "order": list(outcome.values),
        "inputs": {name: _facts(images) for name, images in outcome.inputs.items()},
        "store": str(store.folder.resolve()),
    }
    write_text(folder / RECORD, as_json(record))


def open_outcome(folder: Path, sources: Mapping[str, ImageSet] | None = None) -> dict[str, Any]:
    """Read what :func:`keep_outcome` kept, as the fields of a :class:`RunOutcome`.

    Raises:
        UsageError: the folder holds no finished run.
        InputUnusable: a value is missing or damaged, or a source has other images than the run had.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no finished run: {error}", hint="give the folder of a report") from None
    own, made = Store(folder / VALUES), Store(Path(record["store"]))
    inputs = {name: _input(name, facts, (sources or {}).get(name)) for name, facts in record["inputs"].items()}
    values: dict[str, Any] = {}
    waiting = dict(record["steps"])
    while waiting:
        step = next(name for name in waiting if not set(record["wiring"][name].values()) & set(waiting))
        facts, ports = waiting.pop(step), record["wiring"][step]
        output = ports_of(facts["role"]).output
        is_images = output is ImageSet
        found = [_value(own, key, MadeImages if is_images else output, folder) for key in facts["pieces"]]
        if is_images:
            values[step] = images_of((inputs | values)[ports["images"]], found, made)
        else:
            values[step] = found[0] if len(found) == 1 else output.concatenate(found)  # type: ignore[attr-defined]
    return {
        "pipeline": record["pipeline"], "inputs": inputs, "values": {step: values[step] for step in record["order"]},
        "wiring": record["wiring"], "manifest": manifest, "language": record["language"],
        "roles": {step: facts["role"] for step, facts in record["steps"].items()},
    }  # fmt: skip


def _value(store: Store, key: str, kind: Any, folder: Path) -> Any:
    found = store.load(key, kind)
    if found is None:
        raise InputUnusable(f"{folder}: {store.path(key).name} is missing or damaged", hint="run again")
    return found


def _shared(kept: Path, place: Path) -> None:
    """Give a file a second name, or a copy where the two places cannot share it."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(kept, place)
        except OSError:
            shutil.copyfile(kept, place)
    except OSError as error:
        raise OutputUnusable(f"{place}: cannot be written: {error.strerror}", hint="free space there") from None


def _facts(images: ImageSet) -> dict[str, Any]:
    return {
        "name": images.name, "origin": images.origin, "note": images.note,
        "refs": [{**asdict(ref), "treatment": None} for ref in images.refs],
        "set_aside": [one.model_dump(mode="json") for one in images.set_aside],
    }  # fmt: skip


def _input(name: str, facts: Mapping[str, Any], given: ImageSet | None) -> ImageSet:
    refs = tuple(ImageRef(**ref) for ref in facts["refs"])
    aside = TypeAdapter(tuple[SetAside, ...]).validate_python(facts["set_aside"])
    images = ImageSet(facts["name"], refs, Elsewhere(facts["origin"]), aside, facts["origin"], facts["note"])
    if given is None:
        return images
    if given.digest() != images.digest():
        raise InputUnusable(f"{name}: these are not the images of the run", hint=f"it read {facts['origin']}")
    return given
