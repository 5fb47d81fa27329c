"""``shiftlens synth``: rendered images with their truth, as a folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("source")
@click.option("-n", "count", type=int, help="Images (200).")
@click.option("--size", type=int, help="Width and height in pixels, 64 to 512 (128).")
@click.option("--seed", type=int, help="Names the parts: equal seeds are the same parts at every site (0).")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The folder to write.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Threads.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def synth(source: str, count: int | None, size: int | None, seed: int | None, out: Path, workers: int, quiet: bool) -> None:
    """Write images of SOURCE (parts:SITE?factor=change) and everything that is known of them.

    Images lie in test/good, test/DEFECT and test/combined, masks in ground_truth and masks, keypoints
    in keypoints.json (COCO), all factors in truth.csv.
    """
    from .source import options_of, world_of
    from .writing import check_free, write

    given = {"n": count, "size": size, "seed": seed}
    place, options, about = options_of(source, {key: str(value) for key, value in given.items() if value is not None})
    world = world_of(place, options)
    check_free(out.absolute())
    with click.progressbar(length=options.n, label=about, file=sys.stderr, hidden=quiet) as bar:
        write(world, options.n, out, about=about, workers=workers, told=bar.update)
    click.echo(str(out))
