"""``shiftlens run FILE -i name=source -o DIR``."""

from __future__ import annotations

from pathlib import Path

import click

from ...specs.yaml import read_yaml
from .options import given, running
from .running import carry_out, parsed_sources
from .session import session


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("-i", "--input", "pairs", multiple=True, metavar="NAME=SOURCE", help="Images for an input of the pipeline.")
@running
def run(
    file: Path, pairs: tuple[str, ...], out: Path, lang: str | None, seed: int | None, device: str | None, store: Path | None,
    workers: int, network: bool, quiet: bool, as_json: bool, fail_on_shift: bool, site: str | None, strict: bool,
) -> int:  # fmt: skip
    """Run the pipeline in FILE."""
    data = read_yaml(file)
    options = given(language=lang, seed=seed, device=device, network=network)
    current = session(site, strict=strict, command_line=options)
    return carry_out(
        current, data, parsed_sources(pairs, data.get("inputs")), where=str(file), out=out, store=store,
        workers=workers, quiet=quiet, as_json=as_json, fail_on_shift=fail_on_shift,
    )  # fmt: skip
