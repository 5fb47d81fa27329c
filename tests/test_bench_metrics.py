"""What the benchmark counts, against plain references and scores whose truth is planted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest, spearmanr

from shiftlens.plugin import AttributeScores
from shiftlens.plugins.bench.judge import Truth, judged, ranking, relevant_dimensions
from shiftlens.plugins.bench.metrics import (
    average_precision,
    dose_response,
    interval,
    mean,
    precision_at_1,
    rank_of_first,
    recall_at_5,
    smallest_found,
)
from shiftlens.testing import sample_latents


@pytest.mark.parametrize(("hits", "trials"), [(0, 20), (1, 20), (10, 200), (19, 200), (20, 20)])
def test_intervals_are_those_of_scipy(hits: int, trials: int) -> None:
    wanted = binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert interval(hits, trials) == pytest.approx((wanted.low, wanted.high))


def test_precision_passes_over_consequences_and_naming_nothing_is_wrong() -> None:
    assert precision_at_1(["b", "a"], {"a"}) == 0
    assert precision_at_1(["b", "a"], {"a"}, {"b"}) == 1
    assert precision_at_1([], {"a"}) == 0
    assert precision_at_1(["b"], {"a"}, {"b"}) == 0


def test_recall_counts_the_first_five_and_of_five_at_most() -> None:
    names = list("abcdefgh")
    assert recall_at_5(names, {"a", "f"}) == 0.5
    assert recall_at_5(names, set(names)) == 1
    assert recall_at_5(names, {"f"}, {"a"}) == 1


def test_average_precision_is_that_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        names = [f"n{i}" for i in rng.permutation(12)]
        right = {f"n{i}" for i in rng.choice(12, 4, replace=False)}
        precisions = [len(right & set(names[: k + 1])) / (k + 1) for k in range(12) if names[k] in right]
        assert average_precision(names, right) == pytest.approx(sum(precisions) / 4)


def test_what_is_not_in_the_ranking_lowers_average_precision_and_rank() -> None:
    assert average_precision(["a", "b"], {"a", "gone"}) == 0.5
    assert rank_of_first(["x", "y", "a"], {"a"}, {"x"}) == 2
    assert rank_of_first(["x"], {"a"}) == 2


@pytest.mark.parametrize(
    ("power", "wanted"),
    [
        ([0.2, 0.6, 1.0], ("=", 1.5)),
        ([0.9, 1.0, 1.0], ("<=", 0.5)),
        ([0.0, 0.1, 0.7], (">", 2.0)),
        ([0.9, 0.4, 0.8], ("=", 2.0)),
    ],
)
def test_the_smallest_shift_found_lies_between_planted_ones(power: list[float], wanted: tuple[str, float]) -> None:
    assert smallest_found([0.5, 1.0, 2.0], power, 0.8) == wanted


def test_dose_response_is_that_of_scipy_and_unknown_where_nothing_varies() -> None:
    strengths, answers = [0.5, 1.0, 1.0, 2.0], [0.2, 0.1, 0.6, 0.9]
    assert dose_response(strengths, answers) == pytest.approx(spearmanr(strengths, answers).statistic)
    assert math.isnan(dose_response([1, 2, 3], [1, 1, 1]))
    assert math.isnan(dose_response([1, 2], [1, float("nan")]))


def test_a_mean_is_of_what_is_known() -> None:
    assert mean([1.0, float("nan"), 3.0]) == 2
    assert math.isnan(mean([float("nan")]))


def scores(effect: list[float], p: list[float], follows: list[int] | None = None) -> AttributeScores:
    a, b = sample_latents(dimensions=len(effect), name="a"), sample_latents(dimensions=len(effect), seed=1, name="b")
    made = AttributeScores.of(a, b, effect=np.array(effect), p_single=np.array(p), p_family=np.array(p))
    if not follows:
        return made
    return made.model_copy(update={"causes": made.causes.model_copy(update={"follows": np.array(follows)})})


def test_folded_dimensions_rank_behind_leading_ones_and_before_what_is_not_significant() -> None:
    made = scores([3.0, 2.0, 1.0, math.nan, 1.5], [0.001, 0.001, 0.5, 1.0, 0.9], [1, -1, -1, -1, -1])
    assert ranking(made, 0.05) == [1, 0, 4, 2]


def test_what_was_planted_is_judged_right_and_what_was_not_made_up() -> None:
    truth = Truth((frozenset({"d1"}),), frozenset({"d2"}))
    facts = judged(scores([1.0, 2.0, 3.0, 0.1], [0.01, 0.001, 0.001, 0.9]), truth, 0.05)
    assert facts["precision_at_1"] == 1
    assert facts["claim_first"] == 0
    assert facts["found"] == 1
    assert facts["rank"] == 1
    assert facts["made_up"] == ["d0"]
    assert facts["named"] == 3


def test_a_factor_folded_under_another_is_named_but_does_not_lead() -> None:
    truth = Truth((frozenset({"d0"}), frozenset({"d1"})))
    facts = judged(scores([2.0, 1.0, 0.1], [0.001, 0.001, 0.9], [-1, 0, -1]), truth, 0.05)
    assert (facts["all_named"], facts["all_lead"], facts["folded"]) == (1, 0, 1)


def test_nothing_planted_gives_no_precision() -> None:
    facts = judged(scores([1.0, 0.5], [0.001, 0.9]), Truth(()), 0.05)
    assert "found" not in facts
    assert facts["made_up"] == ["d0"]


def test_relevant_dimensions_are_those_that_moved() -> None:
    a, b = sample_latents(dimensions=30, name="a"), sample_latents(dimensions=30, shift=2.0, seed=1, name="b")
    assert relevant_dimensions(a, b, 20) == {"d0"}
    assert relevant_dimensions(a, sample_latents(dimensions=30, seed=2, name="c"), 20) == frozenset()
