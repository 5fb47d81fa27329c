"""``fit``: sources and options in, a backbone out. The command of the same name is sugar over this."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...registry.catalogue import Catalogue
from ...registry.digests import sha256
from ...registry.saved import CARD, read_card
from ...specs.backbone import BackboneSpec
from ...specs.errors import ComponentFailed, InputUnusable, ShiftlensError, SpecError
from ...specs.nearest import nearest
from ...specs.yaml import problems_of
from ..alone import alone
from ..files import write_text
from ..host import Offer
from ..images import ImageSet
from ..manifest import Events, as_json
from ..ports import Port, ports_of_fitter
from ..progress import ProgressLine
from ..roles import Context, Fitter
from ..session import Session, session
from ..slots import Slots
from ..sources import open_source
from ..targets import config_model, target_class
from ..weights import Weights
from . import identity
from .config import BUDGET, FitConfig
from .place import LOCK, RECORD, fit_folder
from .ranks import first_process, own_device

DONE = "finished.json"
Source = str | Path | ImageSet


@dataclass(frozen=True)
class Fitted:
    """A backbone, where it lies, and whether it was finished before."""

    backbone: BackboneSpec
    folder: Path
    before: bool


def fit(
    fitter: str, sources: Mapping[str, Source], *, name: str | None = None, out: Path | str | None = None,
    config: Mapping[str, Any] | None = None, backbones: Mapping[str, str] | None = None, site: str | None = None,
    seed: int | None = None, device: str | None = None, workers: int | None = None,
) -> BackboneSpec:  # fmt: skip
    """Train on images and give the backbone, saved in a folder of its own.

    Called again with the same words it goes on where it was, or gives what is finished.

    Args:
        fitter: its id.
        sources: one for each of its ports: folders, CSV lists, ``scheme:place?option=value``, or image sets of your own.
        name: the backbone's name; it goes to the user's folder and is known by that name from then on.
        out: a folder instead, whose last part is the name.
        config: its options, ``minutes``, ``steps`` and ``preset`` among them.
        backbones: name or path by slot, for fitters that need some themselves.
        site: the name of a site or the path of its file.
        seed: of all random choices.
        device: where models run.
        workers: threads that decode.

    Raises:
        ShiftlensError: with a code, the place and the next step.
    """
    options = fit_options(fitter, config=config, backbones=backbones, seed=seed, device=device)
    current = session(site, command_line=options)
    place = None if out is None else Path(out)
    done = carry_out(current, fitter, sources, name=name, out=place, slots=tuple(backbones or ()), workers=workers)
    return done.backbone


def fit_options(
    fitter: str, *, config: Mapping[str, Any] | None, backbones: Mapping[str, str] | None, **settings: Any
) -> dict[str, Any]:
    """Give what was really asked for, as the topmost layer of settings; a budget replaces the whole budget of lower ones."""
    given = {key: value for key, value in settings.items() if value is not None}
    if config:
        budget = dict.fromkeys(BUDGET) if any(key in config for key in BUDGET) else {}
        given["components"] = {fitter.partition("@")[0]: {**budget, **config}}
    return {**given, "backbones": dict(backbones)} if backbones else given


def carry_out(
    current: Session, fitter: str, sources: Mapping[str, Source], *, name: str | None, out: Path | None,
    slots: Sequence[str] = (), workers: int | None = None, quiet: bool = True,
) -> Fitted:  # fmt: skip
    """Check everything at once, open the sources, train: one way for Python and the command line.

    Raises:
        ShiftlensError: with a code, the place and the next step.
    """
    offer = current.host.find(fitter, "fitter")
    current.layers.check_component(fitter)
    kind = target_class(offer)
    ports = ports_of_fitter(kind, offer.whose)
    problems: list[str] = []
    config = _config(offer, current, problems)
    problems += _misplaced(ports, sources)
    known = [need.slot for need in offer.card.needs]
    problems += [f"backbones.{slot}: {fitter} has no such slot; {nearest(slot, known)}" for slot in slots if slot not in known]
    filler = Slots(current.host, current.layers, current.settings, current.catalogue)
    backbones = filler.fill(offer.card, problems, at=offer.card.id)
    if problems or config is None:
        raise SpecError(f"fit {fitter}", problems, hint=f"`shiftlens plugins info {offer.card.id}` lists the options")
    folder = fit_folder(name, out, current.catalogue)
    weights = Weights.verified(backbones, current.catalogue, network=bool(current.settings.network))
    progress = ProgressLine(quiet=quiet or not sys.stderr.isatty())
    threads = workers or os.cpu_count() or 1
    first = first_process()
    with alone(folder, lock=LOCK, doing="training") if first else contextlib.nullcontext():
        with progress:
            sets = _opened(sources, current, Context(workers=threads, progress=progress), progress)
        work = _Work(offer, config, sets, weights, current.settings.seed or 0, folder)
        work.hold(write=first)
        if (card := work.finished(current.catalogue)) is not None:
            return Fitted(card, folder, before=True)
        context = Context(
            device=own_device(current.settings.device or "cpu"), seed=work.seed, workers=threads, progress=progress,
            backbone_digest=weights.digest, folder=folder,
        )  # fmt: skip
        component = kind(config, backbone=weights.load(current.host, context), context=context)
        with progress:
            progress.step(folder.name)
            return Fitted(work.done(component, {port: sets.get(port) for port in ports}, write=first), folder, before=False)


@dataclass(frozen=True)
class _Work:
    """One training: what it is about, and whether it is done."""

    offer: Offer
    config: FitConfig
    sets: Mapping[str, ImageSet]
    weights: Weights
    seed: int
    folder: Path

    def hold(self, *, write: bool) -> None:
        """Keep what this folder is about, or refuse it where it is about something else."""
        about = {
            "fitter": self.offer.card.id, "version": self.offer.card.version, "distribution": self.offer.distribution,
            "config": self.config.identity(), "seed": self.seed, "backbones": dict(self.weights.digests),
            "images": {port: images.digest() for port, images in self.sets.items()},
        }  # fmt: skip
        identity.hold(self.folder / RECORD, about, write=write)

    def finished(self, catalogue: Catalogue) -> BackboneSpec | None:
        """Give the backbone if all of this budget is spent and nothing of it was lost or changed since."""
        try:
            if identity.read(self.folder / DONE) != self._end():
                return None
            card = read_card(self.folder)
            catalogue.verified(card)
        except ShiftlensError:
            return None
        return card

    def _end(self) -> dict[str, Any]:
        return {"budget": self.config.model_dump(mode="json", include=set(BUDGET)), "card": sha256(self.folder / CARD)}

    def done(self, component: Fitter, given: Mapping[str, ImageSet | None], *, write: bool) -> BackboneSpec:
        """Train, and keep that it is done."""
        try:
            with component:
                made = component.fit(**given)
        except ShiftlensError:
            raise
        except Exception as error:
            events = Events(self.folder / "events.jsonl")
            events.write("fit_failed", traceback=traceback.format_exc())
            full = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
            raise ComponentFailed(
                f"fit: {self.offer.whose} raised {type(error).__name__}: {error}",
                hint="--with batch=N takes less memory" if full else f"the traceback is in {events.path}",
            ) from error
        if not isinstance(made, BackboneSpec):
            raise ComponentFailed(f"fit: {self.offer.whose} gave {type(made).__name__}, BackboneSpec was promised")
        if not write:
            return made
        if not (self.folder / CARD).is_file():
            raise ComponentFailed(f"fit: {self.offer.whose} left no {CARD} in {self.folder}", hint="report it to its authors")
        write_text(self.folder / DONE, as_json(self._end()))
        return read_card(self.folder)


def _config(offer: Offer, current: Session, problems: list[str]) -> FitConfig | None:
    model = config_model(offer)
    if not issubclass(model, FitConfig):
        raise ComponentFailed(f"{offer.whose}: the config of a fitter is a FitConfig", hint="report it to its authors")
    try:
        return model.model_validate(current.settings.components.get(offer.card.id, {}))
    except ValidationError as error:
        problems += problems_of(error, model)
    return None


def _misplaced(ports: Mapping[str, Port], sources: Mapping[str, Source]) -> list[str]:
    strange = [f"{port}: no such input; {nearest(port, ports)}" for port in sources if port not in ports]
    missing = [port for port, wanted in ports.items() if not wanted.optional and port not in sources]
    return strange + [f"{port}: no source of images is given" for port in missing]


def _opened(sources: Mapping[str, Source], current: Session, context: Context, progress: ProgressLine) -> dict[str, ImageSet]:
    sets = {}
    for port, source in sources.items():
        progress.step(f"listing {port}")
        sets[port] = source if isinstance(source, ImageSet) else open_source(str(source), port, current.host, context)
        if not len(sets[port]):
            raise InputUnusable(f"{port}: no images", hint="give a folder with some")
    return sets
