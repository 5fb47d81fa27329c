"""The generator of CUT (Park et al. 2020, arXiv 2007.15651) with the names of its published tensors, and its variants."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ... import UsageError
from .dca import CoordinateAttention, ReleasedAttention
from .norm import InstanceNorm
from .resampling import BlurDown, BlurUp, check_filters
from .variants import Attention, Shape, check_fit, shape_of, without_statistics

LAYERS = (0, 4, 8, 12, 16)
"""Published layers of the contrastive loss: places in ``Generator.model``."""
MULTIPLE = 4
"""Sides of images are multiples of this."""
_GAIN = 0.02
_WHITEST = 1 - 2**-9
"""Beyond it, ``skip`` takes black and white for a quarter of a grey level less, since theirs would be infinite."""


class Block(nn.Module):
    """A residual block of two convolutions."""

    def __init__(self, channels: int, *, dropout: bool) -> None:
        super().__init__()
        between = [nn.Dropout(0.5)] if dropout else []
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), InstanceNorm(), nn.ReLU(True), *between,
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), InstanceNorm(),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Give a map of the same shape."""
        change: Tensor = self.conv_block(x)
        return x + change


class Generator(nn.Module):
    """ResNet generator: ``(images, 3, rows, columns)`` in -1..1 to the same; sides are multiples of 4.

    Layer ``i`` of the contrastive loss is the output of ``model[i]``; layer 0 is the padded picture itself. With attention,
    which stands at place 4, every later place moves by one.

    Args:
        ngf: channels of the first convolution.
        blocks: residual blocks.
        attention: dual coordinate attention after the first activation, if any.
        antialias: resample with blurs; strided and transposed convolutions (as CycleGAN has them) otherwise.
        dropout: between the convolutions of blocks, while training.
        skip: what it makes is added, before the tanh, to the picture after a linear map of its colours. Unpublished.
        smooth: with skip, the length in px of the Gaussian that blurs what is added, odd; 0 for none.
    """

    skip: Tensor
    smooth: Tensor

    def __init__(
        self, ngf: int = 64, blocks: int = 9, attention: Attention = "none", *,
        antialias: bool = True, dropout: bool = False, skip: bool = False, smooth: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.shape = Shape(ngf, blocks, attention, antialias, dropout, skip, smooth)
        if skip:
            self.register_buffer("skip", torch.eye(4, 3))
        if smooth:
            self.register_buffer("smooth", _gaussian(smooth))
        start = [nn.ReflectionPad2d(3), nn.Conv2d(3, ngf, 7), InstanceNorm(), nn.ReLU(True)]
        if attention != "none":
            start.append(ReleasedAttention(ngf) if attention == "released" else CoordinateAttention(ngf))
        parts = [*start, *_down(ngf, antialias), *_down(2 * ngf, antialias)]
        parts += [Block(4 * ngf, dropout=dropout) for _ in range(blocks)]
        parts += [*_up(4 * ngf, antialias), *_up(2 * ngf, antialias)]
        self.model = nn.Sequential(*parts, nn.ReflectionPad2d(3), nn.Conv2d(ngf, 3, 7), nn.Tanh())

    def forward(self, images: Tensor) -> Tensor:
        """Give the translated images."""
        return self.tapped(images, ())[0]

    def finished(self, made: Tensor, images: Tensor) -> Tensor:
        """Give the translated ``images`` from what the last convolution made of them."""
        if not self.shape.skip:
            return torch.tanh(made)
        added = _blurred(made, self.smooth) if self.shape.smooth else made.float()
        return torch.tanh(added + self.start(images).atanh())

    def start(self, images: Tensor) -> Tensor:
        """Give what it begins with, where it has a ``skip``: the colours of ``images`` times its first rows, plus its last."""
        mapped = torch.einsum("nihw,io->nohw", images.float(), self.skip[:3]) + self.skip[3, :, None, None]
        return mapped.clamp(-_WHITEST, _WHITEST)

    def tapped(self, images: Tensor, layers: Collection[int]) -> tuple[Tensor, list[Tensor]]:
        """Give the translated images and the maps of ``layers``, in rising order, of the same pass."""
        found, x = [], images
        for place, part in enumerate(list(self.model)[:-1]):
            x = part(x)
            if place in layers:
                found.append(x)
        return self.finished(x, images), found

    def features(self, images: Tensor, layers: Collection[int]) -> list[Tensor]:
        """Give the maps of ``layers``, in rising order; what comes after the last is not computed."""
        found, x = [], images
        for place, part in enumerate(list(self.model)[: max(layers) + 1]):
            x = part(x)
            if place in layers:
                found.append(x)
        return found

    def widths(self, layers: Collection[int]) -> list[int]:
        """Give the channels of ``layers``, in rising order.

        Raises:
            UsageError: a layer is none of its places before the decoder, or one whose map is overwritten by the next part.
        """
        last = max(i for i, part in enumerate(self.model) if isinstance(part, Block))
        found, channels = [], 3
        for place, part in enumerate(list(self.model)[: last + 1]):
            channels = part.out_channels if isinstance(part, nn.Conv2d) else channels
            if place not in layers:
                continue
            if isinstance(part, InstanceNorm):
                raise UsageError(f"layer {place} is a norm, whose map the activation overwrites", hint=f"take {place - 1}")
            found.append(channels)
        if len(found) != len(set(layers)):
            raise UsageError(f"layers {sorted(layers)}: this generator's are 0 to {last}", hint="see the option layers")
        return found

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Generator:
        """Make the generator whose tensors these are; statistics of norms, which old files carry, are left out.

        Raises:
            BackboneUnusable: they are no generator's; what does not fit is named.
        """
        found = without_statistics(tensors)
        shape = shape_of(found)
        with torch.device("meta"):
            check_fit("generator", found, cls.of_shape(shape))
        check_filters(found)
        network = cls.of_shape(shape)
        network.load_state_dict(found)
        return network

    @classmethod
    def of_shape(cls, shape: Shape) -> Generator:
        """Make a generator of a shape, its weights as torch draws them."""
        return cls(
            shape.ngf, shape.blocks, shape.attention,
            antialias=shape.antialias, dropout=shape.dropout, skip=shape.skip, smooth=shape.smooth,
        )  # fmt: skip


def initialise(network: nn.Module, gain: float = _GAIN) -> None:
    """Draw all weights as published: Xavier, normal, of a small gain; biases are 0."""
    for part in network.modules():
        if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d, nn.Conv1d, nn.Linear)):
            nn.init.xavier_normal_(part.weight, gain)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def _gaussian(length: int) -> Tensor:
    """Give the weights of a Gaussian over three deviations to either side."""
    place = torch.arange(length) - (length - 1) / 2
    weights = torch.exp(-0.5 * (6 * place / length) ** 2)
    return weights / weights.sum()


