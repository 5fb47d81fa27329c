"""The scorer: every dimension tested, all of them together, and what follows from what."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import InputUnusable
from ...plugin import AttributeScores, Causes, Effects, JointTest, Latents, LatentScorer, SelfTest, Significance
from .bootstrap import effect_interval, rank_interval, ranks, shift_interval
from .clusters import clusters
from .config import StyleDiffConfig
from .consequences import fold
from .gate import gate
from .itself import alarms
from .joint import joint
from .permutation import Null, discovery
from .power import detectable, images_for_half
from .sample import Sample, prepare
from .shape import LEVELS, Shape, shape_of, tags
from .transport import mean_shift, transport
from .units import Units, join

Arrays = dict[str, NDArray[Any]]
STAGES = 4
ABSENT = {"p_family": 1.0, "p_single": 1.0, "q_bh": 1.0, "q_by": 1.0, "rank": 0, "rank_low": 0, "rank_high": 0, "weights": 0.0}
"""What stands where a dimension is not measured; NaN elsewhere."""
SIZES = (
    "size", "low", "high", "up", "down", "direction", "shift_low", "shift_high", "ks", "tail", "reference_quantiles",
    "target_quantiles", "noise", "rank", "rank_low", "rank_high",
)  # fmt: skip
"""What of the effects is found for the measured dimensions alone."""
CLAIMS = ("p_family", "p_single", "q_bh", "q_by")
"""What claims anything of a dimension; 1 behind a closed gate."""


class StyleDiff(LatentScorer):
    """W1 of every dimension in pooled standard deviations, with family-wise control by exchanged groups.

    Results depend on the latents, the config and the seed, not on the number of threads.
    """

    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        """Score every dimension of two sets of one space.

        Where the latents carry reconstruction errors and the gate closes on them, nothing is claimed: every p is 1.
        A dimension that is not measured has NaN for what is not known of it, p of 1 and rank 0.

        Raises:
            SpacesDiffer: the two were not made in the same space.
            TooFewImages: a side has fewer usable images, or groups, than the config asks for.
            InputUnusable: no dimension varies, or none has enough values.
        """
        config = self.config if isinstance(self.config, StyleDiffConfig) else StyleDiffConfig()
        sample = prepare(reference, target, config)
        rows = np.flatnonzero(sample.measured)
        if not len(rows):
            raise InputUnusable(
                f"{reference.images!r} and {target.images!r}: none of {len(reference.space)} dimensions can be measured",
                hint="a dimension must vary, and have a value in at least half of the images of each side",
            )
        workers = self.context.workers
        random = [np.random.default_rng(s) for s in np.random.SeedSequence(self.context.seed).spawn(4)]
        units = Units.of(sample.groups, sample.split)
        exchanged = units.exchanged(config.permutations, random[0])
        resampled = units.resampled(config.bootstrap, random[1])

        z = sample.z[rows]
        drawn = transport(z, join(exchanged, resampled), workers)
        null = Null(drawn[:, 0], drawn[:, 1 : len(exchanged)])
        shape = shape_of(sample, rows)
        tested = _tested(null)
        found = tested | _sized(sample, rows, shape, drawn[:, len(exchanged) :], mean_shift(z, resampled), tested["p_single"])
        self.context.progress(1, STAGES)
        together = joint(np.nan_to_num(z), units, exchanged.target, config, random[2])
        self.context.progress(2, STAGES)
        splits, alarmed = alarms(sample, config, workers, random[3])
        self.context.progress(3, STAGES)
        full = {
            name: _spread(values, len(sample.z), rows, ABSENT.get(name, np.nan))
            for name, values in (found | {"weights": together.weights}).items()
        }
        judged = gate(reference, target, sample, exchanged, config)
        closed = judged is not None and judged.closed
        if closed:
            full |= {name: np.ones(len(sample.z)) for name in CLAIMS}
        significant = full["p_family"] <= config.alpha
        least = np.array([d.floor for d in reference.space.dimensions]) / np.where(sample.measured, sample.sigma, 1)
        cluster = clusters(sample, full["size"], significant, config.correlation)
        folded = fold(sample, full["size"], full["p_family"], cluster, least, exchanged, config, workers)
        self.context.progress(STAGES, STAGES)
        return AttributeScores(
            space=reference.space,
            reference=reference.images,
            target=target.images,
            reference_ids=sample.ids[: sample.split],
            target_ids=sample.ids[sample.split :],
            counts=_counts(sample, units),
            alpha=config.alpha,
            settings=config.model_dump(mode="json") | {"seed": self.context.seed},
            effects=Effects(
                measured=sample.measured,
                mean=sample.mean,
                sigma=sample.sigma,
                shift=sample.shift,
                levels=LEVELS,
                tag=tags(shape, rows, significant),
                **{name: full[name] for name in SIZES},
            ),
            significance=Significance(
                critical=null.critical(config.alpha),
                detectable=detectable(null.critical(config.alpha), mean_shift(z, exchanged)[:, 1:]),
                images_for_half=images_for_half(sample.split, sample.z.shape[1] - sample.split),
                **{name: full[name] for name in CLAIMS},
            ),
            causes=Causes(cluster=cluster, follows=folded.follows, remaining=folded.left, remaining_p=folded.p),
            joint=JointTest(
                separation=together.separation,
                p=1.0 if closed else together.p,
                weights=full["weights"],
                reference_projection=together.projection[: sample.split],
                target_projection=together.projection[sample.split :],
            ),
            self_test=SelfTest(splits=splits, alarms=alarmed),
            gate=judged,
        )


def _tested(null: Null) -> Arrays:
    """Give every p of the measured dimensions."""
    single = null.single()
    return {
        "p_family": null.family(),
        "p_single": single,
        "q_bh": discovery(single, "bh"),
        "q_by": discovery(single, "by"),
        "noise": null.noise(),
    }


def _sized(
    sample: Sample,
    rows: NDArray[np.intp],
    shape: Shape,
    effects: NDArray[np.float32],
    shifts: NDArray[np.float32],
    p_single: NDArray[np.float64],
) -> Arrays:
    """Give sizes and intervals of the measured dimensions; quantiles and shifts in their units."""
    effect = shape.up + shape.down
    low, high = effect_interval(effect, effects, p_single)
    sigma, mean = sample.sigma[rows], sample.mean[rows]
    shift_low, shift_high = (end * sigma for end in shift_interval(shifts))
    rank = ranks(effect)
    rank_low, rank_high = rank_interval(rank, effects)
    return {
        "size": effect,
        "low": low,
        "high": high,
        "up": shape.up,
        "down": shape.down,
        "direction": (shape.up - shape.down) / np.where(effect > 0, effect, 1),
        "shift_low": shift_low,
        "shift_high": shift_high,
        "ks": shape.ks,
        "tail": shape.tail,
        "reference_quantiles": shape.reference * sigma[:, None] + mean[:, None],
        "target_quantiles": shape.target * sigma[:, None] + mean[:, None],
        "rank": rank,
        "rank_low": rank_low,
        "rank_high": rank_high,
    }


def _spread(values: NDArray[Any], dimensions: int, rows: NDArray[np.intp], absent: float) -> NDArray[Any]:
    """Give one entry a dimension of entries that stand for the measured ones."""
    out = np.full((dimensions, *values.shape[1:]), absent, values.dtype)
    out[rows] = values
    return out


def _counts(sample: Sample, units: Units) -> dict[str, int]:
    return {
        "reference": sample.split,
        "target": sample.z.shape[1] - sample.split,
        "reference_groups": int((~units.target).sum()),
        "target_groups": int(units.target.sum()),
        "paired_groups": len(units.pairs),
        "measured": int(sample.measured.sum()),
    }
