"""Fitter ``stylegan2``: a generator trained against a discriminator, for sites with a GPU or with patience."""

from __future__ import annotations

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray

from ... import BackboneSpec, Fitter, ImageSet, TooFewImages, Training, UsageError, save_backbone, squares
from .family import GENERATOR
from .fit_config import GanConfig
from .gan import Gan, set_mean_code
from .generator import Generator
from .measure import realism
from .tensors import as_pixels, as_tensor, seeded

LEAST = 32
_SHOWN, _SAMPLES, _BATCH = 10, 1000, 32


class GanFitter(Fitter):
    """Fits a generator to one set of images, which are scaled to squares, whole. Its encoder is another fitter's work."""

    config: GanConfig

    def fit(self, images: ImageSet) -> BackboneSpec:
        """Train, compare samples with images, and save the backbone into the context's folder.

        Raises:
            TooFewImages: fewer than 32 can be read.
            TrainingDiverged: a loss is no longer a number; the last good checkpoint stays.
            UsageError: the folder holds another training, or there is none.
        """
        config, folder, seed = self.config or GanConfig(), self.context.folder, self.context.seed
        if folder is None:
            raise UsageError("a fitter works in a folder", hint="give its context one")
        found = squares(images, config.size, folder, workers=self.context.workers)
        if len(found) < LEAST:
            raise TooFewImages(f"{images.name}: {len(found)} usable images, {LEAST} are needed", hint="add images")
        accelerator = Accelerator(mixed_precision=config.precision, cpu=self.context.device == "cpu")
        torch.manual_seed(seed)
        gan = Gan(config, accelerator)
        identity = {"fitter": "stylegan2", "version": 1, "images": images.digest(), "seed": seed, **config.identity()}
        main = accelerator.is_main_process
        training = Training(folder, config, identity=identity, progress=self.context.progress, main=main)
        if (state := training.restore()) is not None:
            gan.restore(state)
        for number in training.steps(gan.state):
            rows = seeded(seed, number, accelerator.process_index).integers(len(found), size=config.batch)
            batch = as_tensor(found.pixels[np.sort(rows)], accelerator.device)
            training.note(config.batch * accelerator.num_processes, **gan.step(batch, number))
            if training.preview_due:
                training.preview(shown(gan.average, found.pixels))
        training.preview(shown(gan.average, found.pixels))
        set_mean_code(gan.average)
        return save_backbone(
            folder, name=folder.name, family="stylegan2", files={GENERATOR: gan.average.state_dict()},
            provides=["style-generator"], licence="as of the images", input_size=config.size,
            trained_on=f"{len(found)} images of {images.origin or images.name}",
            quality=self._quality(gan.average, found.pixels), options={},
        )  # fmt: skip

    def _quality(self, generator: Generator, pixels: NDArray[np.uint8]) -> dict[str, float]:
        count = min(_SAMPLES, len(pixels) // 2)
        real = np.sort(np.random.default_rng(1).choice(len(pixels), 2 * count, replace=False))
        return realism(pixels[real], sampled(generator, count, seed=1), self.backbone)


@torch.inference_mode()
def sampled(generator: Generator, count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Give ``(count, size, size, 3)`` made of z of ``seed``, with the generator's own noise."""
    z = torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(seed)).to(generator.latent_avg.device)
    parts = [generator.synthesis(w=generator.mapping(some)).images for some in torch.split(z, _BATCH)]
    return as_pixels(torch.cat(parts))


def shown(generator: Generator, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give three rows: images, and samples."""
    return np.concatenate([pixels[:_SHOWN], sampled(generator, 2 * _SHOWN)]).reshape(3, _SHOWN, *pixels.shape[1:])
