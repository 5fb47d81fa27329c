"""Fitter ``style-encoder``: an encoder for a generator that is there already, a site's own or one from elsewhere."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor

from ... import BackboneSpec, UsageError
from ...plugin import Features, Fitter, ImageSet
from ...training import Training, save_backbone, seeded
from .encoder_step import EncoderStep, at_one_size
from .family import ENCODER, GENERATOR
from .fit_config import EncoderFitConfig
from .generator import Generator
from .measure import fidelity, reconstructed
from .tensors import as_pixels, as_tensor, enough, held_out

_SHOWN = 10


class EncoderFitter(Fitter):
    """Fits an encoder to a frozen generator, on images that are scaled to squares, whole."""

    config: EncoderFitConfig

    def fit(self, images: ImageSet) -> BackboneSpec:
        """Train, measure on held-out images, and save the backbone, generator included, into the context's folder.

        Raises:
            TooFewImages: fewer than 32 can be read.
            TrainingDiverged: a loss is no longer a number; the last good checkpoint stays.
            UsageError: the generator is none of this family, the architecture does not fit its codes, the folder holds
                another training, or there is none.
        """
        config, folder, seed = self.config or EncoderFitConfig(), self.folder, self.context.seed
        generator, features = self._frozen(), self.backbone["features"]
        accelerator = Accelerator(mixed_precision=config.precision, cpu=self.context.device == "cpu")
        torch.manual_seed(seed)
        work = EncoderStep(config, generator.to(accelerator.device), features, accelerator)
        found = enough(images, work.encoder.size, folder, workers=self.context.workers)
        identity = {
            "fitter": "style-encoder", "images": images.digest(), "generator": digest(generator), "seed": seed,
            **config.identity(),
        }  # fmt: skip
        main = accelerator.is_main_process
        training = Training(folder, config, identity=identity, progress=self.context.progress, main=main)
        held = held_out(len(found), config.held_out, seed)
        rest = np.setdiff1d(np.arange(len(found)), held)
        if (state := training.restore()) is not None:
            work.restore(state)
        examples = as_tensor(found.pixels[held[:_SHOWN]], accelerator.device)
        for number in training.steps(work.state):
            rows = rest[seeded(seed, number, accelerator.process_index).integers(len(rest), size=config.batch)]
            batch = as_tensor(found.pixels[np.sort(rows)], accelerator.device)
            training.note(config.batch * accelerator.num_processes, **work.step(batch, number, training.spent()))
            if training.preview_due:
                training.preview(shown(work, examples))
        training.preview(shown(work, examples))
        quality = measured(work, as_tensor(found.pixels[held], accelerator.device), features)
        return save_backbone(
            folder, name=folder.name, family="stylegan2",
            files={GENERATOR: generator.state_dict(), ENCODER: work.encoder.state_dict()},
            provides=["style-generator", "style-encoder"], licence="as of the generator and the images",
            input_size=work.encoder.size, trained_on=f"{len(rest)} images of {images.origin or images.name}", quality=quality,
            options={"encoder": config.architecture, "error_limit": quality["error_limit"]},
        )  # fmt: skip

    def _frozen(self) -> Generator:
        generator = self.backbone["style"].generator
        if not isinstance(generator, Generator):
            raise UsageError(
                f"style-encoder fits generators of family stylegan2, not {type(generator).__name__}",
                hint="choose another backbone for the slot style",
            )
        return generator.eval().requires_grad_(False)


def measured(work: EncoderStep, images: Tensor, features: Features) -> dict[str, float]:
    """Give the figures of held-out images ``(images, 3, size, size)``."""
    work.encoder.eval()
    return fidelity(*at_one_size(images, reconstructed(work.encoder, work.generator, images)), features)


def shown(work: EncoderStep, images: Tensor) -> NDArray[np.uint8]:
    """Give two rows: held-out images, and the same made again."""
    work.encoder.eval()
    rows = at_one_size(images, reconstructed(work.encoder, work.generator, images))
    return np.stack([as_pixels(row) for row in rows])


def digest(generator: Generator) -> str:
    """Give the sha256 of the weights, by which a training knows its generator again."""
    total = hashlib.sha256()
    for name, tensor in sorted(generator.state_dict().items()):
        total.update(name.encode())
        total.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()
