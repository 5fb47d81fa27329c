"""One comparison judged: what was named, against what was planted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import ttest_ind

from ...plugin import AttributeScores, Latents
from .metrics import average_precision, precision_at_1, rank_of_first, recall_at_5

_CERTAIN = 0.01


@dataclass(frozen=True)
class Truth:
    """What was planted: for each factor the dimensions that claim it, and those that follow by physics."""

    claims: tuple[frozenset[str], ...]
    follows: frozenset[str] = frozenset()

    @property
    def right(self) -> frozenset[str]:
        """Give all claims."""
        return frozenset().union(*self.claims)


def ranking(scores: AttributeScores, alpha: float) -> list[int]:
    """Give all measured dimensions as a report lists them: significant before others, folded after leading, then by rank."""

    def place(i: int) -> tuple[bool, bool, int]:
        return bool(scores.significance.p_family[i] > alpha), bool(scores.causes.follows[i] >= 0), int(scores.effects.rank[i])

    order = sorted(range(len(scores.space)), key=place)
    return [i for i in order if scores.effects.measured[i]]


def judged(scores: AttributeScores, truth: Truth, alpha: float, unmoved: Collection[str] = ()) -> dict[str, Any]:
    """Judge one comparison.

    Args:
        scores: what the scorer said.
        truth: what was planted.
        alpha: corrected p at or below which a dimension counts as named.
        unmoved: kinds of attributes none of which should be named.
    """
    ids = [d.id for d in scores.space.dimensions]
    order = ranking(scores, alpha)
    significant = [i for i in order if scores.significance.p_family[i] <= alpha]
    leaders = [i for i in significant if scores.causes.follows[i] < 0]
    named = [ids[i] for i in significant]
    ranked = [ids[i] for i in order]
    facts: dict[str, Any] = {
        "p_family": float(scores.significance.p_family.min(initial=1.0)),
        "p_joint": float(scores.joint.p),
        "named": len(leaders),
        "folded": len(significant) - len(leaders),
        "first": named[0] if named else "",
        "made_up": sorted(ids[i] for i in leaders if ids[i] not in truth.right | truth.follows)[:5],
        "unmoved_named": [ids[i] for i in leaders if _kind(scores, i) in unmoved][:5],
    }
    if not truth.right:
        return facts
    place = {name: i for i, name in enumerate(ids)}
    claimed = [place[name] for name in truth.right if name in place and scores.effects.measured[place[name]]]
    facts |= {
        "precision_at_1": precision_at_1(named, truth.right, truth.follows),
        "claim_first": float(bool(named) and named[0] in truth.right),
        "recall_at_5": recall_at_5(named, truth.right, truth.follows),
        "average_precision": average_precision(ranked, truth.right, truth.follows),
        "rank": rank_of_first(ranked, truth.right, truth.follows),
        "found": float(any(name in truth.right for name in named)),
        "effect": max((float(scores.effects.size[i]) for i in claimed), default=float("nan")),
        "moved": max((abs(float(scores.effects.shift[i] / scores.effects.sigma[i])) for i in claimed), default=float("nan")),
    }
    if len(truth.claims) > 1:
        lead = {ids[i] for i in leaders}
        facts["all_named"] = float(all(claim & set(named) for claim in truth.claims))
        facts["all_lead"] = float(all(claim & lead for claim in truth.claims))
    return facts


def relevant_dimensions(reference: Latents, strong: Latents, most: int) -> frozenset[str]:
    """Give the dimensions that a strong shift moves: certain by Welch's t (1 % over all), the ``most`` largest."""
    a, b = reference.values.astype(np.float64), strong.values.astype(np.float64)
    deviation = np.sqrt((a.var(axis=0) + b.var(axis=0)) / 2)
    vary = deviation > 0
    moved = np.zeros(a.shape[1])
    moved[vary] = np.abs(b.mean(axis=0) - a.mean(axis=0))[vary] / deviation[vary]
    p = np.ones(a.shape[1])
    p[vary] = ttest_ind(a[:, vary], b[:, vary], equal_var=False).pvalue
    certain = np.flatnonzero(p * max(1, int(vary.sum())) <= _CERTAIN)
    best = certain[np.argsort(-moved[certain], kind="stable")][:most]
    return frozenset(reference.space.dimensions[i].id for i in best)


def _kind(scores: AttributeScores, i: int) -> str:
    words = scores.space.dimensions[i].words
    return words.kind if words else ""
