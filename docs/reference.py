"""Writes ``docs/reference.md`` from the code: commands, settings, hooks, roles and errors.

``python docs/reference.py`` writes it; the tests hold the file against what this gives.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import click
from pydantic import BaseModel

from shiftlens.framework.cli.fit import Fitters, shared
from shiftlens.framework.cli.main import COMMANDS, cli
from shiftlens.framework.contract import hookspecs
from shiftlens.framework.contract.ports import CLASS_OF_ROLE, ports_of
from shiftlens.framework.host.host import discover
from shiftlens.specs import errors
from shiftlens.specs.settings import PluginPolicy, Prohibitions, Settings, SiteSpec

PLACE = Path(__file__).with_name("reference.md")


def commands() -> Iterator[str]:
    """Give one heading a command, with its arguments and options; those of the plugins that come along stand last."""
    context = click.Context(cli, info_name="shiftlens")
    own = [offer.card.id for offer in discover().of_role("command") if offer.distribution == "shiftlens"]
    for name in (*COMMANDS, *own):
        command = cli.get_command(context, name)
        assert command is not None
        yield from _command(command, f"shiftlens {name}")


def _command(command: click.Command, name: str) -> Iterator[str]:
    if isinstance(command, Fitters):  # its commands are those of the plugins that are installed
        yield from _command(click.command(help=command.help)(shared(lambda: None)), f"{name} FITTER")
        return
    if isinstance(command, click.Group):
        for child, inner in command.commands.items():
            yield from _command(inner, f"{name} {child}")
        return
    yield f"### `{name}`\n"
    yield " ".join((command.help or "").split()) + "\n"
    for option in command.params:
        if isinstance(option, click.Option):
            yield f"- `{', '.join(option.opts)}` {option.help or ''}".rstrip()
        else:
            yield f"- `{option.make_metavar(click.Context(command))}`"
    yield ""


def settings() -> Iterator[str]:
    """Give one heading a key of the settings, and those that only a site file has."""
    yield inspect.cleandoc(Settings.__doc__ or "") + "\n"
    yield from _keys(Settings, "")
    yield from _keys(PluginPolicy, "plugins.")
    yield from _keys(SiteSpec, "", " (site files only)", without=set(Settings.model_fields))
    yield from _keys(Prohibitions, "forbid.", " (site files only)")


def _keys(model: type[BaseModel], before: str, after: str = "", *, without: AbstractSet[str] = frozenset()) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name not in without:
            said = field.description or ""
            yield f"### `{before}{name}`{after}\n\n{said[:1].upper()}{said[1:]}.\n"


def hooks() -> Iterator[str]:
    """Give one heading a hook, with its arguments."""
    for kind in (hookspecs.Contributions, hookspecs.LifeCycle):
        for name, hook in vars(kind).items():
            if name.startswith("shiftlens_"):
                arguments = [a for a in inspect.signature(hook).parameters if a != "self"]
                yield f"### `{name}({', '.join(arguments)})`\n\n{inspect.cleandoc(hook.__doc__)}\n"


def roles() -> Iterator[str]:
    """Give one heading a role that may be a step, with its ports."""
    for role, kind in CLASS_OF_ROLE.items():
        ports = ports_of(role)
        given = ", ".join(f"{n}: {p.type.__name__}{' or nothing' if p.optional else ''}" for n, p in ports.inputs.items())
        yield f"### {role}\n\n`{kind.__name__}.{kind.method}({given})` gives `{ports.output.__name__}`.\n"
        yield f"{inspect.cleandoc(kind.__doc__ or '')}\n"


def error_codes() -> Iterator[str]:
    """Give one heading an error, with its exit code."""
    found = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.ShiftlensError)]
    for error in sorted(found, key=lambda e: e.code):
        if error is not errors.ShiftlensError:
            yield f"### {error.code} {error.__name__}\n\n{inspect.cleandoc(error.__doc__ or '')} Exit code {error.exit_code}.\n"


def reference() -> str:
    """Give the whole page."""
    parts = {"Commands": commands, "Settings": settings, "Hooks": hooks, "Roles": roles, "Errors": error_codes}
    head = "# Reference\n\nMade by `python docs/reference.py`; do not edit.\n"
    return head + "".join(f"\n## {title}\n\n" + "\n".join(part()).rstrip() + "\n" for title, part in parts.items())


if __name__ == "__main__":
    PLACE.write_text(reference(), encoding="utf-8")
