"""``shiftlens``: the command line. Commands are imported when they are used, so ``--help`` is quick."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from .options import SITE, site_in

if TYPE_CHECKING:
    from ..host.host import Offer

COMMANDS = {
    "compare": ("compare", "Compare two sets of images and write a report."),
    "run": ("run", "Run a pipeline file."),
    "fit": ("fit", "Train on images and save a backbone."),
    "translate": ("translate", "Repair images and write them into a folder."),
    "check": ("check", "Report everything that is wrong with a pipeline file."),
    "schema": ("schema", "Print the JSON Schema of a file format."),
    "plugins": ("plugins", "List plugins and what they offer."),
    "backbones": ("backbones", "List and verify backbones."),
    "sites": ("sites", "List and show sites."),
    "explain": ("explain", "Say where a setting comes from."),
}


class LazyCommands(click.Group):
    """Built-in commands by a table, commands of plugins by asking them when a word is not in it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Give the built-in commands in the order that people need them, then those of plugins."""
        return [*COMMANDS, *(offer.card.id for offer in _offers())]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Remember the site that the words name: which plugins have commands depends on it."""
        ctx.meta[SITE] = site_in(args)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name in COMMANDS:
            module = import_module(f".{COMMANDS[cmd_name][0]}", __package__)
            command: click.Command = getattr(module, cmd_name)
            return command
        return _of_a_plugin(cmd_name, ctx.meta.get(SITE))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the built-in commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])  # asking plugins would import pydantic


def _offers(site: str | None = None) -> list[Offer]:
    from ..running.session import allowed_plugins

    return allowed_plugins(site).of_role("command")


def _of_a_plugin(name: str, site: str | None) -> click.Command | None:
    from ..host.targets import target_class

    offers = [offer for offer in _offers(site) if offer.card.id == name]
    command: click.Command | None = target_class(offers[0]) if offers else None
    return command


@click.group(cls=LazyCommands, epilog="Plugins add commands, such as bench: `shiftlens plugins list`.")
@click.version_option(package_name="shiftlens", message="%(prog)s %(version)s")
def cli() -> None:
    """Say which attributes differ between two folders of unlabelled images, where, and what to do."""


def main() -> None:
    """Run the command line; errors of ours become one message on standard error and their exit code."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        _leave("interrupted; run the same command again to go on where it was", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:  # whoever read us has read enough
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  (lives until the process ends)
        sys.exit(0)
    except Exception as error:  # noqa: BLE001  (the last place where a fault can be named)
        _leave_with(error)
    sys.exit(code if isinstance(code, int) else 0)


def _leave_with(error: Exception) -> Any:
    from ...specs.errors import ShiftlensError

    if isinstance(error, ShiftlensError):
        _leave(str(error), error.exit_code)
    import traceback

    traceback.print_exception(error)
    _leave(
        f"{ShiftlensError.code} a fault of shiftlens itself: {type(error).__name__}\n  next: report it with the lines above", 4
    )


def _leave(message: str, code: int) -> Any:
    click.echo(message.encode("utf-8", "backslashreplace").decode(), err=True)
    sys.exit(code)
