"""What ``compare`` and ``run`` share: saying what came of a run, and its exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..running.session import Session


def carried_out(
    current: Session, pipeline: dict[str, Any], sources: dict[str, str], *, where: str, out: Path, store: Path | None,
    workers: int, quiet: bool, as_json: bool, fail_on_shift: bool,
) -> int:  # fmt: skip
    """Run, say the verdict and where the report is, and give the exit code."""
    from ..pipelines.compare import carry_out

    report = carry_out(current, pipeline, sources, where=where, out=out, store=store, workers=workers, quiet=quiet)
    for warning in current.warnings():
        click.echo(warning, err=True)
    if as_json:
        click.echo((out / "report.json").read_text(encoding="utf-8"), nl=False)
    else:
        click.echo(report.verdict.headline.pick(current.settings.language or "en"))
        click.echo(str(out / "report.html"))
    return 1 if fail_on_shift and report.verdict.shift else 0


def parsed_sources(pairs: tuple[str, ...], wanted: Any) -> dict[str, str]:
    """Read ``name=source`` pairs and hold them against the pipeline's inputs.

    Raises:
        UsageError: a pair without ``=``, a name that the pipeline lacks, or one that is missing.
    """
    from ...specs.errors import UsageError, quoted
    from ...specs.nearest import nearest

    found: dict[str, str] = {}
    names = [str(name) for name in wanted] if isinstance(wanted, dict) else []
    for pair in pairs:
        name, equals, source = pair.partition("=")
        if not equals or not source:
            raise UsageError(f"-i {quoted(pair)} is not name=source", hint="-i development=FOLDER")
        if names and name not in names:
            raise UsageError(f"-i {quoted(pair)}: the pipeline has no input {quoted(name)}", hint=nearest(name, names))
        found[name] = source
    missing = [name for name in names if name not in found]
    if missing:
        raise UsageError(f"no source for the input {', '.join(map(repr, missing))}", hint=f"-i {missing[0]}=FOLDER")
    return found
