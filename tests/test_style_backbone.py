"""The embedded style backbone: what its card says holds on parts that it never saw, and it knows what it does not know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shiftlens.framework.host.targets import config_model, target_class
from shiftlens.framework.running.session import Session
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import Context, Latents, StyleModel, reconstruction_error
from shiftlens.plugins.stylegan2.tensors import as_tensor

NAME = "parts-style-64"
SCORING = {"permutations": 199, "bootstrap": 50, "self_splits": 0}


@pytest.fixture(scope="module")
def model(now: Session) -> StyleModel:
    loaded: StyleModel = now.model(NAME)
    return loaded


def pixels(now: Session, source: str) -> NDArray[np.uint8]:
    return np.stack([picture.rgb8() for _, picture in open_source(source, "parts", now.host).decoded()])  # type: ignore[union-attr]


def errors(model: StyleModel, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """Give the error of each picture, and the mean PSNR in dB."""
    assert model.encoder is not None
    images = as_tensor(pictures)
    with torch.inference_mode():
        made = model.generator.synthesis(w=model.encoder.encode(images)).images.clamp(-1, 1)
        square = ((images - made) / 2).square().mean(dim=(1, 2, 3))
        return reconstruction_error(images, made).numpy(), float((-10 * square.log10()).mean())


def test_the_weights_are_small_and_the_card_is_whole(now: Session) -> None:
    spec = now.catalogue.get(NAME)
    files, _ = now.catalogue.verified(spec)
    assert sum(Path(path).stat().st_size for path in files.values()) <= 12 * 2**20
    assert spec.licence == "Apache-2.0"
    assert set(spec.quality) >= {"psnr", "pd_efflite0", "error_limit", "fd_efflite0", "fd_efflite0_real"}


def test_reconstructions_of_unseen_parts_are_what_the_card_says(now: Session, model: StyleModel) -> None:
    error, psnr = errors(model, pixels(now, "parts:anywhere?n=64&size=64&seed=31337"))
    assert psnr == pytest.approx(now.catalogue.get(NAME).quality["psnr"], abs=1.0)
    assert model.error_limit is not None
    assert (error > model.error_limit).mean() <= 0.05


def test_parts_turned_by_90_degrees_close_the_gate_and_those_of_known_sites_do_not(now: Session, model: StyleModel) -> None:
    assert model.error_limit is not None
    upright = pixels(now, "parts:osaka?n=48&size=64&seed=31338")
    assert (errors(model, upright)[0] > model.error_limit).mean() <= 0.05
    turned = np.rot90(upright, axes=(1, 2))
    assert (errors(model, turned)[0] > model.error_limit).mean() > 0.3


def encoded(now: Session, model: StyleModel, source: str) -> Latents:
    offer = now.host.find("style", "encoder")
    with target_class(offer)(config_model(offer)(), backbone=model, context=Context(workers=1)) as encoder:
        latents: Latents = encoder.encode(open_source(source, "parts", now.host))
    return latents


@pytest.mark.parametrize("factor", ["offset_x", "lamp_temperature", "read_noise"])
def test_what_is_planted_leads_by_the_channels_that_move_with_it(now: Session, model: StyleModel, factor: str) -> None:
    """Position, colour of light, grain: which channels are theirs is read off other parts, before and after."""
    before, after, reference, site = (
        encoded(now, model, f"parts:anywhere?size=64&{rest}")
        for rest in ("n=60&seed=1", f"n=60&seed=1&{factor}=%2B2sd", "n=150&seed=2", f"n=150&seed=3&{factor}=%2B2sd")
    )
    spread = np.maximum((before.values.std(0) + after.values.std(0)) / 2, 1e-9)
    moves = np.abs((after.values - before.values).mean(0)) / spread
    offer = now.host.find("stylediff", "latent-scorer")
    with target_class(offer)(config_model(offer)(**SCORING), context=Context()) as scorer:
        scores = scorer.score(reference, site)
    first = int(np.nanargmax(scores.effects.size))
    assert scores.significance.p_family[first] < 0.05
    assert moves[scores.causes.cluster == scores.causes.cluster[first]].max() >= 0.9 * moves.max()
