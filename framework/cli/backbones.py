"""``shiftlens backbones list|info|verify``."""

from __future__ import annotations

import json
from typing import Any

import click

from ...registry.catalogue import Catalogue
from ...registry.digests import verify as verify_files
from ...specs.backbone import BackboneSpec
from ...specs.errors import ForbiddenHere, ShiftlensError
from ..session import Session, session
from .options import layered


@click.group()
def backbones() -> None:
    """List and verify backbones."""


@backbones.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@layered
def list_(as_json: bool, site: str | None, strict: bool) -> None:
    """List every backbone that is known, and the slots that it fills here."""
    now = session(site, strict=strict)
    rows = [_facts(spec, now) for spec in now.catalogue]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("backbone", "family", "provides", "licence", "source", "fills"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "backbone")
    for row in rows:
        fills = "forbidden here" if row["forbidden"] else ", ".join(row["fills"])
        cells = (row["name"], row["family"], ", ".join(row["provides"]), row["licence"], _place(row["source"]), fills)
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
    held = [_verify(spec, now.catalogue, bool(now.settings.network)) for spec in specs]
    return 0 if all(held) else 1


def _verify(spec: BackboneSpec, catalogue: Catalogue, network: bool) -> bool:
    try:
        digests = verify_files(spec, catalogue.locate(spec, network=network))
    except ShiftlensError as error:
        click.echo(f"✖ {spec.name}: {error}")
        return False
    for file, digest in digests.items():
        click.echo(
            f"{'✓' if file in spec.files else '!'} {spec.name}: {file} {digest}{'' if file in spec.files else ' (not pinned)'}"
        )
    return True


def _facts(spec: BackboneSpec, now: Session) -> dict[str, Any]:
    return {
        "name": spec.name, "family": spec.family, "provides": sorted(spec.provides), "licence": spec.licence,
        "source": spec.source.model_dump(exclude_none=True),
        "fills": sorted(slot for slot, name in now.settings.backbones.items() if name == spec.name),
        "forbidden": _is_forbidden(spec.name, now),
    }  # fmt: skip


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


def _place(source: dict[str, str]) -> str:
    return ", ".join(f"{kind} {value}" for kind, value in source.items())
