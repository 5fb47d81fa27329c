"""The networks of a training, their optimisers, and what a checkpoint keeps of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from ...training import descend, update_average
from .cheap import Linear, Repair
from .discriminator import Discriminator
from .fit_config import McdutConfig
from .heads import Consistency, PatchHeads
from .network import Generator, initialise
from .schedule import Course

_BETAS = (0.5, 0.999)


class Networks:
    """Everything that a step changes. Several processes share gradients, and so keep the same weights.

    ``embeddings``, ``real`` and ``fake``, are those of domain consistency, where there is any; they learn with the heads.

    Args:
        config: the options.
        accelerator: device, precision and processes.
    """

    def __init__(self, config: McdutConfig, accelerator: Accelerator) -> None:
        self.config, self.accelerator = config, accelerator
        self.layers = sorted(config.layers)
        self.course = Course(config.constant, config.decay)
        self.generator = Generator(
            config.ngf, config.blocks, config.dca,
            antialias=config.antialias, dropout=config.dropout, skip=config.skip, smooth=config.smooth,
        )  # fmt: skip
        self.heads = PatchHeads(self.generator.widths(self.layers), config.width)
        self.judge = Discriminator(config.ndf)
        self.embeddings: dict[str, Consistency] = {}
        for network in self.named().values():
            initialise(network)
        if (about := config.consistency) is not None:
            real, fake = (Consistency(len(self.layers)) for _ in range(2))
            self.embeddings = {"real": real, "fake": real if about.share else fake}
            for embedding in self.embeddings.values():
                initialise(embedding, about.gain)
                embedding.requires_grad_(about.train)
        for network in self.named().values():
            network.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False) if config.average else self.generator
        self.optimisers = {
            "generator": accelerator.prepare(_adam([self.generator], config.rate)),
            "heads": accelerator.prepare(_adam([self.heads, *dict.fromkeys(self.embeddings.values())], config.rate)),
            "judge": accelerator.prepare(_adam([self.judge], config.rate)),
        }

    def named(self) -> dict[str, nn.Module]:
        """Give the networks that learn, or could, by name; a shared one once."""
        found: dict[str, nn.Module] = {"generator": self.generator, "heads": self.heads, "judge": self.judge}
        for name, one in self.embeddings.items():
            if name == "real" or one is not self.embeddings["real"]:
                found[name] = one
        return found

    def begin(self, repair: Repair) -> None:
        """Let a generator with a skip begin as a linear repair of pictures in 0..1."""
        assert isinstance(repair, Linear)
        offset = repair.matrix.sum(axis=0) + 2 * repair.offset - 1
        for network in (self.generator, self.average):
            network.skip.copy_(torch.from_numpy(np.vstack([repair.matrix, offset])))

    def laid(self, images: Tensor) -> Tensor:
        """Give images where and as the networks want them."""
        return images.to(self.accelerator.device).contiguous(memory_format=torch.channels_last)

    def descend(self, names: tuple[str, ...], loss: Tensor) -> None:
        """Step down the gradient of ``loss``, a mean over all processes, with the optimisers of ``names``."""
        descend(self.accelerator, loss, *(self.optimisers[name] for name in names))

    def set_rates(self, epoch: float) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = self.config.rate * self.course.factor(epoch)

    def follow(self, number: int) -> None:
        """Let the averaged weights follow after step ``number``, from 1."""
        if not self.config.average:
            return
        images = self.config.batch * self.accelerator.num_processes
        update_average(self.average, self.generator, images=images, number=number, half_life=1000 * self.config.average)

    def state(self) -> dict[str, Any]:
        """Give all that a checkpoint keeps."""
        scaler = self.accelerator.scaler
        return {
            "networks": {name: network.state_dict() for name, network in self.named().items()},
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "average": self.average.state_dict() if self.config.average else None,
            "scaler": None if scaler is None else scaler.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what :meth:`state` gave."""
        for name, network in self.named().items():
            network.load_state_dict(state["networks"][name])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        if self.config.average:
            self.average.load_state_dict(state["average"])
        if self.accelerator.scaler is not None and state["scaler"] is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])


def _adam(networks: Sequence[nn.Module], rate: float) -> torch.optim.Adam:
    parameters = [p for network in networks for p in network.parameters() if p.requires_grad]
    return torch.optim.Adam(parameters, lr=rate, betas=_BETAS)
