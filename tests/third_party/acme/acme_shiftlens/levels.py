"""An encoder of thirty lines, and a scorer."""

import click
import numpy as np

from shiftlens.plugin import AttributeScores, Dimension, Encoder, ImageSet, Latents, LatentScorer, SetAside, Space

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


class MeanGap(LatentScorer):
    """How far the means lie apart, by Welch's test."""

    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        """Score every dimension."""
        from scipy.stats import ttest_ind

        sides = reference.values, target.values
        spread = np.sqrt((sides[0].var(axis=0) + sides[1].var(axis=0)) / 2)
        gap = np.abs(sides[1].mean(axis=0) - sides[0].mean(axis=0)) / spread
        p = ttest_ind(*sides, equal_var=False).pvalue
        return AttributeScores.of(reference, target, effect=gap, p_single=p, alpha=self.config.alpha)


@click.command()
def acme() -> None:
    """Greet."""
    click.echo("acme was here")
