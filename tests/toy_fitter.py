"""A plugin with a fitter, its family and an encoder: linear codes of pictures. What a fitter's author writes, and no more."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from shiftlens import BackboneSpec
from shiftlens.plugin import (
    BackboneFamily,
    Card,
    Dimension,
    Encoder,
    Fitter,
    ImageSet,
    Latents,
    Need,
    SetAside,
    Space,
    hookimpl,
    square,
)
from shiftlens.training import FitConfig, Training, load_tensors, save_backbone, squares

SIZE = 8


class ToyConfig(FitConfig):
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 40, "batch": 4},
        "long": {"minutes": 90, "rate": 0.1},
    }
    preset: Literal["quick", "long"] = "quick"
    rate: float = 0.5
    codes: int = 3


class ToyFitter(Fitter):
    """A linear autoencoder, trained by stochastic gradient descent."""

    config: ToyConfig

    def fit(self, images: ImageSet, extra: ImageSet | None) -> BackboneSpec:
        import torch

        config, folder = self.config, self.folder
        identity = {"fitter": "toy", "images": images.digest(), "seed": self.context.seed, **config.identity()}
        training = Training(folder, config, identity=identity, progress=self.context.progress)
        pixels = squares(images, SIZE, folder).pixels
        draws = np.random.default_rng(self.context.seed)
        torch.manual_seed(self.context.seed)
        weight = torch.nn.Parameter(torch.randn(config.codes, SIZE * SIZE * 3) * 0.01)
        optimiser = torch.optim.Adam([weight], lr=config.rate * 1e-3)
        if (kept := training.restore()) is not None:
            weight.data.copy_(kept["weight"])
            optimiser.load_state_dict(kept["optimiser"])
            draws.bit_generator.state = kept["draws"]
            torch.set_rng_state(kept["torch"])

        def state() -> dict[str, Any]:
            return {
                "weight": weight, "optimiser": optimiser.state_dict(), "draws": draws.bit_generator.state,
                "torch": torch.get_rng_state(),
            }  # fmt: skip

        for step in training.steps(state):
            rows = draws.integers(len(pixels), size=config.batch)
            flat = torch.from_numpy(pixels[rows]).reshape(config.batch, -1) / 127.5 - 1
            noisy = flat + 0.01 * torch.randn_like(flat)
            loss = ((noisy @ weight.T @ weight - flat) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if step == int(os.environ.get("TOY_NAN_AT", -1)):
                loss = loss * float("nan")
            training.note(config.batch, loss=loss.detach())
            if training.preview_due:
                training.preview(pixels[:4].reshape(2, 2, SIZE, SIZE, 3))
            time.sleep(float(os.environ.get("TOY_PAUSE", 0)))
        flat = torch.from_numpy(np.array(pixels)).reshape(len(pixels), -1) / 127.5 - 1
        error = float(((flat @ weight.T @ weight - flat) ** 2).mean().detach())
        return save_backbone(
            folder, name=folder.name, family="toy", files={"toy.safetensors": {"weight": weight.detach()}}, provides=["codes"],
            licence="internal", input_size=SIZE, trained_on=images.name, quality={"error": error}, options={},
        )  # fmt: skip


class ToyFamily(BackboneFamily):
    def load(self, spec: BackboneSpec, files: Mapping[str, Path]) -> Any:
        return load_tensors(files["toy.safetensors"])["weight"].numpy()


class ToyEncoder(Encoder):
    """Codes by one model, or by two after each other."""

    def encode(self, images: ImageSet) -> Latents:
        models = self.backbone if isinstance(self.backbone, dict) else {"toy": self.backbone}
        weight = np.concatenate(list(models.values()))
        refs, rows, aside = [], [], []
        for ref, picture in images.decoded():
            if isinstance(picture, SetAside):
                aside.append(picture)
                continue
            refs.append(ref)
            rows.append(weight @ (square(picture, SIZE).reshape(-1).astype(np.float32) / 127.5 - 1))
        dimensions = tuple(Dimension(id=f"{slot}.{i}") for slot, model in models.items() for i in range(len(model)))
        space = Space(
            encoder="toy-codes", key=self.context.space_key, backbone=self.context.backbone_digest, dimensions=dimensions
        )
        values = np.array(rows, np.float32).reshape(-1, len(dimensions))
        return Latents(
            space=space, images=images.name, ids=tuple(r.id for r in refs), groups=tuple(r.group for r in refs), values=values,
            set_aside=tuple(aside),
        )  # fmt: skip


@hookimpl
def shiftlens_fitters() -> list[Card]:
    return [Card(id="toy", version=1, target="toy_fitter:ToyFitter", config="toy_fitter:ToyConfig", title="Linear codes")]


@hookimpl
def shiftlens_backbone_families() -> list[Card]:
    return [Card(id="toy", version=1, target="toy_fitter:ToyFamily")]


@hookimpl
def shiftlens_encoders() -> list[Card]:
    need, second = Need(slot="toy", protocol="codes"), Need(slot="second", protocol="codes")
    return [
        Card(id="toy-codes", version=1, target="toy_fitter:ToyEncoder", needs=need),
        Card(id="toy-pair", version=1, target="toy_fitter:ToyEncoder", needs=(need, second)),
    ]
