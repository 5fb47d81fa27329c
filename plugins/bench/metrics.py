"""What is counted: plain functions of ranks, names and counts."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from scipy.stats import beta, rankdata, spearmanr


def precision_at_1(named: Sequence[str], right: Collection[str], neutral: Collection[str] = ()) -> float:
    """Give 1 if the first name is right, else 0; names that are ``neutral`` are passed over; naming nothing is 0.

    >>> precision_at_1(["highlights", "exposure"], {"exposure"}, {"highlights"})
    1.0
    """
    first = next((name for name in named if name not in neutral), None)
    return float(first in right)


def recall_at_5(named: Sequence[str], right: Collection[str], neutral: Collection[str] = ()) -> float:
    """Give the share of what is right (of five of it, where there is more) among the first five names.

    >>> recall_at_5(["a", "b"], {"b", "c"})
    0.5
    """
    first = [name for name in named if name not in neutral][:5]
    return len(set(first) & set(right)) / min(5, len(right))


def average_precision(ranking: Sequence[str], right: Collection[str], neutral: Collection[str] = ()) -> float:
    """Give the mean, over what is right, of the precision at its place in the whole ranking.

    >>> average_precision(["a", "x", "b"], {"a", "b"})
    0.8333333333333333
    """
    hits, total, place = 0, 0.0, 0
    for name in ranking:
        if name in neutral:
            continue
        place += 1
        if name in right:
            hits += 1
            total += hits / place
    return total / len(right)


def rank_of_first(ranking: Sequence[str], right: Collection[str], neutral: Collection[str] = ()) -> int:
    """Give the place of the best-placed right name, counted from 1; one past the end if it is not there."""
    kept = [name for name in ranking if name not in neutral]
    return next((place for place, name in enumerate(kept, start=1) if name in right), len(kept) + 1)


def interval(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Give the interval of Clopper and Pearson (1934) of a share.

    >>> [round(end, 4) for end in interval(10, 200)]
    [0.0242, 0.09]
    """
    rest = (1 - level) / 2
    low = float(beta.ppf(rest, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - rest, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def smallest_found(strengths: Sequence[float], power: Sequence[float], wanted: float) -> tuple[str, float]:
    """Give the smallest strength with ``wanted`` power, between the planted ones by straight lines.

    ``("=", s)``; ``("<=", s)`` where the weakest planted is found already, ``(">", s)`` where the strongest is not. Power that
    falls again on the way up is taken as chance: it counts only from where it stays.

    >>> smallest_found([1, 2], [0.6, 1.0], 0.8)
    ('=', 1.5)
    """
    pairs = sorted(zip(strengths, power, strict=True))
    below = [i for i, (_, p) in enumerate(pairs) if p < wanted]
    if not below:
        return "<=", float(pairs[0][0])
    if below[-1] == len(pairs) - 1:
        return ">", float(pairs[-1][0])
    (s0, p0), (s1, p1) = pairs[below[-1]], pairs[below[-1] + 1]
    return "=", float(s0 + (wanted - p0) / (p1 - p0) * (s1 - s0))


def dose_response(strengths: Sequence[float], answers: Sequence[float]) -> float:
    """Give Spearman's correlation of strength and answer; NaN where either does not vary or fewer than three are known."""
    known = [(s, a) for s, a in zip(strengths, answers, strict=True) if math.isfinite(a)]
    if len(known) < 3 or len({s for s, _ in known}) < 2 or len({a for _, a in known}) < 2:
        return math.nan
    return float(spearmanr(rankdata([s for s, _ in known]), rankdata([a for _, a in known])).statistic)


def mean(values: Sequence[float]) -> float:
    """Give the mean of what is known; NaN where nothing is."""
    known = [value for value in values if math.isfinite(value)]
    return sum(known) / len(known) if known else math.nan
