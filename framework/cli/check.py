"""``shiftlens check FILE``: all problems of a pipeline at once, without torch."""

from __future__ import annotations

from pathlib import Path

import click

from ..running.planner import make_plan, pipeline_file
from ..running.session import session
from .options import layered


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@layered
def check(file: Path, site: str | None, strict: bool) -> None:
    """Report everything that is wrong with the pipeline in FILE, or print its steps in order."""
    current = session(site, strict=strict)
    plan = make_plan(pipeline_file(file), current.host, current.layers, current.catalogue, where=str(file))
    for step in plan.steps:
        weights = f" on {', '.join(one.name for one in step.backbones.values())}" if step.backbones else ""
        sources = ", ".join(f"{port}={source}" for port, source in step.inputs.items())
        click.echo(f"{step.name}: {step.offer.card.id}@{step.offer.card.version}{weights} ({sources})")
    click.echo("ok")
