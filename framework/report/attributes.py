"""The attributes of a comparison: numbers corrected for the whole run, words, and who follows whom."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...specs.base import Text
from ...specs.report import Attribute
from ..values.scores import AttributeScores
from ..values.space import Dimension
from .amounts import both, change, figures, finite
from .examples import of_attribute
from .sides import Comparison

CLEAR = 0.3
"""Below this |direction| a difference is one of spread or shape, not of more or less."""
LIKE = 1.15
"""Up to this ratio two spreads are called alike."""
MOST_UNNAMED = 50
"""Dimensions of a space without words that are listed in ``report.json``."""


def attributes_of(comparison: Comparison, *, tests: int, alpha: float, ids: Mapping[int, str]) -> list[Attribute]:
    """Give the attributes of one comparison, largest effect first.

    Args:
        comparison: the scores with their sides.
        tests: number of tests of the run; every family-wise p is multiplied by it.
        alpha: an attribute whose corrected p is below, and which moved by as much as matters, is significant.
        ids: the id of each dimension, unique in the run.
    """
    told = Judgement.of(comparison, tests=tests, alpha=alpha, ids=ids)
    kept = [i for i in np.argsort(-np.nan_to_num(comparison.scores.effects.size), kind="stable").tolist() if told.measured[i]]
    if not comparison.named:
        kept = [i for i in kept if told.significant[i] and told.leader(i) is None][:MOST_UNNAMED]
    return [told.attribute(i) for i in kept]


@dataclass(frozen=True)
class Judgement:
    """The dimensions of one comparison, judged at the level of the run. Arrays have one entry a dimension."""

    comparison: Comparison
    tests: int
    ids: Mapping[int, str]
    measured: NDArray[np.bool_]
    p: NDArray[np.float64]
    below: NDArray[np.bool_]
    significant: NDArray[np.bool_]

    @classmethod
    def of(cls, comparison: Comparison, *, tests: int, alpha: float, ids: Mapping[int, str]) -> Judgement:
        """Judge a comparison; arguments as of :func:`attributes_of`."""
        measured = np.asarray(comparison.scores.effects.measured, bool)
        p = corrected(comparison.scores.significance.p_family, tests)
        below = measured & (p < alpha)
        return cls(comparison, tests, ids, measured, p, below, below & matters(comparison))

    def leader(self, index: int) -> int | None:
        """Give the dimension that ``index`` follows, none if it stands alone."""
        return leader(self.comparison.scores, self.significant, index)

    def attribute(self, index: int) -> Attribute:
        """Describe one dimension."""
        significant = bool(self.significant[index])
        return _attribute(
            self.comparison, index, float(self.p[index]), self.leader(index), self.ids,
            significant=significant, negligible=bool(self.below[index]) and not significant,
        )  # fmt: skip


def matters(comparison: Comparison) -> NDArray[np.bool_]:
    """Say which dimensions moved by as much as matters to anyone: W1 in their unit reaches their floor."""
    scores = comparison.scores
    floors = np.array([d.floor for d in scores.space.dimensions])
    reached: NDArray[np.bool_] = np.nan_to_num(scores.effects.size * scores.effects.sigma) >= floors
    return reached


def corrected(p_family: NDArray[np.float64], tests: int) -> NDArray[np.float64]:
    """Give p corrected over the run (Bonferroni over tests, each already corrected within its space).

    >>> corrected(np.array([0.01, 0.9]), 3).tolist()
    [0.03, 1.0]
    """
    return np.minimum(1.0, np.asarray(p_family, np.float64) * tests)


def leader(scores: AttributeScores, significant: NDArray[np.bool_], index: int) -> int | None:
    """Give the significant dimension at the head of the chain that ``index`` follows, none if it stands alone."""
    seen = {index}
    head = index
    while (ahead := int(scores.causes.follows[head])) >= 0 and ahead not in seen:
        seen.add(ahead)
        head = ahead
    return head if head != index and significant[head] else None


def _attribute(
    comparison: Comparison, i: int, p: float, ahead: int | None, ids: Mapping[int, str], *, significant: bool, negligible: bool
) -> Attribute:
    scores, dimension = comparison.scores, comparison.dimension(i)
    shift, low, high = (
        float(values[i]) for values in (scores.effects.shift, scores.effects.shift_low, scores.effects.shift_high)
    )
    direction = float(scores.effects.direction[i])
    detectable = finite(scores.significance.detectable * float(scores.effects.sigma[i]))
    return Attribute(
        id=ids[i],
        step=comparison.step,
        encoder=scores.space.encoder,
        label=label(dimension),
        kind=dimension.words.kind if dimension.words else "content",
        unit=dimension.unit,
        scale=dimension.scale,
        effect=float(scores.effects.size[i]),
        interval=known(float(scores.effects.low[i]), float(scores.effects.high[i])),
        direction=direction,
        words=_words(scores, i, dimension, direction),
        amount=_amount(scores, i, dimension, direction),
        shift=shift,
        shift_interval=known(low, high),
        factor=2.0**shift if dimension.scale == "log2" else None,
        p_adjusted=p,
        q_bh=float(scores.significance.q_bh[i]),
        q_by=float(scores.significance.q_by[i]),
        significant=significant,
        negligible=negligible,
        stands_alone=significant and ahead is None,
        follows=ids[ahead] if significant and ahead is not None else None,
        left=finite(scores.causes.remaining[i]),
        detectable=detectable,
        rank=int(scores.effects.rank[i]),
        rank_interval=(int(scores.effects.rank_low[i]), int(scores.effects.rank_high[i])),
        cluster=int(scores.causes.cluster[i]),
        tag=scores.effects.tag[i],
        tail=float(scores.effects.tail[i]),
        action=_action(dimension, direction) if significant else None,
        how=dimension.words.how if dimension.words else None,
        images=of_attribute(comparison, i) if significant and comparison.named else (),
    )


def known(low: float, high: float) -> tuple[float, float] | None:
    """Give an interval, nothing where the scorer gives none."""
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def label(dimension: Dimension) -> Text:
    """Give the name of a dimension for people."""
    return dimension.words.label if dimension.words else both(dimension.id)


def spread_ratio(scores: AttributeScores, index: int) -> float:
    """Give the middle-half range of the site divided by that of development."""
    ranges = [
        float(np.subtract(*np.interp((0.75, 0.25), scores.effects.levels, quantiles[index])))
        for quantiles in (scores.effects.reference_quantiles, scores.effects.target_quantiles)
    ]
    return ranges[1] / ranges[0] if ranges[0] > 0 else float("inf") if ranges[1] > 0 else 1.0


def _words(scores: AttributeScores, i: int, dimension: Dimension, direction: float) -> Text:
    if abs(direction) < CLEAR:
        ratio = spread_ratio(scores, i)
        if ratio > LIKE:
            return Text(en="varies more", ja="ばらつきが大きい")
        if ratio < 1 / LIKE:
            return Text(en="varies less", ja="ばらつきが小さい")
        return Text(en="is distributed differently", ja="分布の形が異なる")
    if dimension.words is None:
        return Text(en="higher", ja="高い") if direction > 0 else Text(en="lower", ja="低い")
    return dimension.words.more if direction > 0 else dimension.words.less


def _amount(scores: AttributeScores, i: int, dimension: Dimension, direction: float) -> Text:
    if abs(direction) >= CLEAR:
        return both(change(float(scores.effects.shift[i]), unit=dimension.unit, scale=dimension.scale))
    ratio = spread_ratio(scores, i)
    if np.isfinite(ratio) and not 1 / LIKE <= ratio <= LIKE:
        return Text(en=f"spread ×{figures(ratio)}", ja=f"ばらつき ×{figures(ratio)}")
    size = figures(float(scores.effects.size[i]))
    return Text(en=f"effect {size} σ", ja=f"効果量 {size} σ")


def _action(dimension: Dimension, direction: float) -> Text | None:
    if dimension.words is None:
        return None
    if abs(direction) < CLEAR:
        return Text(
            en="The mean is right, the variation is not: see what the images at both ends share (lot, time, station).",
            ja="平均は合っていますが、ばらつきが異なります。両端の画像に共通するもの（ロット・時刻・号機）を確認してください。",
        )
    return dimension.words.action_more if direction > 0 else dimension.words.action_less
