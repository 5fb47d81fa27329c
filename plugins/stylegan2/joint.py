"""Fitter ``joint``: an encoder and a generator trained together, which gives a usable space within the budget of a CPU."""

from __future__ import annotations

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray

from ... import BackboneSpec, Features, FitConfig, Fitter, ImageSet, TooFewImages, Training, UsageError, save_backbone, squares
from .family import ENCODER, GENERATOR
from .gan import set_mean_code
from .joint_config import JointConfig
from .measure import fidelity, realism, reconstructed
from .pair import Joint, Pair
from .tensors import as_pixels, as_tensor, held_out, seeded

LEAST = 32
_SHOWN = 10
_SAMPLES = 1000


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
        folder, seed = self.context.folder, self.context.seed
        if folder is None:
            raise UsageError("a fitter works in a folder", hint="give -o FOLDER or --name NAME")
        found = squares(images, config.size, folder, workers=self.context.workers)
        if len(found) < LEAST:
            raise TooFewImages(f"{images.name}: {len(found)} usable images, {LEAST} are needed", hint="add images")
        torch.manual_seed(seed)
        accelerator = Accelerator(mixed_precision=config.precision, cpu=self.context.device == "cpu")
        joint = Joint(config, self.backbone, accelerator)
        identity = {"fitter": "joint", "version": 1, "images": images.digest(), "seed": seed, **config.identity()}
        training = Training(folder, config, identity=identity, progress=self.context.progress, main=accelerator.is_main_process)
        held = held_out(len(found), config.held_out, seed)
        shown = found.pixels[held[:_SHOWN]]
        rest = np.setdiff1d(np.arange(len(found)), held)
        if (state := training.restore()) is not None:
            joint.restore(state)
        for number in training.steps(joint.state):
            rows = rest[seeded(seed, number, accelerator.process_index).integers(len(rest), size=config.batch)]
            batch = as_tensor(found.pixels[np.sort(rows)], accelerator.device)
            training.note(config.batch * accelerator.num_processes, **joint.step(batch, number, spent(training, config)))
            if training.preview_due:
                training.preview(preview(joint.average, shown))
        average = joint.average
        set_mean_code(average.generator)
        average.half().float()  # as it is saved, so that the figures are those of the file
        quality = quality_of(average, found.pixels, held, self.backbone)
        return save_backbone(
            folder, name=folder.name, family="stylegan2",
            files={GENERATOR: average.generator.half().state_dict(), ENCODER: average.encoder.half().state_dict()},
            provides=["style-generator", "style-encoder"], licence="as of the images", input_size=config.size,
            trained_on=f"{len(found) - len(held)} images of {images.origin}", quality=quality,
            options={"encoder": "small", "error_limit": quality["error_limit"]},
        )  # fmt: skip


def spent(training: Training, config: FitConfig) -> float:
    """Give the share of the budget that is spent, 0..1."""
    by_steps = training.step / config.steps if config.steps else 0.0
    return min(1.0, max(by_steps, training.minutes / config.minutes if config.minutes else 0.0))


def quality_of(pair: Pair, pixels: NDArray[np.uint8], held: NDArray[np.intp], features: Features) -> dict[str, float]:
    """Measure reconstructions of the held-out images, and samples."""
    device = pair.generator.latent_avg.device
    images = as_tensor(pixels[held], device)
    made = reconstructed(pair.encoder, pair.generator, images)
    count = min(_SAMPLES, len(pixels) // 2)
    with torch.inference_mode():
        z = torch.randn(count, pair.generator.z_dim, generator=torch.Generator().manual_seed(1)).to(device)
        parts = [pair.generator.synthesis(w=pair.generator.mapping(some)).images for some in torch.split(z, 64)]
    real = np.sort(np.random.default_rng(1).choice(len(pixels), 2 * count, replace=False))
    return fidelity(images, made, features) | realism(pixels[real], as_pixels(torch.cat(parts)), features)


@torch.inference_mode()
def preview(pair: Pair, shown: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give three rows: images, the same made again, and samples."""
    device = pair.generator.latent_avg.device
    images = as_tensor(shown, device)
    z = torch.randn(len(images), pair.generator.z_dim, generator=torch.Generator().manual_seed(0)).to(device)
    made = pair.generator.synthesis(w=pair.encoder.encode(images), noise="none").images
    sampled = pair.generator.synthesis(w=pair.generator.mapping(z), noise="none").images
    return np.stack([shown, as_pixels(made), as_pixels(sampled)])
