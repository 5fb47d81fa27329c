"""``translate``: images and a translator in, a folder of repaired images out. The command of that name is sugar over this."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...specs.errors import SpecError, UsageError, quoted
from ..files.lock import locked
from ..running.plan import Plan
from ..running.planner import make_plan
from ..running.session import Session, session
from ..running.workshop import Source, Workshop
from ..values.images import ImageSet
from .ledger import LOCK, PIPELINE, refuse_inside, written_before
from .table import TranslationReport
from .work import Translation

USE = "translator"


def translate(
    images: Source, *, out: Path | str, backbone: str | None = None, method: str | None = None,
    options: Mapping[str, Any] | None = None, use: str = USE, site: str | None = None, seed: int | None = None,
    device: str | None = None, workers: int | None = None,
) -> TranslationReport:  # fmt: skip
    """Repair images and write each into ``out``, under its own name, as PNG.

    Called again with the same words it goes on where it was; what is there and whole is not made again.

    Args:
        images: a folder, a CSV list or ``scheme:place?option=value``; or an image set of your own.
        out: the folder for the images, ``translated.csv`` and ``run.json``.
        backbone: name or path of the translator's weights; those that a site chooses where nothing is said.
        method: the way to repair, an option of the translator.
        options: its other options.
        use: the component that translates.
        site: the name of a site or the path of its file.
        seed: of all random choices.
        device: where models run.
        workers: threads that decode, repair and write.

    Raises:
        ShiftlensError: with a code, the place and the next step.
    """
    given = translate_options(use, method=method, options=options, seed=seed, device=device)
    return carry_out(session(site, command_line=given), images, backbone=backbone, use=use, out=Path(out), workers=workers)


def translate_options(use: str, *, method: str | None, options: Mapping[str, Any] | None, **settings: Any) -> dict[str, Any]:
    """Give what was really asked for, as the topmost layer of settings.

    Raises:
        UsageError: the method is given twice.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    config = dict(options or {})
    if method is not None:
        if "method" in config:
            raise UsageError(f"method {quoted(method)}: the options have one, too", hint="give it once")
        config["method"] = method
    return {**given, "components": {use.partition("@")[0]: config}} if config else given


def carry_out(
    current: Session, source: Source, *, backbone: str | None, use: str, out: Path, workers: int | None = None,
    quiet: bool = True,
) -> TranslationReport:  # fmt: skip
    """Check everything, open the source, translate and write: one way for Python and the command line.

    Raises:
        ShiftlensError: with a code, the place and the next step.
    """
    plan = _plan(current, use, backbone)
    if not isinstance(source, ImageSet):
        refuse_inside(out, str(source))
    written_before(out)  # whatever speaks against the folder is said before anything is listed or written
    shop = Workshop.of(current, workers=workers, quiet=quiet)
    weights = shop.weights(plan.steps[0])
    images = shop.opened({"images": source}, ["images"])["images"]
    with locked(out, lock=LOCK, doing="writing"), shop.progress:
        return Translation(shop, plan, weights, images, out).done()


def _plan(current: Session, use: str, backbone: str | None) -> Plan:
    step = {"use": use, "inputs": {"images": "images"}, **({"backbone": backbone} if backbone else {})}
    spec = {"pipeline": PIPELINE, "inputs": {"images": "images"}, "steps": {PIPELINE: step}}
    try:
        plan = make_plan(spec, current.host, current.layers, current.catalogue)
    except SpecError as error:  # said of the words that were given, not of a pipeline that nobody wrote
        said = [problem.removeprefix(f"steps.{PIPELINE}").removeprefix(".").removeprefix("with.") for problem in error.problems]
        hint = f"--with takes a backbone of `shiftlens backbones list`; `shiftlens plugins info {use}` lists the options"
        raise SpecError(PIPELINE, [one.removeprefix(": ") for one in said], hint=hint) from None
    if (role := plan.steps[0].offer.role) != "translator":
        raise UsageError(f"{quoted(use)} is no translator but of the role {role}", hint="`shiftlens plugins list` shows all")
    return plan
