"""``fit``: sources and options in, a backbone out. The command of the same name is sugar over this."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from ...registry.catalogue import Catalogue
from ...registry.digests import sha256
from ...registry.saved import CARD, read_card
from ...specs.backbone import BackboneSpec
from ...specs.errors import ComponentFailed, InputUnusable, PromiseBroken, ShiftlensError, SpecError
from ...specs.nearest import nearest
from ...specs.yaml import problems_of
from ..contract.around import Fitter
from ..contract.component import Context
from ..contract.ports import Port, ports_of_fitter
from ..files.events import as_json
from ..files.lock import locked
from ..files.whole import write_text
from ..host.host import Offer
from ..host.targets import config_model, target_class
from ..running.faults import faults_named
from ..running.plan import PlannedStep
from ..running.session import Session, session
from ..running.slots import Slots
from ..running.tasks import made_component
from ..running.telling import Telling
from ..running.weights import Weights
from ..running.workshop import Source, Workshop
from ..values.images import ImageSet
from . import identity
from .config import BUDGET, FitConfig
from .place import LOCK, RECORD, fit_folder
from .ranks import first_process, own_device

DONE = "finished.json"


@dataclass(frozen=True)
class FitResult:
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
) -> FitResult:  # fmt: skip
    """Check everything at once, open the sources, train: one way for Python and the command line.

    Raises:
        ShiftlensError: with a code, the place and the next step.
    """
    step = _planned(current, fitter, sources, slots)
    kind = target_class(step.offer)
    ports = ports_of_fitter(kind, step.offer.whose)
    folder = fit_folder(name, out, current.catalogue)
    shop = Workshop.of(current, workers=workers, quiet=quiet)
    weights = shop.weights(step)
    first = first_process()
    with locked(folder, lock=LOCK, doing="training") if first else contextlib.nullcontext():
        sets = shop.opened(sources, sources)
        if empty := next((port for port, images in sets.items() if not len(images)), None):
            raise InputUnusable(f"{empty}: no images", hint="give a folder with some")
        work = _Work(step, sets, weights, shop.seed, folder)
        work.hold(write=first)
        if (card := work.finished(current.catalogue)) is not None:
            return FitResult(card, folder, before=True)
        telling = shop.telling(folder) if first else None
        context = replace(shop.context(step, weights, folder=folder), device=own_device(shop.device), progress=shop.progress)
        with shop.progress:
            shop.progress.step(folder.name)
            given = {port: sets.get(port) for port in ports}
            return FitResult(work.done(given, context, telling), folder, before=False)


def _planned(current: Session, fitter: str, sources: Mapping[str, Source], slots: Sequence[str]) -> PlannedStep:
    """Check the words of a training, all at once."""
    offer = current.host.find(fitter, "fitter")
    current.layers.check_component(fitter)
    ports = ports_of_fitter(target_class(offer), offer.whose)
    problems: list[str] = []
    config = _config(offer, current, problems)
    problems += _misplaced(ports, sources)
    known = [need.slot for need in offer.card.needs]
    problems += [f"backbones.{slot}: {fitter} has no such slot; {nearest(slot, known)}" for slot in slots if slot not in known]
    filler = Slots(current.host, current.layers, current.settings, current.catalogue)
    backbones = filler.fill(offer.card, problems, at=offer.card.id)
    if problems or config is None:
        raise SpecError(f"fit {fitter}", problems, hint=f"`shiftlens plugins info {offer.card.id}` lists the options")
    return PlannedStep("fit", offer, config, {port: port for port in sources}, backbones)


@dataclass(frozen=True)
class _Work:
    """One training: what it is about, and whether it is done."""

    step: PlannedStep
    sets: Mapping[str, ImageSet]
    weights: Weights
    seed: int
    folder: Path

    @property
    def config(self) -> FitConfig:
        """The options of the fitter."""
        return cast("FitConfig", self.step.config)

    def hold(self, *, write: bool) -> None:
        """Keep what this folder is about, or refuse it where it is about something else."""
        card = self.step.offer.card
        about = {
            "fitter": card.id, "version": card.version, "distribution": self.step.offer.distribution,
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

    def done(self, given: Mapping[str, ImageSet | None], context: Context, telling: Telling | None) -> BackboneSpec:
        """Train, and keep that it is done; only the process that tells writes."""
        offer = self.step.offer
        began = time.perf_counter()
        if telling is not None:
            telling.step_started("fit", offer.card.id)
        with telling.failures({"fit": offer.card.id}) if telling is not None else contextlib.nullcontext():
            with faults_named(offer, "fit"), made_component(self.step, self.weights, context) as component:
                made = cast("Fitter", component).fit(**given)
            if not isinstance(made, BackboneSpec):
                raise PromiseBroken(f"fit: {offer.whose} gave {type(made).__name__}, BackboneSpec was promised")
            if telling is None:
                return made
            if not (self.folder / CARD).is_file():
                raise ComponentFailed(f"fit: {offer.whose} left no {CARD} in {self.folder}", hint="report it to its authors")
        write_text(self.folder / DONE, as_json(self._end()))
        telling.step_finished("fit", offer.card.id, round(time.perf_counter() - began, 3), reused=False)
        return read_card(self.folder)


def _config(offer: Offer, current: Session, problems: list[str]) -> FitConfig | None:
    model = config_model(offer)
    if not issubclass(model, FitConfig):
        raise ComponentFailed(f"{offer.whose}: the config of a fitter is a FitConfig", hint="report it to its authors")
    options = current.options(offer)
    try:
        return model.model_validate(options.values)
    except ValidationError as error:
        problems += [options.said(problem) for problem in problems_of(error, model)]
    return None


def _misplaced(ports: Mapping[str, Port], sources: Mapping[str, Source]) -> list[str]:
    strange = [f"{port}: no such input; {nearest(port, ports)}" for port in sources if port not in ports]
    missing = [port for port, wanted in ports.items() if not wanted.optional and port not in sources]
    return strange + [f"{port}: no source of images is given" for port in missing]