def _blurred(x: Tensor, weights: Tensor) -> Tensor:
    """Blur maps along rows and columns, in full precision; beyond the border they go on as they end."""
    length = len(weights)
    with torch.autocast(x.device.type, enabled=False):
        wide = F.pad(x.float().flatten(0, 1)[:, None].contiguous(), [length // 2] * 4, mode="replicate")
        for shape in ((1, 1, length, 1), (1, 1, 1, length)):
            wide = F.conv2d(wide, weights.view(shape))
    return wide.reshape(x.shape)


def _down(channels: int, antialias: bool) -> list[nn.Module]:
    wide = 2 * channels
    if not antialias:
        return [nn.Conv2d(channels, wide, 3, 2, 1), InstanceNorm(), nn.ReLU(True)]
    return [nn.Conv2d(channels, wide, 3, 1, 1), InstanceNorm(), nn.ReLU(True), BlurDown(wide)]


def _up(channels: int, antialias: bool) -> list[nn.Module]:
    half = channels // 2
    if not antialias:
        return [nn.ConvTranspose2d(channels, half, 3, 2, 1, output_padding=1), InstanceNorm(), nn.ReLU(True)]
    return [BlurUp(channels), nn.Conv2d(channels, half, 3, 1, 1), InstanceNorm(), nn.ReLU(True)]
