"""End to end: a factor is planted, images are rendered and encoded, and S is asked what differs.

``python benchmarks/style_planted.py [--site anywhere] [--backbone NAME] [--images 500] [--strengths 0.5 1 2] [--factors …]``

``--images`` parts of a site are compared with as many others of which one factor is moved by ``strength`` of its own standard
deviations there. Which cluster of channels moves with the factor is read off other images: 300 parts rendered before and after
a shift of two; *moves* is the largest mean change within parts, in pooled deviations, and its channel's cluster is the right
one. *Rank* is that of the right cluster in the comparison. *Share* is how far the cluster that came first moves with the
factor, over how far the right one does: 1 where it is the right one, 0.9 where two clusters move nearly alike.

*Seen* is what other eyes make of the largest shift at this size: how well `physical` or `features`, whichever does better,
separates the two sets with all its dimensions together (AUC on images left out). Where it is below 0.6, the factor is hardly in
the pictures, and is not counted as plantable.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftlens import UsageError
from shiftlens.framework.host.targets import config_model, target_class
from shiftlens.framework.running.session import Session, session
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import AttributeScores, Context, Encoder, ImageSet, Latents
from shiftlens.plugins.parts.sites import SITES

TRUTH_IMAGES, TRUTH_STRENGTH = 300, 2
ALIKE, ALPHA, SEEN = 0.9, 0.05, 0.6
SCORER = {"permutations": 199, "bootstrap": 50, "self_splits": 0}
EYES = {"physical": None, "features": "efficientnet-lite0"}


class World:
    """The session's encoders on their backbones, and images of the parts world."""

    def __init__(self, now: Session, site: str, backbone: str, **options: str) -> None:
        self.host, self.site, self.size = now.host, site, now.catalogue.get(backbone).input_size
        self.encoder = self._made(now, "style", backbone, **options)
        self.eyes = [self._made(now, name, weights) for name, weights in EYES.items()]

    @staticmethod
    def _made(now: Session, name: str, backbone: str | None, **options: str) -> Encoder:
        offer = now.host.find(name, "encoder")
        weights = now.weights(backbone) if backbone else None
        made: Encoder = target_class(offer)(
            config_model(offer)(**options), backbone=weights.load(now.host, Context()) if weights else None,
            context=Context(workers=2, space_key="benchmark", backbone_digest=weights.digest if weights else None),
        )  # fmt: skip
        return made

    def latents(self, name: str, seed: int, count: int, **change: str) -> Latents:
        """Encode parts of the site."""
        return self.encoder.encode(self.listed(name, seed, count, **change))

    def looked_at(self, name: str, seed: int, count: int, **change: str) -> list[Latents]:
        """Give what the other eyes make of parts of the site."""
        return [eye.encode(self.listed(name, seed, count, **change)) for eye in self.eyes]

    def listed(self, name: str, seed: int, count: int, **change: str) -> ImageSet:
        """List parts of the site."""
        options = {"n": str(count), "seed": str(seed), "size": str(self.size), **change}
        query = "&".join(f"{key}={value}" for key, value in options.items()).replace("+", "%2B")
        return open_source(f"parts:{self.site}?{query}", name, self.host)


@dataclass(frozen=True)
class Found:
    """What became of one planted factor."""

    rank: int
    share: float
    p: float
    seen: float


def sign(world: World, name: str, most: float) -> str | None:
    """Give the direction in which the factor has room for ``most`` deviations: up, if both have; nothing, if neither has."""
    for way in "+-":
        try:
            world.listed("trial", 2, 1, **{name: f"{way}{most:g}sd"})
        except UsageError:
            continue
        return way
    return None


def moved(before: Latents, after: Latents) -> NDArray[np.float64]:
    """Give the mean change of every channel within parts, in pooled deviations."""
    spread = np.sqrt((before.values.var(axis=0, dtype=np.float64) + after.values.var(axis=0, dtype=np.float64)) / 2)
    return (after.values - before.values).mean(axis=0, dtype=np.float64) / np.maximum(spread, 1e-9)


def placed(scores: AttributeScores, truth: NDArray[np.float64]) -> tuple[int, float, int]:
    """Give the rank of the right cluster, the share of the one that came first, and the channel of the right one."""
    known = scores.effects.measured
    clusters = np.unique(scores.causes.cluster[known])
    effect = {c: np.nanmax(scores.effects.size[scores.causes.cluster == c]) for c in clusters}
    moves = {c: np.abs(truth[scores.causes.cluster == c]).max() for c in clusters}
    right, first = max(moves, key=moves.__getitem__), max(effect, key=effect.__getitem__)
    channel = int(np.where(scores.causes.cluster == right, np.abs(truth), -1).argmax())
    return 1 + sum(value > effect[right] for value in effect.values()), moves[first] / moves[right], channel


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", default="anywhere")
    parser.add_argument("--backbone", default="parts-style-64")
    parser.add_argument("--channels", default="all", choices=["conv", "rgb", "all"])
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.5, 1, 2])
    parser.add_argument("--factors", nargs="+")
    given = parser.parse_args()
    now = session()
    world = World(now, given.site, given.backbone, channels=given.channels)
    offer = now.host.find("stylediff", "latent-scorer")
    scorer = target_class(offer)(config_model(offer)(**SCORER), context=Context(workers=2))
    reference, still = world.latents("development", 1, given.images), world.latents("still", 2, TRUTH_IMAGES)
    known = world.looked_at("development", 1, given.images)
    heads = "".join(f" rank at {s:g} sd | W1 | share | p |" for s in given.strengths)
    print(f"d = {len(reference.space)}\n")
    print(f"| factor | seen | moves |{heads}\n|---|---|---|{'---|---|---|---|' * len(given.strengths)}")
    found: dict[float, list[Found]] = {}
    factors = [name for name, spread in SITES[given.site].factors.items() if spread.spread > 0]
    for number, name in enumerate(factors, start=100):
        if given.factors and name not in given.factors:
            continue
        way = sign(world, name, max(TRUTH_STRENGTH, *given.strengths))
        if way is None:
            print(f"| {name} | has no room for so large a shift |")
            continue
        truth = moved(still, world.latents("moved", 2, TRUTH_IMAGES, **{name: f"{way}{TRUTH_STRENGTH}sd"}))
        there = world.looked_at("site", number, given.images, **{name: f"{way}{max(given.strengths):g}sd"})
        seen = max(scorer.score(one, other).separation for one, other in zip(known, there, strict=True))
        line = ""
        for strength in given.strengths:
            site = world.latents("site", number, given.images, **{name: f"{way}{strength:g}sd"})
            scores = scorer.score(reference, site)
            rank, share, channel = placed(scores, truth)
            p = float(np.nanmin(scores.significance.p_family))
            found.setdefault(strength, []).append(Found(rank, share, p, seen))
            line += f" {rank} | {scores.effects.size[channel]:.2f} | {share:.2f} | {p:.3f} |"
        print(f"| {name} {way} | {seen:.2f} | {np.abs(truth).max():.2f} |{line}")
        sys.stdout.flush()
    print()
    for strength, rows in found.items():
        for said, some in (("all", rows), ("plantable", [row for row in rows if row.seen >= SEEN])):
            first = sum(row.rank == 1 for row in some)
            alike = sum(row.share >= ALIKE and row.p < ALPHA for row in some)
            print(f"{strength:g} sd, {len(some)} {said}: the right cluster first for {first}; "
                  f"the first one significant with a share of at least {ALIKE} for {alike}")  # fmt: skip


if __name__ == "__main__":
    main()
