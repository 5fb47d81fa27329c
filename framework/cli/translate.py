"""``shiftlens translate IMAGES --with NAME -o DIR``: repaired images, one file an image."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .options import LANGUAGES, layered, working


@click.command()
@click.argument("images")
@click.option("--with", "backbone", metavar="NAME", help="The translator: a backbone's name or path; else the site's choice.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder for the repaired images.")
@click.option("--method", metavar="NAME", help="Way to repair, such as network or affine (what was found best).")
@click.option("--set", "options", multiple=True, metavar="KEY=VALUE", help="Another option of the translator; inner.key too.")
@click.option("--use", metavar="ID", default="translator", help="The component that translates (translator).")
@click.option("--lang", type=LANGUAGES, help="Language of what is said at the end.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@working
@layered
def translate(
    images: str, backbone: str | None, out: Path, method: str | None, options: tuple[str, ...], use: str, lang: str | None,
    as_json: bool, seed: int | None, device: str | None, workers: int, quiet: bool, site: str | None, strict: bool,
) -> None:  # fmt: skip
    """Repair IMAGES, so that they look like those that the translator was fitted to, and write each as PNG under its own name.

    IMAGES is a folder, a CSV list (path[,group]), or scheme:place?option=value. What a repair would harm is written as it was;
    translated.csv says what was done to each image, and why. Run again, the same command goes on where it was.
    """
    from ...specs.base import Text
    from ..running.session import session
    from ..translation.run import carry_out, translate_options
    from .pairs import nested_values

    config = nested_values(options, "--set")
    layer = translate_options(use, method=method, options=config, language=lang, seed=seed, device=device)
    current = session(site, strict=strict, command_line=layer)
    for warning in current.warnings():
        click.echo(warning, err=True)
    made = carry_out(current, images, backbone=backbone, use=use, out=out, workers=workers, quiet=quiet)
    if as_json:
        click.echo(json.dumps(made.facts(), indent=2, ensure_ascii=False))
        return
    language = current.settings.language or "en"
    for note, count in made.notes:
        click.echo(Text(en=f"{count} images: {note.en}", ja=f"{count} 枚：{note.ja}").pick(language))
    click.echo(made.said.pick(language))
