"""``shiftlens backbones list|info|verify``."""

from __future__ import annotations

import json
from typing import Any

import click

from ...registry.catalogue import locate
from ...registry.digests import verify as verify_files
from ...registry.saved import is_place
from ...specs.backbone import BackboneSpec
from ...specs.errors import ForbiddenHere, ShiftlensError
from ..running.session import Session, session
from .import_ import import_
from .options import layered


@click.group()
def backbones() -> None:
    """List and verify backbones, and import those of other programs."""


backbones.add_command(import_)


@backbones.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@layered
def list_(as_json: bool, site: str | None, strict: bool) -> None:
    """List every backbone that is known, and the slots that it fills here; `info` shows the rest."""
    now = session(site, strict=strict)
    chosen, faults = _chosen(now)
    for name, error in (now.catalogue.set_aside | faults).items():
        click.echo(f"set aside: backbone {name!r}: {error}", err=True)
    named = list(now.catalogue)
    rows = [_facts(spec, now) for spec in [*named, *(spec for spec in chosen.values() if spec not in named)]]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("backbone", "family", "provides", "licence", "from", "fills"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "backbone")
    for row in rows:
        fills = "forbidden here" if row["forbidden"] else ", ".join(row["fills"])
        cells = (row["name"], row["family"], ", ".join(row["provides"]), row["licence"], row["from"], fills)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


@backbones.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@layered
def info(name: str, as_json: bool, site: str | None, strict: bool) -> None:
    """Show everything about one backbone, and where its files lie."""
    now = session(site, strict=strict)
    spec = now.catalogue.get(name)
    facts = {**spec.model_dump(mode="json"), **_facts(spec, now), **_found(spec, now)}
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for key, value in facts.items():
        if value not in (None, "", [], {}, False):
            click.echo(f"{key}: {json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value}")


@backbones.command()
@click.argument("names", nargs=-1)
@layered
def verify(names: tuple[str, ...], site: str | None, strict: bool) -> int:
    """Compare files with their pinned sha256; all backbones where no name is given. Ends with 1 where one does not hold."""
    now = session(site, strict=strict)
    specs = [now.catalogue.get(name) for name in names] if names else list(now.catalogue)
    held = [_verify(spec, bool(now.settings.network)) for spec in specs]
    return 0 if all(held) else 1


def _verify(spec: BackboneSpec, network: bool) -> bool:
    try:
        digests = verify_files(spec, locate(spec, network=network))
    except ShiftlensError as error:
        click.echo(f"✖ {spec.name}: {error}")
        return False
    for file, digest in digests.items():
        click.echo(
            f"{'✓' if file in spec.files else '!'} {spec.name}: {file} {digest}{'' if file in spec.files else ' (not pinned)'}"
        )
    return True


def _chosen(now: Session) -> tuple[dict[str, BackboneSpec], dict[str, ShiftlensError]]:
    """Give what fills each slot, and by name what cannot."""
    found, faults = {}, {}
    for slot, name in now.settings.backbones.items():
        try:
            found[slot] = now.catalogue.get(name)
        except ShiftlensError as error:
            faults[name] = error
    return found, faults


def _facts(spec: BackboneSpec, now: Session) -> dict[str, Any]:
    return {
        "name": spec.name, "family": spec.family, "provides": sorted(spec.provides), "licence": spec.licence,
        "source": spec.source.model_dump(exclude_none=True),
        "from": _origin(spec, now), "quality": spec.quality,
        "fills": sorted(slot for slot, one in _chosen(now)[0].items() if one == spec),
        "forbidden": _is_forbidden(spec.name, now),
    }  # fmt: skip


def _origin(spec: BackboneSpec, now: Session) -> str:
    """Say who makes a backbone known: a plugin, the user's folder, a layer of the settings, or a path in them."""
    if spec not in list(now.catalogue):
        return "path"
    origin = now.catalogue.origin(spec.name)
    if origin == "settings":
        return now.layers.origin(f"catalogue.{spec.name}")[0][0]
    return "user's folder" if is_place(origin) else origin


def _is_forbidden(name: str, now: Session) -> bool:
    try:
        now.layers.check_backbone(name)
    except ForbiddenHere:
        return True
    return False


def _found(spec: BackboneSpec, now: Session) -> dict[str, Any]:
    try:
        files, digest = now.catalogue.verified(spec, network=bool(now.settings.network))
    except ShiftlensError as error:
        return {"problem": str(error)}
    return {"found": {name: str(path) for name, path in files.items()}, "digest": digest}
