"""Style models for tests: a random generator, and encoders that know the codes of what it made, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shiftlens import RunOutcome
from shiftlens.plugin import Context, ImageRef, ImageSet, Latents, Picture, StyleLayer, Synthesis
from shiftlens.plugins.stylediff.config import StyleDiffConfig
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.plugins.stylegan2.generator import Generator
from shiftlens.plugins.stylespace.config import StyleConfig, TraverseConfig
from shiftlens.plugins.stylespace.encoder import StyleSpaceEncoder
from shiftlens.plugins.stylespace.traverse import StyleTraverser

SIZE = 32
QUICK = StyleDiffConfig(permutations=199, bootstrap=50, self_splits=0)


def generator(seed: int = 0, *, size: int = SIZE, gain: float = 1.0) -> Generator:
    """A random generator; ``gain`` spreads what its codes do."""
    torch.manual_seed(seed)
    made = Generator(size, w_dim=16, mapping=2, channel_base=512, channel_max=12)
    with torch.no_grad():
        for layer in made.convs:
            layer.noise.weight.fill_(0.05)
        for name, weight in made.named_parameters():
            if name.endswith("modulation.weight"):
                weight.mul_(gain)
        made.latent_avg.copy_(made.mapping(torch.randn(500, 16)).mean(0))
    return made.eval().requires_grad_(False)


class Direct:
    """The same generator, but a code in W+ *is* the styles: one row a layer, so that any S is the S of some code."""

    def __init__(self, inner: Generator) -> None:
        self.inner, self.size, self.z_dim = inner, inner.size, inner.z_dim
        self.layers = tuple(replace(layer, w=i) for i, layer in enumerate(inner.layers))
        self.n_w, self.w_dim = len(self.layers), max(layer.width for layer in self.layers)
        self.w_mean = self.code(inner.styles(inner.w_mean[None]))[0].mean(0)

    def code(self, styles: Tensor) -> Tensor:
        """The code of given styles."""
        parts = styles.split([layer.width for layer in self.layers], dim=1)
        return torch.stack([torch.nn.functional.pad(p, (0, self.w_dim - p.shape[1])) for p in parts], dim=1)

    def mapping(self, z: Tensor, truncation: float = 1.0) -> Tensor:
        return self.code(self.inner.styles(self.inner.mapping(z, truncation))).mean(1)

    def styles(self, w: Tensor) -> Tensor:
        w = w if w.ndim == 3 else w[:, None].expand(-1, self.n_w, -1)
        return torch.cat([w[:, i, : layer.width] for i, layer in enumerate(self.layers)], dim=1)

    def synthesis(self, *, w: Tensor | None = None, styles: Tensor | None = None, **more: Any) -> Synthesis:
        return self.inner.synthesis(styles=self.styles(w) if w is not None else styles, **more)


class Knowing:
    """An encoder that looks pictures up; what it never saw gets the mean code."""

    def __init__(self, size: int, mean: Tensor) -> None:
        self.size, self.mean = size, mean
        self.known: dict[bytes, Tensor] = {}

    def encode(self, images: Tensor) -> Tensor:
        keys = [key_of(image) for image in images]
        return torch.stack([self.known.get(key, self.mean) for key in keys])


def key_of(image: Tensor) -> bytes:
    return bytes(((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy().tobytes())


@dataclass(frozen=True)
class Model:
    generator: Any
    encoder: Any
    error_limit: float | None = 0.02


@dataclass(frozen=True)
class Shelf:
    """An image source of arrays."""

    pictures: Mapping[str, np.ndarray]

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        return Picture(self.pictures[ref.id], 255.0)


def model(seed: int = 0, **more: Any) -> Model:
    """An exact model: whatever styles a picture was made of, its encoder finds them."""
    direct = Direct(generator(seed, **more))
    mean = direct.w_mean[None].expand(direct.n_w, -1)
    return Model(direct, Knowing(direct.size, mean))


def styles_of(model: Model, count: int, seed: int) -> Tensor:
    """Styles of random codes."""
    z = torch.randn(count, model.generator.z_dim, generator=torch.Generator().manual_seed(seed))
    return model.generator.inner.styles(model.generator.inner.mapping(z))


def made(model: Model, styles: Tensor, name: str) -> ImageSet:
    """The images of styles, which the model's encoder knows from then on."""
    return known(model, model.generator.code(styles), name)


def known(model: Model, codes: Tensor, name: str) -> ImageSet:
    """The images of codes in W+, which the model's encoder knows from then on."""
    images = torch.cat([model.generator.synthesis(w=some).images for some in codes.split(8)])
    pictures = {}
    for i, (image, code) in enumerate(zip(images.clamp(-1, 1), codes, strict=True)):
        pixels = ((image + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
        model.encoder.known[pixels.tobytes()] = code
        pictures[f"{i:04d}.png"] = pixels
    return shelf(pictures, name)


def shelf(pictures: Mapping[str, np.ndarray], name: str) -> ImageSet:
    """A set of arrays ``(rows, columns, 3)``."""
    refs = tuple(ImageRef(i, f"{name}-{i}", f"{name}:{i}") for i in pictures)
    return ImageSet(name, refs, Shelf(pictures), origin=f"/data/{name}")


def layer_of(model: Model, name: str) -> StyleLayer:
    return next(layer for layer in model.generator.layers if layer.name == name)


def place_of(model: Model, channel: str) -> int:
    """The index in S of a channel such as ``b8.conv0/3``."""
    name, _, number = channel.partition("/")
    start = 0
    for layer in model.generator.layers:
        if layer.name == name:
            return start + int(number)
        start += layer.width
    raise KeyError(channel)


def encoded(model: Model, images: ImageSet, config: StyleConfig | None = None) -> Latents:
    """The codes of a set."""
    with StyleSpaceEncoder(config or StyleConfig(), backbone=model) as encoder:
        return encoder.encode(images)


def finished(
    model: Model, development: ImageSet, site: ImageSet, *, config: StyleConfig | None = None,
    traverse: TraverseConfig | None = None, language: str = "en",
) -> RunOutcome:  # fmt: skip
    """A whole run in the style space, step by step."""
    reference, target = encoded(model, development, config), encoded(model, site, config)
    scores = StyleDiff(QUICK, context=Context()).score(reference, target)
    made = StyleTraverser(traverse or TraverseConfig(), backbone=model).traverse(development, site, reference, target, scores)
    sides = {"reference": "development_style", "target": "site_style"}
    return RunOutcome(
        pipeline="compare",
        inputs={"development": development, "site": site},
        values={"development_style": reference, "site_style": target, "style": scores, "style_traversals": made},
        wiring={
            "development_style": {"images": "development"},
            "site_style": {"images": "site"},
            "style": sides,
            "style_traversals": {"reference_images": "development", "target_images": "site", **sides, "scores": "style"},
        },
        manifest={"seed": 0, "backbones": {}},
        language=language,
    )
