"""Whether the codes speak for these images, where the latents say how well images are made again from them."""

from __future__ import annotations

import numpy as np

from ...plugin import Gate, Latents, gate_of
from .config import StyleDiffConfig
from .permutation import Null
from .sample import Sample
from .transport import transport
from .units import Draws


def gate(reference: Latents, target: Latents, sample: Sample, exchanged: Draws, config: StyleDiffConfig) -> Gate | None:
    """Judge both sides by their reconstruction errors; nothing where the latents carry none.

    Args:
        reference: latents of the one side.
        target: latents of the other.
        sample: the images of both that take part.
        exchanged: exchanged groups, what was seen in column 0: they test whether the errors of the sides differ.
        config: ``gate_share`` and ``alpha``.
    """
    sides = (reference, target)
    errors = [dict(zip(side.ids, side.error.tolist(), strict=True)) for side in sides if side.error is not None]
    if len(errors) < len(sides):
        return None
    row = np.array([errors[i >= sample.split][name] for i, name in enumerate(sample.ids)], np.float32)[None]
    drawn = transport(row, exchanged)
    p = Null(drawn[:, 0], drawn[:, 1:]).single().item()
    return gate_of(reference, target, p=p, share=config.gate_share, alpha=config.alpha)
