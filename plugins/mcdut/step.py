"""One step of a training: the discriminator's, then that of all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .data import Batch
from .fit_config import Consistency, Views
from .losses import consistency, crop_nce, judged, patch_nce
from .networks import Networks
from .views import Window, anywhere, centred, centres, cut, near, places

_WATCHED = 32


class View(NamedTuple):
    """Crops of all images: their maps and the places that are looked at, by layer; where they and the queries' crops lie."""

    maps: Sequence[Tensor]
    ids: Sequence[Tensor]
    windows: Sequence[Window]
    queries: Sequence[Window]


class Step:
    """One step after the other.

    Maps that the generator makes on its way serve as keys, which are constants, and those of target images for domain
    consistency; the published code encodes each image again, to the same numbers. Views are encoded in one batch, without
    a graph.
    """

    def __init__(self, networks: Networks) -> None:
        self.networks, self.config, self.layers = networks, networks.config, networks.layers
        self._autocast = networks.accelerator.autocast
        self._terms = 2 if self.config.identity_term else 1
        self._watched: list[Tensor] = []

    def settled(self, epoch: float) -> bool:
        """Say whether pictures are scaled straight to the size of crops in an epoch."""
        return self.config.resize == "square" and self.networks.course.settles(epoch)

    def step(self, batch: Batch, draws: np.random.Generator, number: int, epoch: float) -> dict[str, Tensor]:
        """Take a step and give its losses.

        Args:
            batch: pictures of both domains.
            draws: where further choices come from.
            number: of the step, from 1.
            epoch: whose learning rate holds, counted from 0.
        """
        config, networks = self.config, self.networks
        networks.set_rates(epoch)
        loaded = [networks.laid(images) for images in (batch.source, batch.target)]
        windows = (batch.source_at, batch.target_at)
        source, target = (networks.laid(cut(images, at)) for images, at in zip(loaded, windows, strict=True))
        entered = torch.cat([source, target])[: self._terms * len(source)]
        mirrored = config.flip_equivariance and draws.random() < 0.5
        with self._autocast():
            made, maps = networks.generator.tapped(entered.flip(3) if mirrored else entered, self.layers)
        fake = made[: len(source)]
        discriminator = self._judge(fake.detach(), target)
        networks.judge.requires_grad_(False)
        with self._autocast():
            scores = networks.judge(fake)
            asked = networks.generator.features(made, self.layers)
        losses = {"gan": config.gan * judged(scores.float(), real=True)}
        if config.nce:
            pictures = loaded if self._before(epoch) else [source, target]
            keys = self._encoded(entered) if mirrored else [one.detach() for one in maps]
            queried = [one.flip(3) for one in asked] if mirrored else asked
            views = self._views(pictures[: self._terms], windows, draws, epoch)
            losses["nce"] = config.nce * self._contrast(queried, keys, views, draws)
        if (about := config.consistency) is not None:
            both = [one[: len(source)] for one in asked], self._real(maps, target)
            losses["consistency"] = about.weight * self._consistency(*both, about, draws)
        if config.restraint:
            losses["restraint"] = config.restraint * (fake - networks.generator.start(source)).abs().mean()
        networks.descend(("generator", "heads"), torch.stack(list(losses.values())).sum())
        networks.judge.requires_grad_(True)
        networks.follow(number)
        return {name: loss.detach() for name, loss in losses.items()} | {"discriminator": discriminator} | self._spread()

    def _judge(self, fake: Tensor, target: Tensor) -> Tensor:
        """Let the discriminator learn, and give its loss."""
        with self._autocast():
            scores = self.networks.judge(torch.cat([fake, target]))
        made, real = scores.float().chunk(2)
        loss = (judged(made, real=False) + judged(real, real=True)) / 2
        self.networks.descend(("judge",), loss)
        return loss.detach()

    def _encoded(self, images: Tensor) -> list[Tensor]:
        with torch.no_grad(), self._autocast():
            return self.networks.generator.features(images, self.layers)

    def _contrast(
        self, queried: Sequence[Tensor], keys: Sequence[Tensor], views: list[View], draws: np.random.Generator
    ) -> Tensor:
        """Give the mean over layers, and over source and target images, of the contrastive loss."""
        config, heads = self.config, self.networks.heads
        ids = self._ids(queried, draws)
        with self._autocast():
            queries = heads(queried, ids)
            with torch.no_grad():
                positives = heads(keys, ids)
                negatives = [heads(view.maps, view.ids) for view in views]
        losses = []
        for layer, (asked, same) in enumerate(zip(queries, positives, strict=True)):
            if not views or config.views is None:
                losses.append(patch_nce(asked, same, config.temperature))
                continue
            one = crop_nce(
                asked, same, [of_view[layer] for of_view in negatives], averaged=config.views.combine == "average_loss",
                internal=config.views.internal, near=self._near(config.views, views, layer, ids, keys),
                temperature=config.temperature,
            )  # fmt: skip
            losses.append(one)
        return torch.stack(losses).mean()

    def _near(
        self, about: Views, views: list[View], layer: int, ids: Sequence[Tensor], keys: Sequence[Tensor]
    ) -> list[Tensor] | None:
        if about.radius is None:
            return None
        return [
            near(
                centres(ids[layer], keys[layer], view.queries), centres(view.ids[layer], view.maps[layer], view.windows),
                about.radius,
            )
            for view in views
        ]  # fmt: skip

    def _before(self, epoch: float) -> bool:
        """Say whether views are cut from pictures before their crop."""
        return self.config.views is not None and self.config.views.source == "loaded" and not self.settled(epoch)

    def _views(
        self, pictures: Sequence[Tensor], windows: Sequence[list[Window]], draws: np.random.Generator, epoch: float
    ) -> list[View]:
        """Cut and encode the views of all images."""
        about = self.config.views
        if about is None or self.config.whole_view:
            return []
        images = torch.cat(list(pictures))
        source, side, count = images.shape[-1], self.config.view_side(self.settled(epoch)), len(images)
        queries = [at for some in windows for at in some][:count] if self._before(epoch) else [Window(0, 0, source)] * count
        cuts = [[centred(source, side)] * count for _ in range(about.center)]
        if about.combine != "center_only":
            cuts += [[anywhere(source, side, draws) for _ in range(count)] for _ in range(about.random)]
        maps = self._encoded(self.networks.laid(torch.cat([cut(images, some) for some in cuts])))
        by_view = zip(*(one.chunk(len(cuts)) for one in maps), strict=True)
        return [View(some, self._ids(some, draws), at, queries) for some, at in zip(by_view, cuts, strict=True)]

    def _ids(self, maps: Sequence[Tensor], draws: np.random.Generator) -> list[Tensor]:
        """Draw ``(images, patches)`` places of each layer: the same for all source images, others for all target images."""
        drawn = [places(maps, self.config.patches, draws) for _ in range(self._terms)]
        count = len(maps[0]) // self._terms
        return [torch.stack(some).repeat_interleave(count, dim=0) for some in zip(*drawn, strict=True)]

    def _real(self, maps: Sequence[Tensor], target: Tensor) -> list[Tensor]:
        """Give the maps of target images, with their graph."""
        if self.config.identity_term:
            return [one[len(one) // 2 :] for one in maps]
        with self._autocast():
            return self.networks.generator.features(target, self.layers)

    def _consistency(
        self, made: Sequence[Tensor], real: Sequence[Tensor], about: Consistency, draws: np.random.Generator
    ) -> Tensor:
        networks = self.networks
        patches = min(self.config.patches, *(one.shape[2] * one.shape[3] for one in made))
        with self._autocast():
            stacks = [torch.stack(networks.heads(maps, places(maps, patches, draws)), dim=1) for maps in (made, real)]
            fake, seen = networks.embeddings["fake"](stacks[0]), networks.embeddings["real"](stacks[1])
        self._watched = [*self._watched, seen.detach()][-_WATCHED:]
        return consistency(fake, seen.detach() if about.detach_real else seen, about.reduction)

    def _spread(self) -> dict[str, Tensor]:
        """Give the deviation of the last embeddings: near 0, they have collapsed into one."""
        if len(self._watched) < _WATCHED:
            return {}
        return {"spread": torch.cat(self._watched).std(dim=0).mean()}
