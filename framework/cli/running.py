"""From a plan and sources to a report: what ``compare`` and ``run`` share."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..engine import Engine
from ..planner import make_plan
from ..progress import ProgressLine
from ..sources import open_source
from ..store import Store, default_store
from .session import Session

if TYPE_CHECKING:
    from ...specs.report import Report


def carry_out(
    current: Session,
    pipeline: Mapping[str, Any],
    sources: Mapping[str, str],
    *,
    where: str,
    out: Path,
    store: Path | None,
    workers: int,
    quiet: bool,
    as_json: bool,
    fail_on_shift: bool,
) -> int:
    """Run a pipeline on sources, write its report, say what came of it, and give the exit code."""
    from ..report.write import write_report

    settings = current.settings
    plan = make_plan(pipeline, current.host, current.layers, current.catalogue, where=where)
    inputs = {name: open_source(text, name, current.host, workers=workers) for name, text in sources.items()}
    kept = Store(store or default_store())
    quiet = quiet or not sys.stderr.isatty()
    engine = Engine(
        current.host,
        current.catalogue,
        kept,
        out,
        device=settings.device or "cpu",
        seed=settings.seed or 0,
        workers=workers,
        network=bool(settings.network),
        progress=ProgressLine(quiet=quiet),
    )
    resolved = settings.model_dump(mode="json", exclude_none=True)
    outcome = engine.run(plan, inputs, resolved, language=settings.language or "en")
    sections = current.sections(plan.spec.report.sections)
    report = write_report(outcome, out, sections, plan.spec.report.sections)
    kept.prune()
    _tell(report, current, out, settings.language or "en", as_json=as_json)
    return 1 if fail_on_shift and report.verdict.shift else 0


def _tell(report: Report, current: Session, out: Path, language: str, *, as_json: bool) -> None:
    for plugin in current.host.reports:
        if plugin.state == "failed":
            click.echo(f"set aside: plugin {plugin.name!r} of {plugin.distribution} {plugin.version}: {plugin.error}", err=True)
    if as_json:
        click.echo((out / "report.json").read_text(encoding="utf-8"), nl=False)
        return
    click.echo(report.verdict.headline.pick(language))
    click.echo(str(out / "report.html"))


def parsed_sources(pairs: tuple[str, ...], wanted: Any) -> dict[str, str]:
    """Read ``name=source`` pairs and hold them against the pipeline's inputs.

    Raises:
        UsageError: a pair without ``=``, a name that the pipeline lacks, or one that is missing.
    """
    from ...specs.errors import UsageError, quoted
    from ...specs.nearest import nearest

    found: dict[str, str] = {}
    names = list(wanted) if isinstance(wanted, Mapping) else []
    for pair in pairs:
        name, equals, source = pair.partition("=")
        if not equals or not source:
            raise UsageError(f"-i {quoted(pair)} is not name=source", hint="-i development=FOLDER")
        if name not in names:
            raise UsageError(f"-i {quoted(pair)}: the pipeline has no input {quoted(name)}", hint=nearest(name, names))
        found[name] = source
    missing = [name for name in names if name not in found]
    if missing:
        raise UsageError(f"no source for the input {', '.join(map(repr, missing))}", hint=f"-i {missing[0]}=FOLDER")
    return found
