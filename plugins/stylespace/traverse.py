"""Traverser ``style-traversals``: what the attributes that lead look like, each moved by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from ... import SpacesDiffer
from ...plugin import (
    ALONG,
    AttributeScores,
    ImageSet,
    InvisibleChange,
    Latents,
    StyleModel,
    Traversal,
    Traversals,
    Traverser,
    in_lanes,
)
from .axis import LEVELS, Axis
from .cast import Cast, cast
from .config import TraverseConfig
from .coordinates import coordinates_in
from .decode import Decoder, bytes_of
from .profile import able, independent, layers, leading
from .strips import MOVES, ROWS, moves, strip

Floats = NDArray[np.float64]
REACH = 2.0
"""Standard deviations either way over which a change must show."""


@dataclass(frozen=True)
class _Candidate:
    """A cluster with the member that leads it, and how it moves."""

    dimension: int
    members: tuple[int, ...]
    axis: Axis
    visible: float


@dataclass(frozen=True)
class _Pictures:
    """The pictures of one attribute; see :class:`shiftlens.plugin.Traversals`."""

    facts: Traversal
    values: Floats
    strips: NDArray[np.uint8]
    heat: NDArray[np.float32]
    moves: NDArray[np.uint8]
    starts: Floats
    ends: Floats


class StyleTraverser(Traverser):
    """Moves one cluster of dimensions at a time, all else and the noise fixed, and looks which changes show at all."""

    config: TraverseConfig
    backbone: StyleModel

    def traverse(
        self, reference_images: ImageSet, target_images: ImageSet, reference: Latents, target: Latents, scores: AttributeScores
    ) -> Traversals:
        """Decode the clusters that stand on their own, and the direction of the whole space where no single one is clean.

        Raises:
            SpacesDiffer: the scores are not of the encoder ``style`` on this backbone, or not of these latents.
            InputUnusable: none of the images of a side can be read any more.
        """
        self._check(reference, target, scores)
        clusters = leading(scores)
        found = [] if _closed(scores) else clusters
        joint = not _closed(scores) and scores.joint.p <= scores.alpha
        if not found and not joint:
            return self._told(reference, target, scores, [], [], ())
        config, workers = self._options, self.context.workers
        coordinates = coordinates_in(scores.space, self.backbone.generator)
        decoder = Decoder(self.backbone, coordinates)
        casts = [
            cast(images, latents, self.backbone, coordinates, self.context.seed, workers)
            for images, latents in ((reference_images, reference), (target_images, target))
        ]
        shown, unseen = self._seen(decoder, found[: config.candidates], reference, target, scores, casts)
        chosen = shown[: config.attributes]
        best = max((abs(one.axis.separation() - 0.5) for one in chosen), default=0.0)
        axis = None
        if joint and best < config.clean * (scores.joint.separation - 0.5):
            axis = Axis.along(scores, reference.values, target.values)
        if axis is not None:
            chosen.append(_Candidate(ALONG, (), axis, self._visible(decoder, axis, casts)))
        work = partial(self._decoded, decoder, casts, scores)
        decoded = list(in_lanes(work, chosen, count=workers, device=self.context.device))
        left = [one.dimension for one in shown[config.attributes :]]
        left += [able(scores, members)[0] for members in found[config.candidates :]]
        return self._told(reference, target, scores, decoded, unseen, tuple(left))

    @property
    def _options(self) -> TraverseConfig:
        return self.config or TraverseConfig()

    def _check(self, reference: Latents, target: Latents, scores: AttributeScores) -> None:
        if not scores.space == reference.space == target.space:
            raise SpacesDiffer(
                "style-traversals: the scores are not of these latents", hint="wire the latents that were scored"
            )
        if scores.space.backbone != self.context.backbone_digest:
            raise SpacesDiffer(
                f"style-traversals: the codes were made with backbone {scores.space.backbone}, this one is "
                f"{self.context.backbone_digest}",
                hint="give both steps the same backbone",
            )
        coordinates_in(scores.space, self.backbone.generator)

    def _seen(
        self, decoder: Decoder, clusters: list[tuple[int, ...]], reference: Latents, target: Latents, scores: AttributeScores,
        casts: list[Cast],
    ) -> tuple[list[_Candidate], list[InvisibleChange]]:  # fmt: skip
        """Give the clusters that show, and those that do not."""
        least = self._options.visible_least

        def looked(members: tuple[int, ...]) -> _Candidate:
            dimension = able(scores, members)[0]
            axis = Axis.together(dimension, members, reference.values, target.values)
            return _Candidate(dimension, members, axis, self._visible(decoder, axis, casts))

        shown: list[_Candidate] = []
        unseen: list[InvisibleChange] = []
        looks = in_lanes(looked, clusters, count=self.context.workers, device=self.context.device)
        for done, one in enumerate(looks, start=1):
            self.context.progress(done, len(clusters) + self._options.attributes)
            if one.visible >= least:
                shown.append(one)
            else:
                unseen.append(InvisibleChange(dimension=one.dimension, members=one.members, visible=one.visible))
        return shown, unseen

    def _visible(self, decoder: Decoder, axis: Axis, casts: list[Cast]) -> float:
        """Give the change from two standard deviations below the middle to two above, over images of both sides."""
        half = max(1, self._options.images // 2)
        codes = torch.cat([side.codes[:half] for side in casts])
        own = axis.of(np.concatenate([side.values[:half] for side in casts]))
        means = [float(side.mean()) for side in (axis.reference, axis.target)]
        middle = sum(means) / 2
        spread = sum(float(((side - middle) ** 2).mean()) for side in (axis.reference, axis.target)) / 2
        reach = REACH * spread**0.5
        return decoder.visible(codes, axis, own, middle - reach, middle + reach)

    def _decoded(self, decoder: Decoder, casts: list[Cast], scores: AttributeScores, one: _Candidate) -> _Pictures:
        rows, values, pictures = strip(decoder, one.axis, casts, self._options.picture)
        moved, starts, ends, pairs = moves(decoder, one.axis, casts[0], self._options.picture)
        alone = replace(one.axis, step=one.axis.reading)
        facts = Traversal(
            dimension=one.dimension,
            members=one.members,
            steps=tuple(float(one.axis.step[i]) for i in one.members),
            visible=one.visible,
            alone=self._visible(decoder, alone, casts) if len(one.members) > 1 else one.visible,
            auc=float(scores.joint.separation) if one.dimension == ALONG else one.axis.separation(),
            rows=rows,
            moved=moved,
        )
        heat = (pictures[:, -1] - pictures[:, 0]).abs().mean(dim=(0, 1)).float().cpu().numpy()
        return _Pictures(facts, values, bytes_of(pictures), heat, bytes_of(pairs), starts, ends)

    def _told(
        self,
        reference: Latents,
        target: Latents,
        scores: AttributeScores,
        decoded: list[_Pictures],
        unseen: list[InvisibleChange],
        further: tuple[int, ...],
    ) -> Traversals:
        empty = {
            "values": ((0, len(LEVELS)), np.float64), "strips": ((0, 1 + 2 * ROWS, len(LEVELS), 1, 1, 3), np.uint8),
            "heat": ((0, 1, 1), np.float32), "moves": ((0, len(MOVES), 2, 1, 1, 3), np.uint8),
            "starts": ((0, len(MOVES)), np.float64), "ends": ((0, len(MOVES)), np.float64),
        }  # fmt: skip
        arrays = {
            name: np.stack([getattr(one, name) for one in decoded]) if decoded else np.zeros(shape, kind)
            for name, (shape, kind) in empty.items()
        }
        return Traversals(
            space=scores.space,
            reference=reference.images,
            target=target.images,
            levels=LEVELS,
            attributes=tuple(one.facts for one in decoded),
            unseen=tuple(unseen),
            further=further,
            layers=layers(scores),
            independent=independent(scores, (reference.values, target.values)),
            **arrays,
        )


def _closed(scores: AttributeScores) -> bool:
    return scores.gate is not None and scores.gate.closed
