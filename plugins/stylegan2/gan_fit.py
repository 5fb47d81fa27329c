"""Fitter ``stylegan2``: a generator trained against a discriminator, for sites with a GPU or with patience."""

from __future__ import annotations

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray

from ... import BackboneSpec
from ...plugin import Fitter, ImageSet
from ...training import Training, save_backbone, seeded
from .family import GENERATOR
from .fit_config import GanConfig
from .gan import Gan, set_mean_code
from .generator import Generator
from .measure import of_samples, sampled
from .tensors import as_tensor, enough

_SHOWN = 10


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
        config, folder, seed = self.config or GanConfig(), self.folder, self.context.seed
        found = enough(images, config.size, folder, workers=self.context.workers)
        accelerator = Accelerator(mixed_precision=config.precision, cpu=self.context.device == "cpu")
        torch.manual_seed(seed)
        gan = Gan(config, accelerator)
        identity = {"fitter": "stylegan2", "images": images.digest(), "seed": seed, **config.identity()}
        main = accelerator.is_main_process
        training = Training(folder, config, identity=identity, progress=self.context.progress, main=main)
        if (state := training.restore()) is not None:
            gan.restore(state)
        for number in training.steps(gan.state):
            rows = seeded(seed, number, accelerator.process_index).integers(len(found), size=config.batch)
            batch = as_tensor(found.pixels[rows], accelerator.device)
            training.note(config.batch * accelerator.num_processes, **gan.step(batch, number))
            if training.preview_due:
                training.preview(shown(gan.average, found.pixels))
        training.preview(shown(gan.average, found.pixels))
        set_mean_code(gan.average)
        return save_backbone(
            folder, name=folder.name, family="stylegan2", files={GENERATOR: gan.average.state_dict()},
            provides=["style-generator"], licence="as of the images", input_size=config.size,
            trained_on=f"{len(found)} images of {images.origin or images.name}",
            quality=of_samples(gan.average, found.pixels, self.backbone), options={},
        )  # fmt: skip


def shown(generator: Generator, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give three rows: images, and samples."""
    return np.concatenate([pixels[:_SHOWN], sampled(generator, 2 * _SHOWN)]).reshape(3, _SHOWN, *pixels.shape[1:])
