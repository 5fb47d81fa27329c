"""``shiftlens explain KEY``: where a setting comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ...specs.errors import UnknownName, quoted
from ...specs.nearest import nearest
from ..running.planner import pipeline_file
from ..running.session import Session, session
from .options import layered


@click.command()
@click.argument("key")
@click.option("--pipeline", type=click.Path(path_type=Path), help="A pipeline file; KEY is then STEP or STEP.OPTION of it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@layered
def explain(key: str, pipeline: Path | None, as_json: bool, site: str | None, strict: bool) -> None:
    """Say which layer sets KEY, like backbones.features, and which values that overrides."""
    current = session(site, strict=strict)
    if pipeline is not None:
        _options(current, pipeline, key, as_json=as_json)
        return
    found = current.layers.origin(key)
    if as_json:
        click.echo(json.dumps([{"layer": label, "value": value} for label, value in found], indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo(f"{key}: no layer sets it")
    for number, (label, value) in enumerate(found):
        said = json.dumps(value, ensure_ascii=False)
        click.echo(f"{key} = {said}  from {label}" if number == 0 else f"  overrides {said}  from {label}")


def _options(current: Session, pipeline: Path, key: str, *, as_json: bool) -> None:
    """Say of the options of a step, or of one of them, what each is and which layer set it."""
    steps = pipeline_file(pipeline).get("steps") or {}
    name, _, wanted = key.partition(".")
    if name not in steps:
        raise UnknownName(f"{pipeline} has no step {quoted(name)}", hint=nearest(name, steps))
    offer = current.host.find(str(steps[name].get("use", "")))
    options = current.options(offer, steps[name].get("with") or {})
    found = {
        option: {"value": _at(options.values, option), "layer": label}
        for option, label in options.origins.items()
        if option == wanted or not wanted or option.startswith(f"{wanted}.")
    }
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo(f"{key}: no layer sets it; the default of {offer.card.id} holds")
    for option, said in found.items():
        click.echo(f"{name}.{option} = {json.dumps(said['value'], ensure_ascii=False)}  from {said['layer']}")


def _at(values: Mapping[str, Any], key: str) -> Any:
    found: Any = values
    for part in key.split("."):
        found = found[part]
    return found
