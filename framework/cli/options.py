"""Options that several commands share, spelled the same everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
SITE = "shiftlens.site"
"""Where a context remembers the site."""
LANGUAGES = click.Choice(["en", "ja"])


def site_in(words: Sequence[str]) -> str | None:
    """Give the site that words of a command line name, before any command has read them.

    >>> site_in(["fit", "joint", "--site", "osaka"]), site_in(["check", "--site=kobe"]), site_in(["run", "f.yaml"])
    ('osaka', 'kobe', None)
    """
    for word, following in zip(words, [*words[1:], None], strict=True):
        if word == "--site":
            return following
        if word.startswith("--site="):
            return word.removeprefix("--site=")
    return None


def layered(function: F) -> F:
    """Add ``--site`` and ``--strict``: which layers and plugins count."""
    function = click.option("--strict", is_flag=True, help="A plugin that fails ends the run.")(function)
    return click.option("--site", metavar="NAME", help="Use sites/NAME.yaml, or a site file.")(function)


def working(function: F) -> F:
    """Add the options of everything that works on images: ``seed``, ``device``, ``workers``, ``quiet``."""
    for option in reversed((
        click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Seed of all random choices."),
        click.option("--device", metavar="NAME", help="cpu, cuda, cuda:1 …"),
        click.option("--workers", type=click.IntRange(1, 64), default=os.cpu_count() or 1, help="Threads that work."),
        click.option("--quiet", is_flag=True, help="No progress on the terminal."),
    )):  # fmt: skip
        function = option(function)
    return function


def running(function: F) -> F:
    """Add the options of everything that runs a pipeline."""
    folder = click.Path(path_type=Path, file_okay=False)
    for option in reversed((
        click.option("-o", "--out", type=folder, required=True, help="Folder for the report."),
        click.option("--lang", type=LANGUAGES, help="Language that the report opens in."),
        working,
        click.option("--store", type=folder, help="Folder for reusable intermediate results."),
        click.option("--network", is_flag=True, help="Allow fetching from a model hub."),
        click.option("--json", "as_json", is_flag=True, help="Print report.json instead of a summary."),
        click.option("--fail-on-shift", is_flag=True, help="Exit 1 if a difference is significant."),
    )):  # fmt: skip
        function = option(function)
    return layered(function)
