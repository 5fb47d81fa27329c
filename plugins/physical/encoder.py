"""The physical encoder: one row of measured attributes an image."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...plugin import Encoder, ImageRef, ImageSet, Latents, SetAside, Space
from .config import PhysicalConfig
from .measure import measure
from .words import DIMENSIONS


class Physical(Encoder):
    """Measures light, colour, optics, surface, position and file of each image; NaN where a measure does not apply."""

    def encode(self, images: ImageSet) -> Latents:
        """Give one row an image that can be read, in the order of the set."""
        config = self.config if isinstance(self.config, PhysicalConfig) else PhysicalConfig()
        by_id = {dimension.id: dimension for dimension in DIMENSIONS}
        dimensions = tuple(by_id[name] for name in config.attributes or by_id)
        rows: list[list[float]] = []
        refs: list[ImageRef] = []
        aside: list[SetAside] = []
        looks = images.seen(partial(measure, tone=config.tone), workers=max(1, self.context.workers))
        for done, (ref, row) in enumerate(looks, start=1):
            if isinstance(row, SetAside):
                aside.append(row)
            else:
                refs.append(ref)
                rows.append([row[dimension.id] for dimension in dimensions])
            self.context.progress(done, len(images))
        return Latents(
            space=Space(encoder="physical", key=self.context.space_key, dimensions=dimensions),
            images=images.name,
            ids=tuple(ref.id for ref in refs),
            groups=tuple(ref.group for ref in refs),
            values=np.array(rows, np.float32).reshape(len(rows), len(dimensions)),
            set_aside=tuple(aside),
        )
