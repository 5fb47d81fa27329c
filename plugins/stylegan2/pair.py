"""The networks of the joint fit and one step of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ...plugin import Features
from ...training import descend, update_average
from .discriminator import Discriminator
from .generator import Generator
from .joint_config import JointConfig
from .losses import against_made, against_real, gradient_penalty
from .perceptual import Perceptual
from .small import SmallEncoder
from .texture import BANDS, texture_distance

LAZY = 16
"""Steps between gradient penalties (lazy regularisation, Karras et al. 2020)."""
_SCALED, _MAPPING, _JUDGE = 20.0, 400.0, 2.0
"""Learning rates relative to the encoder's, whose weights are of size 0.03; the generator's are of 1, the mapping's of 100."""
_WARM = 200
_RAMP = 0.1
_QUEUE, _SLICES = 512, 64
_BLUR = 2**BANDS
"""Means of so many pixels a side hold little of the grain that is compared as texture."""


class Pair(nn.Module):
    """Encoder and generator as one network, so that one call serves pictures and samples."""

    def __init__(self, config: JointConfig) -> None:
        super().__init__()
        shape: dict[str, Any] = {"channel_base": config.channel_base, "channel_max": config.channel_max}
        self.generator = Generator(config.size, w_dim=config.w_dim, mapping=config.mapping, **shape)
        self.encoder = SmallEncoder(config.size, config.w_dim, **shape)

    def forward(self, images: Tensor, plain: int, bare: int, z: Tensor) -> dict[str, Tensor]:
        """Make the images again, and samples of ``z``.

        Args:
            images: ``(images, 3, size, size)``; the first ``plain`` of them are made from their first code alone.
            plain: see above.
            bare: the first so many are made without noise; the others, and the samples, with new noise.
            z: ``(samples, z_dim)``, possibly none.
        """
        first, deltas = self.encoder(images)
        kept = torch.arange(len(images), device=images.device) >= plain
        w = first[:, None] + deltas * kept[:, None, None]
        mapped = self.generator.mapping(z)
        both = torch.cat([w, mapped[:, None].expand(-1, w.shape[1], -1)])
        made = self.generator.synthesis(w=both[:bare], noise="none").images
        if bare < len(both):
            made = torch.cat([made, self.generator.synthesis(w=both[bare:], noise="random").images])
        return {"made": made[: len(images)], "sampled": made[len(images) :], "first": first, "deltas": deltas}


