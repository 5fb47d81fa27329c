"""The physical encoder: one row of measured attributes an image."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ...plugin import Encoder, ImageRef, ImageSet, Latents, Picture, SetAside, Space, in_order
from .config import PhysicalConfig
from .measure import measure
from .words import DIMENSIONS

Row = dict[str, float]


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
        for done, (ref, row) in enumerate(self._measured(images, config.tone), start=1):
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

    def _measured(self, images: ImageSet, tone: str) -> Iterator[tuple[ImageRef, Row | SetAside]]:
        """Measure in threads, a few pictures ahead of the consumer, in order."""
        workers = max(1, self.context.workers)

        def row(read: tuple[ImageRef, Picture | SetAside]) -> tuple[ImageRef, Row | SetAside]:
            ref, picture = read
            return ref, picture if isinstance(picture, SetAside) else measure(picture, tone)

        with ThreadPoolExecutor(max_workers=workers) as pool:
            yield from in_order(pool, row, images.decoded(workers=workers), most=2 * workers)
