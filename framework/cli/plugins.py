"""``shiftlens plugins list|info``."""

from __future__ import annotations

import json
from typing import Any

import click

from ...specs.errors import UnknownName, quoted
from ...specs.nearest import nearest
from ..host.host import Host, Offer, PluginReport
from ..host.targets import config_model
from ..running.session import session
from .options import layered


@click.group()
def plugins() -> None:
    """List plugins and what they offer."""


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@layered
def list_(as_json: bool, site: str | None, strict: bool) -> None:
    """List every plugin, whether it is loaded, and the ids that it offers."""
    host = session(site, strict=strict).host
    if as_json:
        click.echo(json.dumps([_facts(report, host) for report in host.reports], indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("plugin", "distribution", "state", "offers", "s"):
        table.add_column(heading, overflow="fold")
    for report in host.reports:
        what = report.error or ", ".join(f"{o.card.id} ({o.role})" for o in _offers(report, host))
        cells = (report.name, f"{report.distribution} {report.version}", report.state, what, f"{report.seconds:.2f}")
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


@plugins.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@layered
def info(name: str, as_json: bool, site: str | None, strict: bool) -> None:
    """Show a component by id, or a plugin by its distribution: version, needs, options."""
    host = session(site, strict=strict).host
    facts = [_offer_facts(o) for o in host.offers if name in (o.card.id, o.distribution)]
    failed = [_facts(r, host) for r in host.reports if r.state != "loaded" and name in (r.name, r.distribution)]
    if not facts and not failed:
        known = {o.card.id for o in host.offers} | {r.distribution for r in host.reports}
        raise UnknownName(f"no component or plugin {quoted(name)}", hint=nearest(name, known))
    if as_json:
        click.echo(json.dumps(facts + failed, indent=2, ensure_ascii=False))
        return
    for fact in facts:
        click.echo(f"{fact['id']}@{fact['version']}  {fact['role']}  {fact['title']}\n  from {fact['distribution']}")
        for need in fact["needs"]:
            click.echo(f"  needs a backbone in the slot {need['slot']} that provides {need['protocol']}")
        for option, about in fact["options"].items():
            click.echo(f"  {option} = {about.get('default')!r}  {about.get('description', '')}")
    for plugin in failed:
        click.echo(f"{plugin['plugin']} of {plugin['distribution']}: {plugin['state']} {plugin['error']}")


def _offers(report: PluginReport, host: Host) -> list[Offer]:
    return [o for o in host.offers if (o.distribution, o.plugin) == (report.distribution, report.name)]


def _facts(report: PluginReport, host: Host) -> dict[str, Any]:
    return {
        "plugin": report.name, "distribution": report.distribution, "version": report.version, "state": report.state,
        "hooks": list(report.hooks), "offers": [f"{o.card.id}@{o.card.version}" for o in _offers(report, host)],
        "error": report.error, "seconds": round(report.seconds, 4),
    }  # fmt: skip


def _offer_facts(offer: Offer) -> dict[str, Any]:
    card = offer.card
    options = config_model(offer).model_json_schema().get("properties", {})
    return {
        "id": card.id, "version": card.version, "role": offer.role, "title": card.title,
        "distribution": f"{offer.distribution} {offer.version}",
        "needs": [need.model_dump() for need in card.needs], "provides": sorted(card.provides), "options": options,
    }  # fmt: skip
