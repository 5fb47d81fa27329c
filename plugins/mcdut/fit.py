"""Fitter ``mcdut``: trains a translator from one set of images to another, and measures what it does to defects."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor

from ... import BackboneSpec
from ...plugin import Fitter, ImageSet, written_whole
from ...training import Training, save_backbone
from .cheap import Floats, Repair, fitted
from .config import METHODS, Limits, Verdict
from .data import Draws, Side
from .family import CONSISTENCY, DISCRIMINATOR, GENERATOR, HEADS, REPAIRS
from .fit_config import McdutConfig
from .model import Mcdut
from .networks import Networks
from .safety import Row, Way, apart, pooled, table
from .step import Step
from .verdict import verdict

TABLE = "safety.json"
"""The file of the fitter's folder that holds the whole table of the measurement."""
_SHOWN = 8
_SIDE = 512
_REFERENCE = 256


class McdutFitter(Fitter):
    """Fits a translator from ``source`` to ``target``, unpaired; see the README for what it can and cannot see."""

    config: McdutConfig

    def fit(self, source: ImageSet, target: ImageSet) -> BackboneSpec:
        """Train, measure on held-out images, and save the backbone into the context's folder.

        Raises:
            TooFewImages: fewer than 12 images of either side can be used.
            TrainingDiverged: a loss is no longer a number; the last good checkpoint stays.
            UsageError: the folder holds another training, there is none, or a layer is none of the network's.
        """
        config, folder, seed = self.config or McdutConfig(), self.folder, self.context.seed
        here, there = (Side(images, config, folder, self.context) for images in (source, target))
        accelerator = Accelerator(mixed_precision=config.precision, cpu=self.context.device == "cpu")
        torch.manual_seed(seed)
        networks = Networks(config, accelerator)
        draws = Draws(here, there, config, seed=seed, process=accelerator.process_index, processes=accelerator.num_processes)
        training = self._training(config, draws, {"source": source.digest(), "target": target.digest()}, accelerator)
        pictures, wanted = ([middle(one, _SIDE) for one in of_rows(side)] for side in (here, there))
        repairs = fitted(pictures, wanted, seed)
        if (state := training.restore()) is not None:
            networks.restore(state)
        elif config.skip:
            networks.begin(repairs["covariance"])
        step, last, shown = Step(networks), networks.course.epochs - 1, (here.shown[:_SHOWN], there.shown[:_SHOWN])
        for number in training.steps(networks.state):
            epoch = draws.epoch(number) if config.schedule == "epochs" else last * training.spent(number - 1)
            random = draws.random(number)
            batch = draws.batch(number, random, settled=step.settled(epoch))
            numbers = step.step(batch, random, number, epoch)
            rate = config.rate * networks.course.factor(epoch)
            training.note(config.batch * accelerator.num_processes, **numbers, rate=rate)
            if training.preview_due:
                training.preview(preview(networks, *shown, config.crop))
        epochs = min(draws.epoch(training.step) + 1, networks.course.epochs)
        return self._saved(networks, repairs, here, there, f"{training.step} steps, epoch {epochs} of {networks.course.epochs}")

    def _training(self, config: McdutConfig, draws: Draws, images: Mapping[str, str], accelerator: Accelerator) -> Training:
        """Make the training; where the published course ends before the budget, it ends there."""
        budget = config
        if config.schedule == "epochs":
            most = draws.steps(config.constant + config.decay)
            budget = config.model_copy(update={"steps": min(config.steps or most, most)})
        return Training(
            self.folder, budget, progress=self.context.progress, main=accelerator.is_main_process,
            identity={"fitter": "mcdut", "images": images, "seed": self.context.seed, **config.identity()},
        )  # fmt: skip

    def _saved(
        self, networks: Networks, repairs: Mapping[str, Repair], source: Side, target: Side, course: str
    ) -> BackboneSpec:
        config, folder = networks.config, self.folder
        pictures, real = ([middle(one, _SIDE) for one in some] for some in (source.shown, of_rows(target)))
        model = Mcdut(networks.average.eval(), repairs, device=str(networks.accelerator.device))
        ways: dict[str, Way] = {method: model.way(method) for method in METHODS}
        rows = table(
            ways, pictures, real, config.limits, features=self.backbone, seed=self.context.seed, planted=config.planted
        )
        said = verdict(rows, config.limits)
        if networks.accelerator.is_main_process:
            self._write(rows, config.limits, said)
        scale = f"whole pictures scaled to {config.load} × {config.load}" if config.resize == "square" else "stored pixels"
        return save_backbone(
            folder, name=folder.name, family="mcdut", files=files(networks, repairs, keep=config.keep),
            provides=["translator"], licence="as of the images", input_size=config.crop,
            trained_on=(
                f"{len(source.rows)} images of {source.images.origin or source.images.name} to {len(target.rows)} of "
                f"{target.images.origin or target.images.name}, {course}, preset {config.preset}"
            ),
            quality=quality(rows) | self._itself(target, real),
            options={
                "verdict": said.model_dump(mode="json"), "limits": config.limits.model_dump(mode="json"), "scale": scale,
            },
        )  # fmt: skip

    def _itself(self, target: Side, real: list[Floats]) -> dict[str, float]:
        """Give the distance of held-out target images from the others: what a perfect translator would have."""
        if self.backbone is None:
            return {}
        shown = [middle(one, _SIDE) for one in target.shown]
        found = apart(pooled(real, self.backbone), pooled(shown, self.backbone), self.context.seed)
        return {"kd_efflite0_target": found.kernel, "fd_efflite0_target": found.frechet}

    def _write(self, rows: list[Row], limits: Limits, said: Verdict) -> None:
        content = {"rows": rows, "limits": limits, "verdict": said}
        text = json.dumps(content, default=lambda one: one.model_dump(mode="json"), indent=1)
        with written_whole(self.folder / TABLE) as file:
            file.write(text.encode())


