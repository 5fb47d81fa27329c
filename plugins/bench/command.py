"""``shiftlens bench``: what every scorer finds on every encoder, where the truth is known."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from ...plugin import layered


@click.command()
@click.argument("suite", default="standard")
@click.option("-o", "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the tables.")
@click.option("--quick", is_flag=True, help="The suite's smaller numbers: two minutes instead of twenty.")
@click.option("--seed", type=click.IntRange(0, 99_999), default=0, help="Seed of all random choices (0).")
@click.option("--device", metavar="NAME", help="cpu, cuda, cuda:1 …")
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), help="Folder for reusable intermediate results.")
@click.option("--workers", type=click.IntRange(1, 64), default=os.cpu_count() or 1, help="Processes and threads that work.")
@click.option("--quiet", is_flag=True, help="No progress on the terminal.")
@layered
def bench(
    suite: str, out: Path, quick: bool, seed: int, device: str | None, store: Path | None, workers: int, quiet: bool,
    site: str | None, strict: bool,
) -> None:  # fmt: skip
    """Run SUITE: null, planted, paired, content, standard (all of them), or the path of a suite file.

    Writes benchmark.md, .csv, .json, .svg and .png into the folder given by -o. What was rendered, encoded and
    scored is kept, so a run that was stopped goes on where it was.
    """
    from ...plugin import default_store, session
    from .run import plan, run
    from .suites import suite as suite_named

    spec = suite_named(suite, quick=quick)
    asked = {"seed": seed} if device is None else {"seed": seed, "device": device}
    current = session(site, strict=strict, command_line=asked)
    planned = plan(spec, seed)
    if not quiet:
        click.echo(planned.estimate(), err=True)
    words = ["shiftlens", "bench", suite, *(["--quick"] if quick else []), "--seed", str(seed)]
    words += [*(["--site", site] if site else []), *(["--device", device] if device else []), "-o", "OUT"]
    run(
        planned, current, out, store or default_store(), command=shlex.join(words), workers=workers, quiet=quiet,
        say=lambda line: click.echo(line, err=quiet),
    )  # fmt: skip
