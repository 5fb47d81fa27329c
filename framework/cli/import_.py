"""``shiftlens backbones import FILE``: what other programs wrote, as a backbone in safetensors."""

from __future__ import annotations

from pathlib import Path

import click

from .options import layered


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the backbone; that of the file by default.")
@click.option("-o", "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder; by default one of the user's own.")
@click.option("--as", "format_", metavar="FORMAT", help="nvidia, rosinality, e4e, directions …; found out by default.")
@click.option("--into", metavar="NAME", help="The backbone that FILE is added to; a new one is made of both.")
@click.option("--licence", metavar="TEXT", help="Licence of the weights (unknown).")
@layered
def import_(
    file: Path, name: str | None, out: Path | None, format_: str | None, into: str | None, licence: str | None,
    site: str | None, strict: bool,
) -> None:  # fmt: skip
    """Import FILE, the weights of another program, as a backbone: safetensors with a card.

    Nothing in FILE is run. What it is, is found out from its content; anything but recognised tensors is refused by name.
    """
    from ...registry.saved import user_folder
    from ..fitting.importing import name_of, read_file, save_imported
    from ..running.session import session

    current = session(site, strict=strict)
    base = current.catalogue.get(into) if into else None
    files = current.catalogue.verified(base)[0] if base else None
    format_, imported = read_file(current.host, file, format_=format_, into=files)
    name = name or (name_of(out) if out else name_of(file))
    folder = out or user_folder() / name
    spec = save_imported(imported, folder, path=file, name=name, format_=format_, licence=licence, base=base)
    for note in imported.notes:
        click.echo(f"note: {note}")
    size = f"{spec.input_size} px, " if spec.input_size else ""
    click.echo(f"{spec.name}: {format_}, {size}{', '.join(sorted(spec.provides))}, licence {spec.licence}\n{folder}")
