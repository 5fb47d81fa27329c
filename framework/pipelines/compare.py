"""The whole of it in Python: ``compare`` and ``run``. The commands of the same names are sugar over these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from ...specs.errors import UsageError, quoted
from ...specs.nearest import nearest
from ...specs.pipeline import PipelineSpec
from ...specs.report import Report
from ...specs.yaml import read_yaml
from ..report.sections import Sections
from ..report.write import write_report
from ..running.engine import Engine
from ..running.planner import make_plan, pipeline_file
from ..running.session import Session, session
from ..running.store import Store, default_store
from ..running.workshop import Source, Workshop
from . import DEFAULT_SPACES, SPACES

Pipeline = PipelineSpec | Mapping[str, Any] | Path | str
COMPARED = {"development", "site"}


def compare(
    development: Source, site_images: Source, *, out: Path | str, pipeline: Pipeline | None = None,
    spaces: Sequence[str] = (), backbone: str | None = None, repair: str | None = None, alpha: float | None = None,
    site: str | None = None, language: str | None = None, seed: int | None = None, device: str | None = None,
) -> Report:  # fmt: skip
    """Compare two sets of images and write the report into ``out``.

    Args:
        development: a folder, a CSV list or ``scheme:place?option=value``; or an image set of your own.
        site_images: the other, in the same ways.
        out: the folder for ``report.html`` and what belongs to it.
        pipeline: another pipeline with the inputs ``development`` and ``site``.
        spaces: any of ``physical``, ``features``, ``style``, or ``all``; physical, which names causes, always takes part.
            Physical and features where nothing is said.
        backbone: the weights of the style space: a name, or the path of a backbone.
        repair: a translator, by the same: site images are repaired by it and compared again.
        alpha: level of significance; 0.05 unless a site says otherwise.
        site: the name of a site or the path of its file.
        language: ``en`` or ``ja``, in which the report opens.
        seed: of all random choices.
        device: where models run.

    Raises:
        ShiftlensError: with a code, the place and the next step.
    """
    data, where = comparison(pipeline, spaces, backbone, repair)
    options = compare_options(language=language, seed=seed, device=device, alpha=alpha, backbone=backbone, repair=repair)
    current = session(site, command_line=options)
    return carry_out(current, data, {"development": development, "site": site_images}, where=where, out=Path(out))


def run(
    pipeline: Pipeline, sources: Mapping[str, Source], *, out: Path | str, site: str | None = None,
    language: str | None = None, seed: int | None = None, device: str | None = None,
) -> Report:  # fmt: skip
    """Run a pipeline on sources, one for each of its inputs, and write its report into ``out``; see :func:`compare`."""
    data, where = pipeline_data(pipeline)
    current = session(site, command_line=compare_options(language=language, seed=seed, device=device))
    return carry_out(current, data, sources, where=where, out=Path(out))


def compare_options(
    *, alpha: float | None = None, network: bool = False, backbone: str | None = None, repair: str | None = None,
    **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Give what was really asked for, as the topmost layer of settings.

    ``backbone`` fills the slot of the style space, ``repair`` that of the translator.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    if network:
        given["network"] = True
    if alpha is not None:
        given["alpha"] = alpha
    slots = {"style": backbone, "translator": repair}
    if chosen := {slot: name for slot, name in slots.items() if name is not None}:
        given["backbones"] = chosen
    return given


def comparison(
    pipeline: Pipeline | None, spaces: Sequence[str] = (), backbone: str | None = None, repair: str | None = None
) -> tuple[dict[str, Any], str]:
    """Give the data of a pipeline that compares, the built-in one by default, and what to call it in messages.

    Args:
        pipeline: one of your own.
        spaces: those of the built-in one; physical and features where nothing is said.
        backbone: what was asked for to fill the slot of the style space.
        repair: what was asked for to fill the slot of the translator.

    Raises:
        UsageError: no such space, spaces or a repair for a pipeline of your own, or a backbone without the style space.
    """
    if pipeline is None:
        data = _built_in(spaces, backbone, repaired=repair is not None)
        return data, f"built-in pipeline {data['pipeline']}"
    if repair is not None:
        raise UsageError(
            "a pipeline of your own says itself what is repaired",
            hint="give it a step like `repaired: {use: translator, inputs: {images: site}, backbone: NAME}`, "
            "or leave out the pipeline",
        )
    if spaces:
        raise UsageError("a pipeline of your own has its spaces", hint="leave out --space, or leave out --pipeline")
    data, where = pipeline_data(pipeline)
    if set(data.get("inputs") or {}) != COMPARED:
        raise UsageError(
            f"{where}: compare needs a pipeline with the inputs development and site", hint="use `shiftlens run` for others"
        )
    return data, where


def _built_in(spaces: Sequence[str], backbone: str | None, *, repaired: bool) -> dict[str, Any]:
    if "all" in spaces:
        spaces = SPACES
    strange = [name for name in spaces if name not in SPACES]
    if strange:
        raise UsageError(f"no space {quoted(strange[0])} to compare in", hint=nearest(strange[0], SPACES))
    if backbone is not None and "style" not in spaces:
        raise UsageError(
            f"backbone {quoted(backbone)}: only the style space takes one here", hint="add --space style, spaces=[…] in Python"
        )
    whole: dict[str, Any] = {}
    chosen = [space for space in SPACES if space in {*(spaces or DEFAULT_SPACES), "physical"}]
    for name in [*chosen, *(f"repaired/{space}" for space in chosen if repaired)]:
        with as_file(files("shiftlens.framework.pipelines") / f"{name}.yaml") as file:
            part = read_yaml(file)
        whole = {**part, "steps": {**whole.get("steps", {}), **part["steps"]}}
    return whole


def pipeline_data(pipeline: Pipeline) -> tuple[dict[str, Any], str]:
    """Give the data of a pipeline, read from its file where it is one, and what to call it in messages."""
    if isinstance(pipeline, PipelineSpec):
        return pipeline.model_dump(mode="json", by_alias=True), f"pipeline {pipeline.pipeline}"
    if isinstance(pipeline, Mapping):
        return dict(pipeline), "pipeline"
    return pipeline_file(Path(pipeline)), str(pipeline)


def carry_out(
    current: Session, pipeline: Mapping[str, Any], sources: Mapping[str, Source], *,
    where: str, out: Path, store: Path | None = None, workers: int | None = None, quiet: bool = True,
) -> Report:  # fmt: skip
    """Plan, open the sources, run, and write the report: one way for Python and the command line.

    Raises:
        ShiftlensError: with a code, the place and the next step.
    """
    plan = make_plan(pipeline, current.host, current.layers, current.catalogue, where=where)
    layout = plan.spec.report.sections
    shop = Workshop.of(current, workers=workers, quiet=quiet)
    sections = Sections.load(current, layout)  # before any work: what cannot be shown must not cost a run
    kept = Store(store or default_store())
    outcome = Engine(shop, kept, out).run(plan, shop.opened(sources, plan.spec.inputs))
    report = write_report(outcome, out, sections, layout)
    shop.telling(out).announce("shiftlens_report_written", folder=out, report=report)
    kept.prune()
    return report
