"""``shiftlens compare``: sugar over the built-in pipeline of that name."""

from __future__ import annotations

from pathlib import Path

import click

from ..pipelines import SPACES
from .options import running


@click.command()
@click.argument("dev")
@click.argument("site_images", metavar="SITE")
@click.option("--pipeline", type=click.Path(path_type=Path), help="A pipeline file with the inputs development and site.")
@click.option(
    "--space",
    "spaces",
    type=click.Choice([*SPACES, "all"]),
    multiple=True,
    help="Compare in this space, beside physical; may be given again.",
)
@click.option("--backbone", metavar="NAME", help="Weights of the style space: a backbone's name or path.")
@click.option(
    "--repair", metavar="NAME", help="Repair site images by this translator (a backbone's name or path), and compare again."
)
@click.option("--alpha", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Level of significance (0.05).")
@running
def compare(
    dev: str, site_images: str, pipeline: Path | None, spaces: tuple[str, ...], backbone: str | None, repair: str | None,
    alpha: float | None, out: Path, lang: str | None, seed: int | None, device: str | None, store: Path | None, workers: int,
    network: bool, quiet: bool, as_json: bool, fail_on_shift: bool, site: str | None, strict: bool,
) -> int:  # fmt: skip
    """Compare the images of DEV (development) with those of SITE.

    Each is a folder, a CSV list (path[,group]), or scheme:place?option=value. The report is
    report.html in the folder given by -o, with report.json and attributes.csv beside it.
    """
    from ..pipelines.compare import compare_options, comparison
    from ..running.session import session
    from .running import carried_out

    options = compare_options(
        language=lang, seed=seed, device=device, network=network, alpha=alpha, backbone=backbone, repair=repair
    )
    data, where = comparison(pipeline, spaces, backbone, repair)
    return carried_out(
        session(site, strict=strict, command_line=options), data, {"development": dev, "site": site_images}, where=where,
        out=out, store=store, workers=workers, quiet=quiet, as_json=as_json, fail_on_shift=fail_on_shift,
    )  # fmt: skip
