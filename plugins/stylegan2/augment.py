"""Adaptive augmentation (Karras et al. 2020, arXiv 2006.06676), which keeps a discriminator from learning a small set by heart.

Every picture that the discriminator sees, real or made, is changed at random; each change is drawn with probability ``p``, and
``p`` follows how sure the discriminator is of real pictures. Changes that are undone or absent part of the time do not leak
into what the generator makes, as long as ``p`` stays below about 0.8. Simpler than the paper: pictures are sampled bilinearly
at their own resolution, and the filter and corruption groups, which the paper found not to help, are left out.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

MOST = 0.8
"""The largest probability: beyond it changes begin to show in what is made."""
EVERY = 4
"""Steps between two adjustments."""
_SHIFT, _SCALE, _BRIGHTNESS, _CONTRAST, _SATURATION = 0.125, 0.2, 0.2, 0.5, 1.0


def augmented(images: Tensor, p: Tensor) -> Tensor:
    """Change each picture at random, with gradients towards ``images`` (of the first order).

    Args:
        images: ``(images, 3, side, side)`` in -1..1.
        p: the probability of each change, 0..1, one number.
    """
    place, moved = positions(len(images), images.shape[-1], p.to(images.device))
    images = torch.where(moved[:, None, None, None], placed(images, place), images)
    colour, tinted = colours(len(images), p.to(images.device))
    mixed = torch.einsum("nij,njhw->nihw", colour[:, :3, :3], images.float()) + colour[:, :3, 3, None, None]
    return torch.where(tinted[:, None, None, None], mixed.to(images.dtype), images)


def placed(images: Tensor, place: Tensor) -> Tensor:
    """Sample pictures where ``place`` ``(images, 3, 3)`` says, from output to input in -1..1; beyond the border is a mirror."""
    grid = F.affine_grid(place[:, :2], list(images.shape), align_corners=False).to(images.dtype)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def adjusted(p: Tensor, sureness: Tensor, images: int, *, target: float, until: float) -> Tensor:
    """Give ``p`` a step up where the discriminator is surer of real pictures than ``target``, and a step down elsewhere.

    Args:
        p: as it is.
        sureness: mean sign of the logits of real pictures, -1..1.
        images: shown since the last adjustment.
        target: 0.6 in the paper.
        until: images over which ``p`` goes from 0 to 1.
    """
    return (p + torch.sign(sureness - target) * images / until).clamp(0, MOST)


def positions(count: int, side: int, p: Tensor) -> tuple[Tensor, Tensor]:
    """Draw where pictures are sampled: ``(count, 3, 3)`` from output to input in -1..1, and ``(count,)`` whether they move."""
    draw = _Draw(count, p)
    found = _scaled(torch.where(draw.chosen(), draw.sign(), 1.0), torch.ones(count, device=p.device))  # mirrored
    found = found @ _turned(torch.where(draw.chosen(), draw.whole(4) * (math.pi / 2), 0.0))
    shift = [torch.where(draw.chosen(), torch.round(draw.uniform() * _SHIFT * side) * (2 / side), 0.0) for _ in range(2)]
    found = found @ _moved(*shift)
    size = torch.where(draw.chosen(), torch.exp2(draw.normal() * _SCALE), 1.0)
    found = found @ _scaled(1 / size, 1 / size)
    turned = 1 - torch.sqrt(1 - p)  # drawn before and after the stretch: p in all
    found = found @ _turned(torch.where(draw.chosen(turned), draw.uniform() * math.pi, 0.0))
    stretch = torch.where(draw.chosen(), torch.exp2(draw.normal() * _SCALE), 1.0)
    found = found @ _scaled(1 / stretch, stretch)
    found = found @ _turned(torch.where(draw.chosen(turned), draw.uniform() * math.pi, 0.0))
    chosen = draw.chosen()
    found = found @ _moved(*(torch.where(chosen, draw.normal() * (2 * _SHIFT), 0.0) for _ in range(2)))
    return found, (found != torch.eye(3, device=p.device)).any(dim=(1, 2))


def colours(count: int, p: Tensor) -> tuple[Tensor, Tensor]:
    """Draw ``(count, 4, 4)`` that acts on red, green, blue, 1 in -1..1, and ``(count,)`` whether pictures are tinted."""
    draw = _Draw(count, p)
    one = torch.eye(4, device=p.device)
    grey = torch.tensor([1.0, 1.0, 1.0, 0.0], device=p.device) / math.sqrt(3)
    onto = torch.outer(grey, grey)
    found = one.repeat(count, 1, 1)
    found[:, :3, 3] = torch.where(draw.chosen(), draw.normal() * _BRIGHTNESS, 0.0)[:, None]
    contrast = torch.where(draw.chosen(), torch.exp2(draw.normal() * _CONTRAST), 1.0)
    found = torch.diag_embed(torch.stack([contrast, contrast, contrast, torch.ones_like(contrast)], dim=1)) @ found
    found = (one - 2 * torch.where(draw.chosen(), draw.whole(2), 0.0)[:, None, None] * onto) @ found  # light for dark
    found = _hue(torch.where(draw.chosen(), draw.uniform() * math.pi, 0.0)) @ found
    saturation = torch.where(draw.chosen(), torch.exp2(draw.normal() * _SATURATION), 1.0)[:, None, None]
    keep = onto + torch.diag(torch.tensor([0.0, 0.0, 0.0, 1.0], device=p.device))
    found = (keep + (one - keep) * saturation) @ found
    return found, (found - one).abs().amax(dim=(1, 2)) > 1e-5


class _Draw:
    """Random numbers, one a picture."""

    def __init__(self, count: int, p: Tensor) -> None:
        self._count, self._p = count, p

    def chosen(self, p: Tensor | None = None) -> Tensor:
        return torch.rand(self._count, device=self._p.device) < (self._p if p is None else p)

    def uniform(self) -> Tensor:
        return torch.rand(self._count, device=self._p.device) * 2 - 1

    def normal(self) -> Tensor:
        return torch.randn(self._count, device=self._p.device)

    def whole(self, values: int) -> Tensor:
        return torch.randint(values, (self._count,), device=self._p.device).float()

    def sign(self) -> Tensor:
        return self.whole(2) * 2 - 1


def _rows(*rows: tuple[Tensor | float, ...]) -> Tensor:
    like = next(value for row in rows for value in row if isinstance(value, Tensor))
    filled = [torch.stack([v if isinstance(v, Tensor) else torch.full_like(like, v) for v in row], dim=-1) for row in rows]
    return torch.stack(filled, dim=-2)


def _scaled(x: Tensor, y: Tensor) -> Tensor:
    return _rows((x, 0.0, 0.0), (0.0, y, 0.0), (0.0, 0.0, 1.0))


def _moved(x: Tensor, y: Tensor) -> Tensor:
    return _rows((1.0, 0.0, x), (0.0, 1.0, y), (0.0, 0.0, 1.0))


def _turned(angle: Tensor) -> Tensor:
    c, s = torch.cos(angle), torch.sin(angle)
    return _rows((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0))


def _hue(angle: Tensor) -> Tensor:
    """Turn colours about the grey axis (Rodrigues)."""
    c, s = torch.cos(angle), torch.sin(angle) / math.sqrt(3)
    a, b, d = c + (1 - c) / 3, (1 - c) / 3 - s, (1 - c) / 3 + s
    return _rows((a, b, d, 0.0), (d, a, b, 0.0), (b, d, a, 0.0), (0.0, 0.0, 0.0, 1.0))
