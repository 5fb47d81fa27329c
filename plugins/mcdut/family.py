"""Family ``mcdut``: weights to a translator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ... import BackboneSpec, BackboneUnusable
from ...plugin import BackboneFamily, quoted
from ...training import load_tensors
from .cheap import Repair, of_arrays
from .config import METHODS, McdutOptions
from .model import Mcdut
from .network import Generator

GENERATOR, HEADS, DISCRIMINATOR = "generator.safetensors", "heads.safetensors", "discriminator.safetensors"
CONSISTENCY, REPAIRS = "consistency.safetensors", "repairs.safetensors"
_PUBLISHED = "_net_G.pth"


class McdutFamily(BackboneFamily):
    """Translators of the CUT kind: with or without attention, anti-aliasing and dropout, which their tensors say."""

    def load(self, spec: BackboneSpec, files: Mapping[str, Path]) -> Mcdut:
        """Make the model; see :class:`shiftlens.plugin.BackboneFamily`. Only the generator is needed.

        Raises:
            BackboneUnusable: a file is missing, or the weights do not fit.
            UnsafeWeights: the file would have to run code.
        """
        options = spec.options_as(McdutOptions)
        if spec.input_range != "-1..1":
            raise BackboneUnusable(
                f"backbone {spec.name!r}: images of this family are -1..1, not {spec.input_range}",
                hint="mend the card",
            )
        found = {Path(name).name: path for name, path in files.items()}
        generators = [path for name, path in sorted(found.items()) if name == GENERATOR or name.endswith(_PUBLISHED)]
        if len(generators) != 1:
            raise BackboneUnusable(
                f"backbone {spec.name!r}: one generator is expected, {len(generators)} found among: {', '.join(found)}",
                hint=f"it is called {GENERATOR} or …{_PUBLISHED}",
            )
        try:
            generator = Generator.from_tensors(load_tensors(generators[0]))
        except BackboneUnusable as error:
            raise BackboneUnusable(f"backbone {spec.name!r}: {error.message}", hint=error.hint) from None
        device = self.context.device
        generator.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        repairs = _repairs(load_tensors(found[REPAIRS])) if REPAIRS in found else {}
        winner = None if options.verdict is None else options.verdict.winner
        if winner not in (None, "network", *repairs):
            raise BackboneUnusable(
                f"backbone {spec.name!r}: its winner is {quoted(winner)}, but {REPAIRS} does not hold it", hint="mend the card"
            )
        return Mcdut(generator, repairs, options.verdict, options.limits, device)


def _repairs(tensors: Mapping[str, Tensor]) -> dict[str, Repair]:
    arrays: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in tensors.items():
        repair, _, part = name.partition(".")
        arrays.setdefault(repair, {})[part] = tensor.numpy().astype(np.float64)
    try:
        return {name: of_arrays(name, some) for name, some in arrays.items() if name in METHODS}
    except KeyError as error:
        raise BackboneUnusable(f"{REPAIRS}: {error} is missing", hint="fit again") from None
