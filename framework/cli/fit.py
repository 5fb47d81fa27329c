"""``shiftlens fit FITTER``: train on images, and a backbone comes out. Its commands are the fitters that plugins offer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...specs.errors import ComponentFailed, UnknownName, quoted
from ...specs.nearest import nearest
from .options import SITE, layered, working
from .pairs import budget_of, named_values, nested_values

if TYPE_CHECKING:
    from ..fitting.run import FitResult
    from ..host.host import Host, Offer


def shared(function: Any) -> Any:
    """Add the options that the commands of all fitters have."""
    for option in reversed((
        click.option("--name", metavar="NAME", help="Name of the backbone, which then may be used by it."),
        click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder for it instead, named like the backbone."),
        click.option("--budget", multiple=True, metavar="BUDGET", help="30m, 2h or 500steps; of two, the first reached ends."),
        click.option("--with", "options", multiple=True, metavar="KEY=VALUE", help="An option of the fitter; inner.key too."),
        click.option("--backbone", "backbones", multiple=True, metavar="SLOT=NAME", help="A backbone that it needs itself."),
        working,
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    )):  # fmt: skip
        function = option(function)
    return layered(function)


class Fitters(click.Group):
    """The fitters that plugins offer; a fitter is imported when its own command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give their ids."""
        return [offer.card.id for offer in _offers(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of one."""
        offers = {offer.card.id: offer for offer in _offers(ctx)}
        if cmd_name not in offers:
            raise UnknownName(f"no fitter {quoted(cmd_name)} is enabled", hint=nearest(cmd_name, offers))
        return _command(offers[cmd_name])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without importing one."""
        if rows := [(offer.card.id, offer.card.title) for offer in _offers(ctx)]:
            with formatter.section("Fitters"):
                formatter.write_dl(rows)


@click.group(cls=Fitters, subcommand_metavar="FITTER --PORT SOURCE [OPTIONS]")
def fit() -> None:
    """Train on images and save a backbone, which pipelines and sites then use by its name.

    Each fitter has one option for each of its sources of images. Run again, the same command goes on where it was.
    """


def _offers(ctx: click.Context) -> list[Offer]:
    from ..running.session import allowed_plugins

    return allowed_plugins(ctx.meta.get(SITE)).of_role("fitter")


def _command(offer: Offer) -> click.Command:
    from ..contract.ports import ports_of_fitter
    from ..host.targets import config_model, target_class

    ports = ports_of_fitter(target_class(offer), offer.whose)
    fields = config_model(offer).model_fields

    @shared
    def run(**given: Any) -> None:
        _run(offer.card.id, {port: given.pop(f"port_{port}") for port in ports}, **given)

    command = click.command(offer.card.id, help=f"{offer.card.title}.")(run)
    taken = {name for option in command.params for name in option.opts}
    for place, (port, wanted) in enumerate(ports.items()):
        words = f"--{port.replace('_', '-')}"
        if words in taken:
            raise ComponentFailed(
                f"{offer.whose}: its input {port!r} has the name of an option", hint="report it to its authors"
            )
        text = "Source of images: a folder, a CSV list, or scheme:place." + (" May be left out." if wanted.optional else "")
        option = click.Option([words, f"port_{port}"], metavar="SRC", required=not wanted.optional, help=text)
        command.params.insert(place, option)
    if "preset" in fields:
        about = fields["preset"].description or "values for where it runs"
        option = click.Option(["--preset"], metavar="NAME", help=f"{about[:1].upper()}{about[1:]}.")
        command.params.insert(len(ports), option)
    return command


def _run(
    fitter: str, sources: dict[str, str | None], *, name: str | None, out: Path | None, budget: tuple[str, ...],
    options: tuple[str, ...], backbones: tuple[str, ...], seed: int | None, device: str | None, workers: int, quiet: bool,
    as_json: bool, site: str | None, strict: bool, preset: str | None = None,
) -> None:  # fmt: skip
    from ..fitting.ranks import first_process
    from ..fitting.run import carry_out, fit_options
    from ..running.session import session
    from .telling import told

    config = nested_values(options) if preset is None else nested_values((*options, f"preset={json.dumps(preset)}"))
    config |= budget_of(budget, config)
    slots = named_values(backbones, "--backbone", "SLOT=NAME")
    layer = fit_options(fitter, config=config, backbones=slots, seed=seed, device=device)
    current = session(site, strict=strict, command_line=layer)
    given: dict[str, Any] = {port: source for port, source in sources.items() if source is not None}
    if not first_process():
        carry_out(current, fitter, given, name=name, out=out, slots=tuple(slots), workers=workers)
        return
    for warning in current.warnings():
        click.echo(warning, err=True)
    with told(quiet=quiet):
        done = carry_out(current, fitter, given, name=name, out=out, slots=tuple(slots), workers=workers, quiet=quiet)
    _say(done, out, _slots(current.host, done), as_json=as_json)


def _slots(host: Host, done: FitResult) -> list[str]:
    """Give the slots that a backbone could fill."""
    provides = done.backbone.provides
    return sorted({need.slot for offer in host.offers for need in offer.card.needs if need.protocol in provides})


def _say(done: FitResult, out: Path | None, slots: list[str], *, as_json: bool) -> None:
    from ...registry.saved import is_place

    spec = done.backbone
    if as_json:
        facts = {"folder": str(done.folder), "finished_before": done.before, **spec.model_dump(mode="json")}
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    if done.before:
        click.echo(f"{spec.name} is finished: this budget is spent; a larger --budget goes on from here")
    click.echo(f"{spec.name}: {', '.join(sorted(spec.provides))}\n  in {done.folder}")
    for figure, value in spec.quality.items():
        click.echo(f"  {figure}: {value:.4g}")
    called = spec.name if out is None else str(out) if is_place(str(out)) else f"./{out}"
    if "style" in slots:
        click.echo(f"use it: shiftlens compare DEV SITE --space style --backbone {called} -o REPORT")
    for slot in slots:
        click.echo(f"as the backbone of a site: backbones: {{{slot}: {called}}}")
