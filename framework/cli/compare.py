"""``shiftlens compare``: sugar over the built-in pipeline of that name."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click

from ...specs.errors import UsageError
from ...specs.yaml import read_yaml
from .options import given, running
from .running import carry_out
from .session import session


@click.command()
@click.argument("dev")
@click.argument("site_images", metavar="SITE")
@click.option(
    "--pipeline", type=click.Path(path_type=Path, dir_okay=False), help="A pipeline file with the inputs development and site."
)
@click.option("--alpha", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Level of significance (0.05).")
@running
def compare(
    dev: str, site_images: str, pipeline: Path | None, alpha: float | None, out: Path, lang: str | None, seed: int | None,
    device: str | None, store: Path | None, workers: int, network: bool, quiet: bool, as_json: bool, fail_on_shift: bool,
    site: str | None, strict: bool,
) -> int:  # fmt: skip
    """Compare the images of DEV (development) with those of SITE.

    Each is a folder, a CSV list (path[,group]), or scheme:place?option=value. The report is
    report.html in the folder given by -o, with report.json and attributes.csv beside it.
    """
    components = {"stylediff": {"alpha": alpha}} if alpha is not None else {}
    options = given(language=lang, seed=seed, device=device, network=network, components=components)
    data, where = _pipeline(pipeline)
    if set(data.get("inputs") or {}) != {"development", "site"}:
        raise UsageError(
            f"{where}: compare needs a pipeline with the inputs development and site", hint="use `shiftlens run` for others"
        )
    return carry_out(
        session(site, strict=strict, command_line=options), data, {"development": dev, "site": site_images}, where=where,
        out=out, store=store, workers=workers, quiet=quiet, as_json=as_json, fail_on_shift=fail_on_shift,
    )  # fmt: skip


def _pipeline(path: Path | None) -> tuple[dict[str, Any], str]:
    if path is not None:
        return read_yaml(path), str(path)
    with as_file(files("shiftlens.framework.pipelines") / "compare.yaml") as built_in:
        return read_yaml(built_in), "built-in pipeline compare"
