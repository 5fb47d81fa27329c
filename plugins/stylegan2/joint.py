"""Fitter ``joint``: an encoder and a generator trained together, which gives a usable space within the budget of a CPU."""

from __future__ import annotations

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray

from ... import BackboneSpec
from ...plugin import Features, Fitter, ImageSet
from ...training import Training, save_backbone, seeded
from .family import ENCODER, GENERATOR
from .gan import set_mean_code
from .joint_config import JointConfig
from .measure import fidelity, of_samples, reconstructed
from .pair import Joint, Pair
from .tensors import as_pixels, as_tensor, enough, held_out

_SHOWN = 10


class JointFitter(Fitter):
    """Fits a generator and its encoder to one set of images; they are scaled to squares, whole."""

    def fit(self, images: ImageSet) -> BackboneSpec:
        """Train, measure on held-out images, and save the backbone into the context's folder.

        Raises:
            TooFewImages: fewer than 32 can be read.
            TrainingDiverged: a loss is no longer a number; the last good checkpoint stays.
            UsageError: the folder holds another training.
        """
        config = self.config if isinstance(self.config, JointConfig) else JointConfig()
        folder, seed = self.folder, self.context.seed
        found = enough(images, config.size, folder, workers=self.context.workers)
        torch.manual_seed(seed)
        accelerator = Accelerator(mixed_precision=config.precision, cpu=self.context.device == "cpu")
        joint = Joint(config, self.backbone, accelerator)
        identity = {"fitter": "joint", "images": images.digest(), "seed": seed, **config.identity()}
        training = Training(folder, config, identity=identity, progress=self.context.progress, main=accelerator.is_main_process)
        held = held_out(len(found), config.held_out, seed)
        shown = found.pixels[held[:_SHOWN]]
        rest = np.setdiff1d(np.arange(len(found)), held)
        if (state := training.restore()) is not None:
            joint.restore(state)
        for number in training.steps(joint.state):
            rows = rest[seeded(seed, number, accelerator.process_index).integers(len(rest), size=config.batch)]
            batch = as_tensor(found.pixels[rows], accelerator.device)
            training.note(config.batch * accelerator.num_processes, **joint.step(batch, number, training.spent()))
            if training.preview_due:
                training.preview(preview(joint.average, shown))
        average = joint.average
        training.preview(preview(average, shown))
        set_mean_code(average.generator)
        average.half().float()  # as it is saved, so that the figures are those of the file
        quality = quality_of(average, found.pixels, held, self.backbone)
        return save_backbone(
            folder, name=folder.name, family="stylegan2",
            files={GENERATOR: average.generator.half().state_dict(), ENCODER: average.encoder.half().state_dict()},
            provides=["style-generator", "style-encoder"], licence="as of the images", input_size=config.size,
            trained_on=f"{len(found) - len(held)} images of {images.origin or images.name}", quality=quality,
            options={"encoder": "small", "error_limit": quality["error_limit"]},
        )  # fmt: skip


def quality_of(pair: Pair, pixels: NDArray[np.uint8], held: NDArray[np.intp], features: Features) -> dict[str, float]:
    """Measure reconstructions of the held-out images, and samples."""
    images = as_tensor(pixels[held], pair.generator.latent_avg.device)
    made = reconstructed(pair.encoder, pair.generator, images)
    return fidelity(images, made, features) | of_samples(pair.generator, pixels, features)


@torch.inference_mode()
def preview(pair: Pair, shown: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give three rows: images, the same made again, and samples."""
    device = pair.generator.latent_avg.device
    images = as_tensor(shown, device)
    z = torch.randn(len(images), pair.generator.z_dim, generator=torch.Generator().manual_seed(0)).to(device)
    made = pair.generator.synthesis(w=pair.encoder.encode(images)).images
    sampled = pair.generator.synthesis(w=pair.generator.mapping(z)).images
    return np.stack([shown, as_pixels(made), as_pixels(sampled)])
