"""The losses of the fitter ``style-encoder`` and one step of it, after e4e (Tov et al. 2021, arXiv 2102.02766)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ... import UsageError
from ...plugin import Features
from ...training import descend
from .e4e import WIDTH, E4eEncoder
from .fit_config import EncoderFitConfig
from .generator import Generator
from .layers import even
from .losses import against_made, against_real, gradient_penalty
from .perceptual import LAYERS, Perceptual
from .small import SmallEncoder

POOL = 50
"""Codes that are kept, so that the critic also sees earlier ones."""
LAZY = 16
CRITIC_RATE = 0.2
"""Learning rate of the critic of codes, relative to the encoder's."""
_LAST = 0.3
"""Share of the budget over which the learning rate falls at the end."""


class EncoderStep:
    """Everything that one step changes: an encoder and a critic of its codes. The generator is frozen.

    Differs from the published training: Adam instead of Ranger; features of any network instead of LPIPS and a face or MoCo
    network; deltas come in by share of the budget; the learning rate falls at the end.

    Args:
        config: the options.
        generator: what the codes are for.
        features: the network of the feature losses.
        accelerator: device, precision and processes.

    Raises:
        UsageError: the architecture is for codes of another length.
    """

    def __init__(self, config: EncoderFitConfig, generator: Generator, features: Features, accelerator: Accelerator) -> None:
        self.config, self.generator, self.accelerator = config, generator, accelerator
        self.features, self.perceptual = features, Perceptual(features)
        self.encoder: Any = fresh(config, generator).to(accelerator.device)
        layers: list[nn.Module] = []
        for _ in range(3):
            layers += [nn.Linear(generator.w_dim, generator.w_dim), nn.LeakyReLU(0.2)]
        self.critic = nn.Sequential(*layers, nn.Linear(generator.w_dim, 1)).to(accelerator.device)
        self.optimiser = accelerator.prepare(torch.optim.Adam(self.encoder.parameters(), lr=config.rate, betas=(0.9, 0.99)))
        self.against = accelerator.prepare(torch.optim.Adam(self.critic.parameters(), lr=config.rate * CRITIC_RATE))
        self.mapped, self.found = Pool(generator.w_dim), Pool(generator.w_dim)

    def step(self, images: Tensor, number: int, spent: float) -> dict[str, Tensor]:
        """Take one step and give its losses.

        Args:
            images: ``(batch, 3, size, size)`` in -1..1, of the encoder's size.
            number: of the step, from 1.
            spent: share of the budget that is spent, 0..1.
        """
        self._set_rates(spent)
        active = active_deltas(spent, self.generator.n_w - 1, self.config.deltas_from, self.config.deltas_until)
        self.encoder.train()
        self.critic.requires_grad_(False)
        with self.accelerator.autocast():
            first, deltas = self.encoder(images)
            deltas = deltas * (torch.arange(deltas.shape[1], device=deltas.device) <= active)[:, None]
            codes = self.encoder.latent_avg + first[:, None] + deltas
            made = self.generator.synthesis(w=codes).images
            losses = self._likeness(*at_one_size(images, made))
            losses["delta"] = self.config.delta * deltas[:, 1:].float().norm(dim=2).sum(dim=1).mean()
            if self.config.adversarial:
                losses["adversarial"] = self.config.adversarial * against_real(self.critic(codes[:, : active + 1]))
        descend(self.accelerator, torch.stack([loss.float() for loss in losses.values()]).sum(), self.optimiser)
        said = {name: loss.detach() for name, loss in losses.items()}
        return said | (self._criticise(codes.detach().float(), active, number) if self.config.adversarial else {})

    def _likeness(self, images: Tensor, made: Tensor) -> dict[str, Tensor]:
        config, deepest = self.config, self.features.layers[-2]
        layers = {*self.features.layers[:LAYERS], deepest}
        losses = {"pixels": config.pixels * F.mse_loss(made, images)}
        if not (config.perceptual or config.cosine):
            return losses
        with torch.no_grad():
            wanted = self.features.activations(images, layers)
        found = self.features.activations(made, layers)
        apart = self.perceptual.between(*(self.perceptual.normalised(maps) for maps in (found, wanted)))
        losses["perceptual"] = config.perceptual * apart.mean()
        one, other = (maps[deepest].float().mean(dim=(2, 3)) for maps in (found, wanted))
        alike = F.cosine_similarity(one, other)
        losses["cosine"] = config.cosine * (1 - alike).mean()
        return losses

    def _criticise(self, codes: Tensor, active: int, number: int) -> dict[str, Tensor]:
        """Teach the critic which codes are mapped and which are found."""
        self.critic.requires_grad_(True)
        batch = len(codes)
        with torch.no_grad():
            mapped = self.generator.mapping(torch.randn(batch, self.generator.z_dim, device=codes.device))
        one = torch.randint(active + 1, (batch,), device=codes.device)
        real = self.mapped.exchanged(mapped)
        found = self.found.exchanged(codes[torch.arange(batch, device=codes.device), one])
        loss = against_real(self.critic(real)) + against_made(self.critic(found))
        if number % LAZY == 0:
            loss = loss + gradient_penalty(lambda w: self.critic(w)[:, 0], real) * (self.config.r1 / 2 * LAZY)
        descend(self.accelerator, loss, self.against)
        return {"critic": loss.detach()}

    def _set_rates(self, spent: float) -> None:
        factor = 0.05 + 0.95 * min(1.0, (1 - spent) / _LAST)
        for optimiser, share in ((self.optimiser, 1.0), (self.against, CRITIC_RATE)):
            for group in optimiser.param_groups:
                group["lr"] = self.config.rate * share * factor

    def state(self) -> dict[str, Any]:
        """Give all that a checkpoint keeps."""
        parts = {name: getattr(self, name).state_dict() for name in ("encoder", "critic", "optimiser", "against")}
        return parts | {"mapped": self.mapped.codes, "found": self.found.codes}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what :meth:`state` gave."""
        for name in ("encoder", "critic", "optimiser", "against"):
            getattr(self, name).load_state_dict(state[name])
        self.mapped.codes, self.found.codes = state["mapped"], state["found"]


class Pool:
    """Keeps up to 50 codes, and gives some of them in place of new ones."""

    def __init__(self, w_dim: int) -> None:
        self.codes = torch.zeros(0, w_dim)

    def exchanged(self, codes: Tensor) -> Tensor:
        """Give as many codes: the new ones while there is room, then half of them old ones, whose places they take."""
        given = codes.detach().cpu().clone()
        room = min(POOL - len(self.codes), len(given))
        self.codes = torch.cat([self.codes, given[:room]])
        late = torch.arange(room, len(given))
        late = late[torch.rand(len(late)) < 0.5][:POOL]
        places = torch.randperm(POOL)[: len(late)]
        if len(late):
            given[late], self.codes[places] = self.codes[places], given[late]
        return given.to(codes.device)


def fresh(config: EncoderFitConfig, generator: Generator) -> SmallEncoder | E4eEncoder:
    """Make the untrained encoder, around the generator's mean code.

    Raises:
        UsageError: e4e and a generator whose codes have another length than 512; ``channel_base`` is no multiple of its size.
    """
    mean = generator.w_mean.detach().cpu()
    if config.architecture == "e4e":
        if generator.w_dim != WIDTH:
            raise UsageError(
                f"e4e finds codes of {WIDTH}, the generator's are of {generator.w_dim}", hint="architecture: small"
            )
        return E4eEncoder(generator.n_w, mean)
    if not even(generator.size, config.channel_base):
        raise UsageError(
            f"channel_base: {config.channel_base}", hint=f"give a multiple of the generator's size, {generator.size}"
        )
    encoder = SmallEncoder(generator.size, generator.w_dim, channel_base=config.channel_base, channel_max=config.channel_max)
    encoder.latent_avg.copy_(mean)
    return encoder


def active_deltas(spent: float, deltas: int, start: float, until: float) -> int:
    """Give how many codes may differ from the first: none before ``start``, then one after the other, all from ``until``.

    >>> [active_deltas(spent, 9, 0.1, 0.28) for spent in (0, 0.1, 0.2, 0.3)]
    [0, 1, 5, 9]
    """
    if spent < start:
        return 0
    if spent >= until:
        return deltas
    return min(deltas, 1 + int((spent - start) / (until - start) * deltas))


def at_one_size(images: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    """Average the larger of two sets of pictures down to the size of the smaller."""
    side = min(images.shape[-1], made.shape[-1])
    return F.adaptive_avg_pool2d(images, side), F.adaptive_avg_pool2d(made, side)