def files(networks: Networks, repairs: Mapping[str, Repair], *, keep: str) -> dict[str, dict[str, Tensor]]:
    """Give the tensors of a backbone, by file; the networks that only training needs where all are kept."""
    arrays = {
        f"{name}.{part}": torch.from_numpy(np.ascontiguousarray(array))
        for name, repair in repairs.items()
        for part, array in repair.arrays().items()
    }
    found = {GENERATOR: dict(networks.average.state_dict()), REPAIRS: arrays}
    if keep == "all":
        found |= {HEADS: dict(networks.heads.state_dict()), DISCRIMINATOR: dict(networks.judge.state_dict())}
        embeddings = {
            f"{name}.{part}": tensor
            for name, network in networks.embeddings.items()
            for part, tensor in network.state_dict().items()
        }
        found |= {CONSISTENCY: embeddings} if embeddings else {}
    return found


def quality(rows: list[Row]) -> dict[str, float]:
    """Give the figures of the card: what the network does, and distances, named after the default network of features."""
    by_name = {row.name: row for row in rows}
    network, nothing = by_name["network"], by_name["none"]
    names = ("kept", "kept_through", "invented", "invented_through", "held_ok", "held_ng", "edges", "gradients")
    found = {name: value for name in names if (value := getattr(network, name)) is not None}
    if network.distance is not None and nothing.distance is not None:
        for when, one in (("before", nothing.distance), ("after", network.distance)):
            found |= {f"kd_efflite0_{when}": one.kernel, f"fd_efflite0_{when}": one.frechet}
    return {**found, "planted": float(network.planted), "images": float(network.images)}


def of_rows(side: Side) -> list[NDArray[np.uint8]]:
    """Give up to 256 of the pictures that were trained on, evenly spread."""
    chosen = side.rows[np.linspace(0, len(side.rows) - 1, min(_REFERENCE, len(side.rows))).astype(int)]
    return [np.array(side.loaded[int(row)]) for row in chosen]


def middle(pixels: NDArray[np.uint8], most: int) -> Floats:
    """Give the middle of a picture, at most ``most`` px a side, as ``float32`` in 0..1."""
    rows, columns = (max(0, (n - most) // 2) for n in pixels.shape[:2])
    return pixels[rows : rows + most, columns : columns + most].astype(np.float32) / np.float32(255)


def preview(
    networks: Networks, source: list[NDArray[np.uint8]], target: list[NDArray[np.uint8]], side: int
) -> NDArray[np.uint8]:
    """Give three rows: source images, the same translated, and target images."""
    count = min(len(source), len(target))
    cut = [[middle(one, side) for one in some[:count]] for some in (source, target)]
    training = networks.average.training
    model = Mcdut(networks.average.eval(), device=str(networks.accelerator.device))
    made = model.pictures(cut[0])
    networks.average.train(training)
    rows = [cut[0], made, cut[1]]
    return np.stack([np.stack([np.rint(one * 255).astype(np.uint8) for one in row]) for row in rows])
