"""Family ``stylegan2``: weights to a generator and its encoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ... import BackboneSpec, BackboneUnusable
from ...plugin import BackboneFamily
from ...training import load_tensors
from .config import Stylegan2Options
from .generator import Generator
from .model import Stylegan2
from .small import SmallEncoder

GENERATOR, ENCODER = "generator.safetensors", "encoder.safetensors"


class Stylegan2Family(BackboneFamily):
    """StyleGAN2 generators from 16 to 1024 px, of any width, with an encoder where there is one."""

    def load(self, spec: BackboneSpec, files: Mapping[str, Path]) -> Stylegan2:
        """Make the model; see :class:`shiftlens.plugin.BackboneFamily`.

        Raises:
            BackboneUnusable: a file is missing, or the weights do not fit.
        """
        options = spec.options_as(Stylegan2Options)
        found = {Path(name).name: path for name, path in files.items()}
        if GENERATOR not in found:
            raise BackboneUnusable(
                f"backbone {spec.name!r}: no {GENERATOR} among {', '.join(found)}",
                hint="`shiftlens backbones import FILE` writes it from other formats",
            )
        generator = self._ready(Generator.from_tensors(load_tensors(found[GENERATOR])), spec)
        if options.encoder is None:
            return Stylegan2(generator, None, options.error_limit)
        if ENCODER not in found:
            raise BackboneUnusable(
                f"backbone {spec.name!r}: options.encoder is {options.encoder}, but {ENCODER} is not among its files",
                hint="add the file, or drop the option",
            )
        encoder = self._ready(_encoder(options.encoder, load_tensors(found[ENCODER]), generator), spec)
        if (encoder.n_w, encoder.w_dim) != (generator.n_w, generator.w_dim):
            raise BackboneUnusable(
                f"backbone {spec.name!r}: the encoder gives {encoder.n_w} codes of {encoder.w_dim}, the generator takes "
                f"{generator.n_w} of {generator.w_dim}",
                hint="an encoder belongs to the generator that it was trained for",
            )
        return Stylegan2(generator, encoder, options.error_limit)

    def _ready(self, network: nn.Module, spec: BackboneSpec) -> Any:
        if spec.input_range != "-1..1":
            raise BackboneUnusable(
                f"backbone {spec.name!r}: images of this family are -1..1, its card says {spec.input_range}",
                hint="mend the card",
            )
        return network.eval().requires_grad_(False).to(self.context.device)


def _encoder(kind: str, tensors: Mapping[str, Tensor], generator: Generator) -> Any:
    if kind == "small":
        return SmallEncoder.from_tensors(tensors)
    from .e4e import E4eEncoder

    return E4eEncoder.from_tensors(tensors, generator.latent_avg)
