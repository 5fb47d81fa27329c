"""The StyleGAN2 generator (Karras et al. 2020, arXiv 1912.04958), a :class:`shiftlens.plugin.StyleGenerator`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Self, TypeVar

import torch
from torch import Tensor, nn

from ... import BackboneUnusable, UsageError
from ...plugin import Synthesis, quoted
from ...training import misfits
from .layers import channels, codes, is_size, resolutions, style_layers
from .modulated import EqualLinear, Noise, PixelNorm, StyledConv, ToRGB

LEARNING_RATE_OF_MAPPING = 0.01
N = TypeVar("N", bound=nn.Module)
_KERNELS = (".kernel",)


class Constant(nn.Module):
    """The learned input of 4 × 4."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.randn(1, width, 4, 4))


class Generator(nn.Module):
    """z -> w -> S -> image. Parameters have the names of the rosinality lineage, so its files load as they are.

    Args:
        size: side of the images, a power of two from 16 to 1024.
        w_dim: length of a code.
        z_dim: length of the latent that is mapped to a code; as ``w_dim`` by default.
        mapping: layers of the mapping network.
        channel_base: channels × resolution, 32768 in config f, 16384 at half width.
        channel_max: most channels of a block.

    Raises:
        UsageError: no such size.
    """

    latent_avg: Tensor

    def __init__(
        self, size: int, *, w_dim: int = 512, z_dim: int | None = None, mapping: int = 8, channel_base: int = 32768,
        channel_max: int = 512,
    ) -> None:  # fmt: skip
        super().__init__()
        if not is_size(size):
            raise UsageError(f"a generator of {size} px", hint="sizes are powers of two, 16 to 1024")
        self.size, self.w_dim, self.z_dim, self.n_w = size, w_dim, z_dim or w_dim, codes(size)
        self.layers = style_layers(size, channel_base, channel_max)
        self._widths = [layer.width for layer in self.layers]
        first = channels(4, channel_base, channel_max)
        self.style = nn.Sequential(
            PixelNorm(),
            *(
                EqualLinear(w_dim if i else self.z_dim, w_dim, rate=LEARNING_RATE_OF_MAPPING, active=True)
                for i in range(mapping)
            ),
        )
        self.input = Constant(first)
        self.conv1 = StyledConv(first, first, w_dim)
        self.to_rgb1 = ToRGB(first, w_dim)
        self.convs, self.to_rgbs, self.noises = nn.ModuleList(), nn.ModuleList(), nn.Module()
        self.noises.register_buffer("noise_0", torch.randn(1, 1, 4, 4))
        before = first
        for number, resolution in enumerate(resolutions(size)[1:]):
            width = channels(resolution, channel_base, channel_max)
            self.convs += [StyledConv(before, width, w_dim, up=True), StyledConv(width, width, w_dim)]
            self.to_rgbs.append(ToRGB(width, w_dim))
            for i in (1, 2):
                self.noises.register_buffer(f"noise_{2 * number + i}", torch.randn(1, 1, resolution, resolution))
            before = width
        self.register_buffer("latent_avg", torch.zeros(w_dim))
        self._runs = self._modules_by_layer()
        self._indices = [layer.w for layer in self.layers]

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """Make the generator that ``tensors`` are the weights of; everything about it is read off their shapes.

        Raises:
            BackboneUnusable: a tensor is missing, unexpected, or of a shape that does not fit.
        """
        return loaded(cls(**shape_of(tensors)), tensors)

    @property
    def w_mean(self) -> Tensor:
        """The mean of the mapped codes, ``(w_dim,)``."""
        return self.latent_avg

    def mapping(self, z: Tensor, truncation: float = 1.0) -> Tensor:
        """Give ``(images, w_dim)``; see :class:`shiftlens.plugin.StyleGenerator`."""
        w: Tensor = self.style(z)
        return w if truncation == 1 else self.latent_avg + truncation * (w - self.latent_avg)

    def styles(self, w: Tensor) -> Tensor:
        """Give S ``(images, sum of widths)``; see :class:`shiftlens.plugin.StyleGenerator`."""
        if w.shape[-1] != self.w_dim or w.ndim not in (2, 3) or (w.ndim == 3 and w.shape[1] != self.n_w):
            raise UsageError(
                f"codes of shape {tuple(w.shape)}", hint=f"(images, {self.w_dim}) or (images, {self.n_w}, {self.w_dim})"
            )
        pairs = zip(self._runs, self._indices, strict=True)
        return torch.cat([run.conv.modulation(w if w.ndim == 2 else w[:, i]) for run, i in pairs], dim=1)

    def synthesis(
        self, *, w: Tensor | None = None, styles: Tensor | None = None, noise: Noise = "fixed",
        capture: Collection[str] = (), inject: Mapping[str, Tensor] | None = None, until: str | None = None,
    ) -> Synthesis:  # fmt: skip
        """Make images; see :class:`shiftlens.plugin.StyleGenerator`."""
        inject = inject or {}
        self._check_names([*capture, *inject, *([until] if until else [])])
        split = self._split(w, styles)
        x = self.input.input.expand(len(split[0]), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        picture: Tensor | None = None
        features: dict[str, Tensor] = {}
        convolutions = 0
        for layer, run, style in zip(self.layers, self._runs, split, strict=True):
            if layer.kind == "rgb":
                picture = run(x, style, picture)
                continue
            grain = getattr(self.noises, f"noise_{convolutions}")
            convolutions += 1
            x = self._injected(layer.name, inject, x) if layer.name in inject else run(x, style, grain, noise)
            if layer.name in capture:
                features[layer.name] = x
            if layer.name == until:
                return Synthesis(x.new_empty(0, 3, self.size, self.size), features)
        assert picture is not None
        return Synthesis(picture, features)

    def _split(self, w: Tensor | None, styles: Tensor | None) -> tuple[Tensor, ...]:
        if (w is None) == (styles is None):
            raise UsageError("synthesis takes codes or styles, one of the two", hint="give w=… or styles=…")
        given = self.styles(w) if w is not None else styles
        assert given is not None
        if given.ndim != 2 or given.shape[1] != sum(self._widths):
            raise UsageError(f"styles of shape {tuple(given.shape)}", hint=f"(images, {sum(self._widths)})")
        return torch.split(given, self._widths, dim=1)

    def _injected(self, name: str, inject: Mapping[str, Tensor], x: Tensor) -> Tensor:
        feature = inject[name]
        at = next(i for i, layer in enumerate(self.layers) if layer.name == name)
        run, side = self._runs[at], self.layers[at].resolution
        wanted = (len(x), run.conv.weight.shape[1], side, side)
        if tuple(feature.shape) != wanted:
            raise UsageError(f"injected at {name}: shape {tuple(feature.shape)}", hint=f"{wanted}")
        return feature

    def _check_names(self, names: Collection[str]) -> None:
        known = [layer.name for layer in self.layers if layer.kind == "conv"]
        strange = [name for name in names if name not in known]
        if strange:
            raise UsageError(f"no layer {quoted(strange[0])} with a feature", hint=f"layers: {', '.join(known)}")

    def _modules_by_layer(self) -> list[StyledConv | ToRGB]:
        runs: list[StyledConv | ToRGB] = [self.conv1, self.to_rgb1]
        for block, rgb in enumerate(self.to_rgbs):
            runs += [self.convs[2 * block], self.convs[2 * block + 1], rgb]  # type: ignore[list-item]
        return runs


def shape_of(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """Read the arguments of :class:`Generator` off the shapes of its weights.

    Raises:
        BackboneUnusable: they are no weights of such a generator.
    """
    try:
        rgbs = sum(1 for name in tensors if name.startswith("to_rgbs.") and name.endswith(".conv.weight"))
        size = 4 << rgbs
        widths = [tensors["conv1.conv.weight"].shape[1]]
        widths += [tensors[f"convs.{2 * i + 1}.conv.weight"].shape[1] for i in range(rgbs)]
        w_dim, z_dim = tensors["style.1.weight"].shape
    except (KeyError, IndexError, ValueError) as error:
        raise BackboneUnusable(
            f"these are not the weights of a StyleGAN2 generator: {error} is missing or of another shape",
            hint="`shiftlens backbones import FILE` takes what other programs wrote",
        ) from None
    most = max(widths)
    narrower = [width * (4 << i) for i, width in enumerate(widths) if width < most]
    return {
        "size": size, "w_dim": w_dim, "z_dim": z_dim, "channel_max": most,
        "channel_base": narrower[0] if narrower else most * size,
        "mapping": sum(1 for name in tensors if name.startswith("style.") and name.endswith(".weight")),
    }  # fmt: skip


def loaded(network: N, tensors: Mapping[str, Tensor]) -> N:
    """Fill ``network`` with ``tensors``, every one of them and no other.

    Raises:
        BackboneUnusable: a tensor is missing, unexpected, or of a shape that does not fit.
    """
    given = {name: tensor for name, tensor in tensors.items() if not name.endswith(_KERNELS)}
    if said := misfits(given, network.state_dict(), strange=str):
        raise BackboneUnusable(
            f"the weights do not fit {type(network).__name__}: {said}",
            hint="conditional models and other architectures are not supported; check the file",
        )
    network.load_state_dict({name: tensor.float() for name, tensor in given.items()}, strict=True)
    return network
