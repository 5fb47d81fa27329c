"""The networks of the fitter ``stylegan2`` and one step of their contest (Karras et al. 2020, arXiv 1912.04958)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from ...training import descend, update_average
from .augment import EVERY, adjusted, augmented
from .discriminator import Discriminator
from .fit_config import GanConfig
from .generator import Generator
from .losses import against_made, against_real, gradient_penalty, path_lengths

LAZY_PENALTY, LAZY_PATH = 16, 4
"""Steps between two penalties; each then counts as much as those left out, and Adam's memory is shortened to match."""
_PATH_DECAY = 0.01


class Gan:
    """Everything that one step changes. Several processes share gradients, and so keep the same weights.

    Args:
        config: the options.
        accelerator: device, precision and processes.
    """

    def __init__(self, config: GanConfig, accelerator: Accelerator) -> None:
        self.config, self.accelerator = config, accelerator
        shape: dict[str, int] = {"channel_base": config.channel_base, "channel_max": config.channel_max}
        device = accelerator.device
        self.generator = Generator(config.size, w_dim=config.w_dim, mapping=config.mapping, **shape).to(device)
        self.judge = Discriminator(config.size, **shape).to(device)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.optimiser = accelerator.prepare(_adam(self.generator, config.rate, LAZY_PATH if config.path else 0))
        self.against = accelerator.prepare(_adam(self.judge, config.rate, LAZY_PENALTY))
        self.p = torch.zeros((), device=device)
        self._sureness = torch.zeros((), device=device)
        self._path_mean = torch.zeros((), device=device)

    def step(self, images: Tensor, number: int) -> dict[str, Tensor]:
        """Take one step and give its losses.

        Args:
            images: ``(batch, 3, size, size)`` in -1..1, real ones.
            number: of the step, from 1.
        """
        self.judge.requires_grad_(False)
        with self.accelerator.autocast():
            made = self.generator.synthesis(w=self.codes(len(images)), noise="random").images
            loss = against_real(self.judge(self._seen(made)))
        descend(self.accelerator, loss, self.optimiser)
        losses = {"generator": loss.detach()}
        if self.config.path and number % LAZY_PATH == 0:
            losses["path"] = self._path(max(1, len(images) // 2))
        self.judge.requires_grad_(True)
        with torch.no_grad():
            real, fake = self._seen(images), self._seen(made.detach().float())
        with self.accelerator.autocast():
            logits = self.judge(real)
            loss = against_real(logits) + against_made(self.judge(fake))
        descend(self.accelerator, loss, self.against)
        losses |= {"discriminator": loss.detach(), "real": logits.detach().mean()}
        if number % LAZY_PENALTY == 0:
            losses["penalty"] = self._penalty(real)
        self._adjust(logits.detach(), number)
        shown = len(images) * self.accelerator.num_processes
        update_average(self.average, self.generator, images=shown, number=number, half_life=1000 * self.config.average)
        return losses | ({"augmentation": self.p.clone()} if self.config.augment else {})

    def codes(self, count: int) -> Tensor:
        """Give ``(count, n_w, w_dim)``: of one z, or of one below a random layer and of another above it."""
        network, device = self.generator, self.accelerator.device
        one, other = network.mapping(torch.randn(2 * count, network.z_dim, device=device))[:, None].chunk(2)
        cut = torch.randint(1, network.n_w, (count,), device=device)
        cut = torch.where(torch.rand(count, device=device) < self.config.mixing, cut, network.n_w)
        below = torch.arange(network.n_w, device=device) < cut[:, None]
        return torch.where(below[..., None], one, other)

    def _seen(self, images: Tensor) -> Tensor:
        return augmented(images, self.p) if self.config.augment else images

    def _path(self, count: int) -> Tensor:
        """Make the picture move equally far for a step of its code in every direction."""
        codes = self.codes(count)
        lengths = path_lengths(self.generator.synthesis(w=codes, noise="random").images, codes)
        mean = self._path_mean + _PATH_DECAY * (lengths.mean() - self._path_mean)
        self._path_mean = self.accelerator.reduce(mean.detach(), "mean")
        penalty = (lengths - mean.detach()).square().mean()
        descend(self.accelerator, penalty * (self.config.path * LAZY_PATH), self.optimiser)
        return penalty.detach()

    def _penalty(self, real: Tensor) -> Tensor:
        """Penalise the gradient at the pictures as the discriminator saw them: sampling has no second derivative."""
        size, weight = self.config.size, self.config.r1
        if weight is None:
            weight = 2e-4 * size**2 / (len(real) * self.accelerator.num_processes)
        penalty = gradient_penalty(self.judge, real)
        descend(self.accelerator, penalty * (weight / 2 * LAZY_PENALTY), self.against)
        return penalty.detach()

    def _adjust(self, logits: Tensor, number: int) -> None:
        if not self.config.augment:
            return
        self._sureness += torch.sign(logits).mean() / EVERY
        if number % EVERY:
            return
        shown = len(logits) * EVERY * self.accelerator.num_processes
        sureness = self.accelerator.reduce(self._sureness, "mean")
        config = self.config
        self.p = adjusted(self.p, sureness, shown, target=config.augment_target, until=1000 * config.augment_images)
        self._sureness = torch.zeros_like(self._sureness)

    def state(self) -> dict[str, Any]:
        """Give all that a checkpoint keeps."""
        networks = {name: getattr(self, name).state_dict() for name in _NETWORKS}
        return networks | {name: getattr(self, name) for name in _NUMBERS}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what :meth:`state` gave."""
        for name in _NETWORKS:
            getattr(self, name).load_state_dict(state[name])
        for name in _NUMBERS:
            setattr(self, name, state[name].to(self.accelerator.device))


_NETWORKS = ("generator", "judge", "average", "optimiser", "against")
_NUMBERS = ("p", "_sureness", "_path_mean")


def _adam(network: nn.Module, rate: float, lazy: int) -> torch.optim.Adam:
    kept = lazy / (lazy + 1) if lazy else 1.0
    return torch.optim.Adam(network.parameters(), lr=rate * kept, betas=(0.0, 0.99**kept))


@torch.no_grad()
def set_mean_code(generator: Generator, count: int = 10_000) -> None:
    """Set the mean code, over ``count`` mapped z of seed 0."""
    z = torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(0))
    generator.latent_avg.copy_(generator.mapping(z.to(generator.latent_avg.device)).mean(dim=0))
