"""``shiftlens explain KEY``: where a setting comes from."""

from __future__ import annotations

import json

import click

from ..running.session import session
from .options import layered


@click.command()
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@layered
def explain(key: str, as_json: bool, site: str | None, strict: bool) -> None:
    """Say which layer sets KEY, like backbones.features, and which values that overrides."""
    found = session(site, strict=strict).layers.origin(key)
    if as_json:
        click.echo(json.dumps([{"layer": label, "value": value} for label, value in found], indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo(f"{key}: no layer sets it")
    for number, (label, value) in enumerate(found):
        said = json.dumps(value, ensure_ascii=False)
        click.echo(f"{key} = {said}  from {label}" if number == 0 else f"  overrides {said}  from {label}")
