"""``shiftlens run FILE -i name=source -o DIR``."""

from __future__ import annotations

from pathlib import Path

import click

from .options import running


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-i", "--input", "pairs", multiple=True, metavar="NAME=SOURCE", help="Images for an input of the pipeline.")
@running
def run(
    file: Path, pairs: tuple[str, ...], out: Path, lang: str | None, seed: int | None, device: str | None, store: Path | None,
    workers: int, network: bool, quiet: bool, as_json: bool, fail_on_shift: bool, site: str | None, strict: bool,
) -> int:  # fmt: skip
    """Run the pipeline in FILE."""
    from ..pipelines.compare import compare_options, pipeline_data
    from ..running.session import session
    from .running import carried_out, parsed_sources

    data, where = pipeline_data(file)
    options = compare_options(language=lang, seed=seed, device=device, network=network)
    current = session(site, strict=strict, command_line=options)
    return carried_out(
        current, data, parsed_sources(pairs, data.get("inputs")), where=where, out=out, store=store,
        workers=workers, quiet=quiet, as_json=as_json, fail_on_shift=fail_on_shift,
    )  # fmt: skip
