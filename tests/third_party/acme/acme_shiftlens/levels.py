"""An encoder of thirty lines."""

import click
import numpy as np

from shiftlens.plugin import Dimension, Encoder, ImageSet, Latents, SetAside, Space

DIMENSIONS = (Dimension(id="mean", unit="%"), Dimension(id="spread", unit="%"))


class Levels(Encoder):
    """Mean and spread of the grey levels, in percent of full scale."""

    def encode(self, images: ImageSet) -> Latents:
        """Give one row an image."""
        rows, refs, aside = [], [], []
        for ref, picture in images.decoded():
            if isinstance(picture, SetAside):
                aside.append(picture)
                continue
            level = picture.unit()
            rows.append((100 * level.mean(), 100 * level.std()))
            refs.append(ref)
        return Latents(
            space=Space(encoder="levels", key=self.context.space_key, dimensions=DIMENSIONS),
            images=images.name,
            ids=tuple(r.id for r in refs),
            groups=tuple(r.group for r in refs),
            values=np.array(rows, np.float32).reshape(-1, 2),
            set_aside=tuple(aside),
        )


@click.command()
def acme() -> None:
    """Greet."""
    click.echo("acme was here")
