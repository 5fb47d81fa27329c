"""``shiftlens sites list|show``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ...registry.layers import SITES_FOLDER, site_names, site_path
from ...specs.settings import SiteSpec
from ...specs.yaml import parse_model, read_yaml
from ..running.session import session


@click.group()
def sites() -> None:
    """List and show sites."""


@sites.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the site files in sites/ of the working folder."""
    names = site_names(Path())
    if as_json:
        click.echo(json.dumps(names, ensure_ascii=False))
        return
    if not names:
        click.echo(f"no site files in {SITES_FOLDER}/ of this folder")
    for name in names:
        spec = _read(name)
        click.echo(f"{name}  {spec.title or spec.site}")


@sites.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(name: str, as_json: bool) -> None:
    """Show the settings that hold at a site, where each comes from, and what the site forbids."""
    spec = _read(name)
    now = session(name)
    settings = now.settings.model_dump(mode="json", exclude_defaults=True)
    forbid = spec.forbid.model_dump(mode="json")
    if as_json:
        click.echo(
            json.dumps(
                {"site": spec.site, "title": spec.title, "settings": settings, "forbid": forbid}, indent=2, ensure_ascii=False
            )
        )
        return
    click.echo(f"{spec.site}  {spec.title}".rstrip())
    for key, value in settings.items():
        names = [f"{key}.{name}" for name in value] if isinstance(value, dict) else [key]
        for name in [f"{key}.{entry['name']}" for entry in value] if key == "catalogue" else names:
            label, one = now.layers.origin(name)[0]
            click.echo(f"  {name} = {json.dumps(one, ensure_ascii=False)}  ({label})")
    for key, value in forbid.items():
        if value:
            click.echo(f"  forbids {key}{'' if value is True else ': ' + ', '.join(value)}")


def _read(name: str) -> SiteSpec:
    path = site_path(name, Path())
    return parse_model(SiteSpec, read_yaml(path), str(path))
