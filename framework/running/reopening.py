"""A finished run kept in its folder, and read again: for audits, dashboards, and reports made anew."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import StringConstraints, ValidationError

from ...specs.base import Spec
from ...specs.errors import InputUnusable, OutputUnusable, PromiseBroken, UsageError
from ...specs.nearest import nearest
from ..contract.ports import CLASS_OF_ROLE, ports_of
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
Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class KeptRef(Spec):
    """One image of an input."""

    id: str
    digest: str
    group: str
    meta: dict[str, str]


class KeptInput(Spec):
    """One input, without pixels."""

    name: str
    origin: str
    note: str
    refs: tuple[KeptRef, ...]
    set_aside: tuple[SetAside, ...]


class KeptStep(Spec):
    """What a step gave: its role, and the keys of its pieces."""

    role: str
    pieces: tuple[Key, ...]


class Record(Spec):
    """``outcome.json``: what a run was, and where its values lie."""

    pipeline: str
    language: Literal["en", "ja"]
    wiring: dict[str, dict[str, str]]
    steps: dict[str, KeptStep]
    order: tuple[str, ...]
    inputs: dict[str, KeptInput]
    store: str


class Elsewhere:
    """The source of images that are not in the run's folder."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:  # noqa: ARG002  (there is none)
        """Refuse; see :class:`ImageSource`."""
        raise Unreadable(f"it lies in {self.origin or 'its source'}, which was not given: open the run with its sources")


def forget_outcome(folder: Path) -> None:
    """Take away what an earlier run kept in ``folder``, and nothing else: until the next one is done there is none."""
    try:
        earlier = _record(folder)
    except UsageError:
        return
    own = Store(folder / VALUES)
    for key in (key for step in earlier.steps.values() for key in step.pieces):
        with contextlib.suppress(OSError):
            own.path(key).unlink(missing_ok=True)
            own.path(key).parent.rmdir()  # only where it is empty
    with contextlib.suppress(OSError):
        (folder / RECORD).unlink(missing_ok=True)


def keep_outcome(outcome: RunOutcome, pieces: Mapping[str, Sequence[str]], store: Store, folder: Path) -> None:
    """Keep what :func:`open_outcome` reads: a record, and copies of the values of all steps.

    Pictures that steps made stay in the store alone.

    Raises:
        OutputUnusable: the folder cannot be written.
    """
    own = Store(folder / VALUES)
    for key in dict.fromkeys(key for keys in pieces.values() for key in keys):
        place = own.path(key)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(store.path(key), place)
        except OSError as error:
            raise OutputUnusable(f"{place}: cannot be written: {error.strerror}", hint="free space there") from None
    record = Record(
        pipeline=outcome.pipeline,
        language="ja" if outcome.language == "ja" else "en",
        wiring={step: dict(ports) for step, ports in outcome.wiring.items()},
        steps={step: KeptStep(role=outcome.roles[step], pieces=tuple(keys)) for step, keys in pieces.items()},
        order=tuple(outcome.values),
        inputs={name: _kept(images) for name, images in outcome.inputs.items()},
        store=str(store.folder.resolve()),
    )
    write_text(folder / RECORD, as_json(record.model_dump(mode="json")))


def open_outcome(folder: Path, sources: Mapping[str, ImageSet] | None = None) -> dict[str, Any]:
    """Read what :func:`keep_outcome` kept, as the fields of a :class:`RunOutcome`. Nothing is changed.

    Raises:
        UsageError: the folder holds no finished run, or a source has the name of no input.
        InputUnusable: a value is missing or damaged, or a source has other images than the run had.
    """
    record, manifest = _record(folder), _manifest(folder)
    for name in sources or {}:
        if name not in record.inputs:
            raise UsageError(f"{folder}: the run has no input {name!r}", hint=nearest(name, record.inputs))
    own, made = Store(folder / VALUES, read_only=True), Store(Path(record.store), read_only=True)
    inputs = {name: _input(name, facts, (sources or {}).get(name)) for name, facts in record.inputs.items()}
    values: dict[str, Any] = {}
    for step in _in_order(record, folder):
        facts, ports = record.steps[step], record.wiring[step]
        output = ports_of(facts.role).output
        is_images = output is ImageSet
        found = [_value(own, key, MadeImages if is_images else output, folder) for key in facts.pieces]
        try:
            if is_images:
                values[step] = images_of((inputs | values)[ports["images"]], found, made)
            else:
                values[step] = found[0] if len(found) == 1 else output.concatenate(found)  # type: ignore[attr-defined]
        except (KeyError, AttributeError, PromiseBroken) as error:
            raise InputUnusable(f"{folder}: what step {step!r} gave does not fit together: {error}") from None
    return {
        "pipeline": record.pipeline, "inputs": inputs, "values": {step: values[step] for step in record.order},
        "wiring": record.wiring, "manifest": manifest, "language": record.language,
        "roles": {step: facts.role for step, facts in record.steps.items()},
    }  # fmt: skip


def _record(folder: Path) -> Record:
    try:
        return Record.model_validate_json((folder / RECORD).read_bytes())
    except (OSError, ValidationError, RecursionError) as error:
        said = error.strerror if isinstance(error, OSError) else f"{RECORD} does not hold"
        raise UsageError(f"{folder} holds no finished run: {said}", hint="give the folder of a report") from None


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or "finished" not in found:
        raise UsageError(f"{folder} holds no finished run: {MANIFEST} does not say so", hint="give the folder of a report")
    return found


def _in_order(record: Record, folder: Path) -> list[str]:
    """Give the steps, each after those that feed it."""
    known, done = set(record.inputs), []
    whole = set(record.order) == set(record.steps) == set(record.wiring)
    waiting = [step for step, facts in record.steps.items() if whole and facts.role in CLASS_OF_ROLE and facts.pieces]
    while ready := [step for step in waiting if known.issuperset(record.wiring[step].values())]:
        done += ready
        known |= set(ready)
        waiting = [step for step in waiting if step not in ready]
    if len(done) != len(record.steps):
        raise UsageError(f"{folder} holds no finished run: its steps do not fit together", hint="give the folder of a report")
    return done


def _value(store: Store, key: str, kind: Any, folder: Path) -> Any:
    found = store.load(key, kind)
    if found is None:
        raise InputUnusable(f"{folder}: {store.path(key).name} is missing, damaged, or of another release", hint="run again")
    return found


def _kept(images: ImageSet) -> KeptInput:
    refs = tuple(KeptRef(**{name: one for name, one in asdict(ref).items() if name != "treatment"}) for ref in images.refs)
    return KeptInput(name=images.name, origin=images.origin, note=images.note, refs=refs, set_aside=images.set_aside)


def _input(name: str, facts: KeptInput, given: ImageSet | None) -> ImageSet:
    refs = tuple(ImageRef(**ref.model_dump()) for ref in facts.refs)
    images = ImageSet(facts.name, refs, Elsewhere(facts.origin), facts.set_aside, facts.origin, facts.note)
    if given is None:
        return images
    if given.digest() != images.digest():
        raise InputUnusable(f"{name}: these are not the images of the run", hint=f"it read {facts.origin}")
    return given