class Joint:
    """Everything that one step changes.

    Losses: absolute and squared differences of pixels, a perceptual distance, the size of the deltas; for the mapping the
    sliced Wasserstein distance of its codes to the encoder's last ones (Kolouri et al. 2018, arXiv 1804.01947). Later half of
    the pictures, and samples, are made with noise: they are compared blurred and by their texture, so that codes hold how much
    grain there is though not where, and are judged by a discriminator (non-saturating, R1).

    Args:
        config: the options.
        features: the network of the perceptual distance.
        accelerator: devices and precision.
    """

    def __init__(self, config: JointConfig, features: Features, accelerator: Accelerator) -> None:
        self.config, self.accelerator = config, accelerator
        self.perceptual = Perceptual(features)
        device = accelerator.device
        self.pair = Pair(config).to(device)
        self.average = copy.deepcopy(self.pair).eval().requires_grad_(False)
        self.judge = Discriminator(
            config.size, channel_base=config.channel_base // 2, channel_max=config.channel_max
        ).to(device)  # fmt: skip
        mapping = list(self.pair.generator.style.parameters())
        rest = [p for name, p in self.pair.generator.named_parameters() if not name.startswith("style.")]
        groups = [
            {"params": rest, "share": _SCALED}, {"params": list(self.pair.encoder.parameters()), "share": 1.0},
            {"params": mapping, "share": _MAPPING},
        ]  # fmt: skip
        against = [{"params": list(self.judge.parameters()), "share": _JUDGE}]
        self.optimiser = accelerator.prepare(torch.optim.Adam(groups, lr=config.rate, betas=(0.9, 0.99)))
        self.against = accelerator.prepare(torch.optim.Adam(against, lr=config.rate, betas=(0.0, 0.99)))
        self.codes = torch.zeros(0, config.w_dim, device=device)
        self.grained = False

    def step(self, images: Tensor, number: int, spent: float) -> dict[str, Tensor]:
        """Take one step and give its losses.

        Args:
            images: ``(batch, 3, size, size)`` in -1..1.
            number: of the step.
            spent: share of the budget that is spent, 0..1.
        """
        config, accelerator = self.config, self.accelerator
        self._set_rates(number, spent)
        self.grained = self.grained or (max(config.adversarial, config.texture) > 0 and spent >= config.grain_from)
        judged = self.grained and config.adversarial > 0
        bare = len(images) - len(images) // 2 if self.grained else len(images)
        self.judge.requires_grad_(False)
        with accelerator.autocast():
            z = torch.randn(len(images) - bare if judged else 0, config.w_dim, device=images.device)
            out = self.pair(images, min(bare, int(config.plain * len(images))), bare, z)
            made = out["made"].float()
            self.codes = torch.cat([self.codes, out["first"].detach().float()])[-_QUEUE:]
            losses = {
                "pixels": _pixels(made[:bare], images[:bare]),
                "perceptual": config.perceptual * self._perceptual(images[:bare], made[:bare]),
                "delta": config.delta * out["deltas"].float().square().sum(dim=2).mean(),
            }
            if self.grained:
                grained, wanted = made[bare:], images[bare:]
                losses["pixels"] = (losses["pixels"] + _pixels(_blurred(grained), _blurred(wanted))) / 2
                losses["texture"] = config.texture * texture_distance(grained, wanted)
            if judged:
                fakes = torch.cat([grained, out["sampled"].float()])
                losses["adversarial"] = config.adversarial * against_real(self.judge(fakes))
        losses["latent"] = self._apart()
        descend(accelerator, torch.stack(list(losses.values())).sum(), self.optimiser)
        if judged:
            losses["judge"] = self._judged(images[: len(fakes)], fakes.detach(), number)
        shown = len(images) * accelerator.num_processes
        update_average(self.average, self.pair, images=shown, number=number, half_life=1000 * config.average, ramp=_RAMP)
        return {name: loss.detach() for name, loss in losses.items()}

    def _perceptual(self, images: Tensor, made: Tensor) -> Tensor:
        if not self.config.perceptual:
            return made.new_zeros(())
        with torch.no_grad():
            wanted = self.perceptual.of(images)
        return self.perceptual.between(self.perceptual.of(made), wanted).mean()

    def _apart(self) -> Tensor:
        """Give the sliced Wasserstein distance (squared) between mapped codes and the encoder's last ones."""
        z = torch.randn(len(self.codes), self.config.w_dim, device=self.codes.device)
        ways = torch.randn(self.config.w_dim, _SLICES, device=self.codes.device)
        ways = ways / ways.norm(dim=0)
        mapped = self.pair.generator.mapping(z).float()
        apart: Tensor = (mapped @ ways).sort(dim=0).values - (self.codes @ ways).sort(dim=0).values
        return apart.square().mean()

    def _judged(self, images: Tensor, fakes: Tensor, number: int) -> Tensor:
        """Let the discriminator learn, and give its loss."""
        self.judge.requires_grad_(True)
        with self.accelerator.autocast():
            loss = against_made(self.judge(fakes)) + against_real(self.judge(images))
        descend(self.accelerator, loss, self.against)
        if number % LAZY == 0:
            penalty = gradient_penalty(self.judge, images) * (self.config.r1 / 2 * LAZY)
            descend(self.accelerator, penalty, self.against)
        return loss

    def _set_rates(self, number: int, spent: float) -> None:
        factor = min(1.0, (number + 1) / _WARM) * (0.05 + 0.95 * min(1.0, (1 - spent) / 0.3))
        for optimiser in (self.optimiser, self.against):
            for group in optimiser.param_groups:
                group["lr"] = self.config.rate * factor * group.get("share", 1.0)

    def state(self) -> dict[str, Any]:
        """Give all that a checkpoint keeps."""
        return {name: getattr(self, name).state_dict() for name in _KEPT} | {"codes": self.codes}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what :meth:`state` gave."""
        for name in _KEPT:
            getattr(self, name).load_state_dict(state[name])
        self.codes = state["codes"].to(self.codes.device)
        noisy = (layer.noise.weight for layer in (self.pair.generator.conv1, *self.pair.generator.convs))
        self.grained = any(bool(weight.any()) for weight in noisy)  # and stays so, if the budget grows


def _pixels(made: Tensor, wanted: Tensor) -> Tensor:
    apart = made - wanted
    return apart.abs().mean() + apart.square().mean()


def _blurred(images: Tensor) -> Tensor:
    return F.avg_pool2d(images, _BLUR)


_KEPT = ("pair", "judge", "average", "optimiser", "against")
