"""The four plain scorers: conformance, independent references, planted truth, bad input."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.stats import false_discovery_control, ks_2samp, mannwhitneyu, ttest_ind

from shiftlens import InputUnusable, SpacesDiffer, TooFewImages
from shiftlens.framework.values.corrections import holm
from shiftlens.plugin import AttributeScores, Context, Dimension, Latents, LatentScorer, Space
from shiftlens.plugins.baselines import plugin
from shiftlens.plugins.baselines.classifier import DomainClassifier, Ridge, auc_of
from shiftlens.plugins.baselines.config import ClassifierConfig, MmdConfig
from shiftlens.plugins.baselines.ks import KolmogorovSmirnov, kolmogorov_smirnov
from shiftlens.plugins.baselines.mmd import Mmd, gaussian, mmd_of_kernel, mmd_of_rows, witness_of
from shiftlens.plugins.baselines.welch import Welch, welch
from shiftlens.testing import LatentScorerConformance, sample_latents

FEW = {DomainClassifier: ClassifierConfig(permutations=99), Mmd: MmdConfig(permutations=99)}
ALL: tuple[type[LatentScorer], ...] = (Welch, KolmogorovSmirnov, DomainClassifier, Mmd)


def latents(values: NDArray[np.float64], name: str, *, groups: list[str] | None = None, period: float | None = None) -> Latents:
    dims = tuple(Dimension(id=f"d{i}", period=period) for i in range(values.shape[1]))
    ids = tuple(f"{i}.png" for i in range(len(values)))
    return Latents(
        space=Space(encoder="e", key="k", dimensions=dims), images=name, ids=ids,
        groups=tuple(groups or [f"{name}:{i}" for i in ids]), values=values.astype(np.float32),
    )  # fmt: skip


class TestWelch(LatentScorerConformance):
    @pytest.fixture
    def scorer(self) -> LatentScorer:
        return Welch()


class TestKs(LatentScorerConformance):
    @pytest.fixture
    def scorer(self) -> LatentScorer:
        return KolmogorovSmirnov()


class TestClassifier(LatentScorerConformance):
    @pytest.fixture
    def scorer(self) -> LatentScorer:
        return DomainClassifier()


class TestMmd(LatentScorerConformance):
    @pytest.fixture
    def scorer(self) -> LatentScorer:
        return Mmd()


def sides(n: int = 40, m: int = 55, rows: int = 5, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(rows, n)), rng.normal(0.3, 1.5, size=(rows, m))
    a[1, :7], b[2, -9:] = np.nan, np.nan
    b[3] = np.round(b[3])
    return a, b


def known(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x[np.isfinite(x)]


def test_welch_is_that_of_scipy() -> None:
    a, b = sides()
    wanted = [ttest_ind(known(x), known(y), equal_var=False).pvalue for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(welch(a, b), wanted, rtol=1e-9)


def test_ks_is_that_of_scipy() -> None:
    a, b = sides()
    wanted = [ks_2samp(known(x), known(y), method="exact") for x, y in zip(a, b, strict=True)]
    distance, p = kolmogorov_smirnov(a, b)
    np.testing.assert_allclose(distance, [w.statistic for w in wanted], rtol=1e-9)
    np.testing.assert_allclose(p, [w.pvalue for w in wanted], rtol=1e-6)


@pytest.mark.parametrize(("n", "m", "method"), [(5, 5, "exact"), (4, 9, "exact"), (3, 40, "exact"), (150, 120, "asymp")])
def test_p_of_ks_is_that_of_scipy_for_few_values_and_for_many(n: int, m: int, method: str) -> None:
    rng = np.random.default_rng(n)
    for shift in (0.0, 0.5, 9.0):
        a, b = rng.normal(size=n), rng.normal(shift, 1, size=m)
        wanted = ks_2samp(a, b, method=method).pvalue
        assert kolmogorov_smirnov(a[None], b[None])[1][0] == pytest.approx(wanted, rel=1e-6, abs=1e-14)


def plain_mmd(x: NDArray[np.float64], y: NDArray[np.float64], width: float) -> float:
    def k(u: NDArray[np.float64], v: NDArray[np.float64]) -> float:
        return float(np.exp(-np.sum((u - v) ** 2) / (2 * width**2)))

    n, m = len(x), len(y)
    ours = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    theirs = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return ours + theirs - 2 * sum(k(u, v) for u in x for v in y) / (n * m)


def median_distance(points: NDArray[np.float64]) -> float:
    return float(np.median([np.linalg.norm(u - v) for i, u in enumerate(points) for v in points[:i]]))


def test_mmd_of_the_whole_space_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(35, 4))
    points[20:, 1] += 1
    labels = np.arange(35)[:, None] >= 20
    # the median of squares is the square of the median: an odd number of distances
    wanted = plain_mmd(points[:20], points[20:], median_distance(points))
    assert mmd_of_kernel(gaussian(points.T), labels)[0] == pytest.approx(wanted, rel=1e-6)


def test_mmd_of_a_dimension_is_near_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(3, 41))
    rows[1, 20:] *= 2
    rows[2, 5] = np.nan
    labels = np.arange(41)[:, None] >= 20
    got = mmd_of_rows(rows, labels, 16)[:, 0]
    for row, value in zip(rows, got, strict=True):
        a, b = known(row[:20])[:, None], known(row[20:])[:, None]
        wanted = plain_mmd(a, b, median_distance(np.concatenate([a, b])))
        assert value == pytest.approx(wanted, abs=1e-3)


def test_the_witness_is_higher_at_images_like_the_target() -> None:
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(size=(30, 2)), rng.normal(4, 1, size=(30, 2))])
    witness = witness_of(gaussian(points.T), np.arange(60) >= 30)
    assert witness[30:].min() > witness[:30].max()


def test_held_out_predictions_are_those_of_refitting_without_the_fold() -> None:
    rng = np.random.default_rng(4)
    z = rng.normal(size=(6, 30))
    labels = rng.random(30) < 0.5
    fold = np.arange(30) % 3
    got = Ridge(z, 1.0).held_out(labels[:, None], fold)[:, 0]
    centred = z - z.mean(axis=1, keepdims=True)
    penalty = np.trace(centred.T @ centred) / 30
    y = 2.0 * labels - 1
    for number in range(3):
        kept, out = fold != number, fold == number
        x = np.vstack([centred, np.ones(30)])
        ridge = np.diag([penalty] * 6 + [0.0])
        weights = np.linalg.solve(x[:, kept] @ x[:, kept].T + ridge, x[:, kept] @ y[kept])
        np.testing.assert_allclose(got[out], weights @ x[:, out], rtol=1e-6, atol=1e-8)


def test_auc_is_that_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(5)
    values, labels = rng.normal(size=50), np.arange(50) % 2 == 0
    wanted = mannwhitneyu(values[labels], values[~labels]).statistic / (25 * 25)
    assert auc_of(values[:, None], labels[:, None], np.zeros(50, int))[0] == pytest.approx(wanted)


def test_holm_is_that_of_the_definition() -> None:
    p = np.array([0.03, 0.001, 0.2, 0.011])
    np.testing.assert_allclose(holm(p), [0.06, 0.004, 0.2, 0.033])


@pytest.mark.parametrize("kind", ALL)
def test_missing_values_and_dead_dimensions_are_not_measured_or_left_out(kind: type[LatentScorer]) -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(2, 80, 5))
    a[:, 1] = b[:, 1] = 3.0
    a[:60, 2] = np.nan
    a[::3, 3] = np.nan
    b[:, 3] += 2
    scores = kind().score(latents(a, "a"), latents(b, "b"))
    assert scores.effects.measured.tolist() == [True, False, False, True, True]
    assert scores.effects.rank[3] == 1
    assert scores.significance.p_family[3] < 0.05
    assert np.isnan(scores.effects.size[1])
    assert scores.significance.p_family[2] == 1


@pytest.mark.parametrize("kind", ALL)
def test_angles_are_compared_on_the_circle(kind: type[LatentScorer]) -> None:
    rng = np.random.default_rng(7)
    a, b = (rng.normal(at, 5, size=(80, 2)) % 180 for at in (177.0, 187.0))
    scores = kind().score(latents(a, "a", period=180), latents(b, "b", period=180))
    assert scores.effects.shift == pytest.approx([10, 10], abs=3)


@pytest.mark.parametrize("kind", ALL)
def test_false_alarms_stay_below_alpha_where_images_come_in_groups(kind: type[LatentScorer]) -> None:
    rng = np.random.default_rng(8)
    alarms = 0
    for trial in range(60):
        values = rng.normal(size=(2, 16, 1, 4)) + 0.3 * rng.normal(size=(2, 16, 5, 4))
        a, b = values.reshape(2, 80, 4)
        names = [f"{i // 5}" for i in range(80)]
        scorer = kind(FEW.get(kind), context=Context(seed=trial))
        scores = scorer.score(
            latents(a, "a", groups=["a" + n for n in names]), latents(b, "b", groups=["b" + n for n in names])
        )
        alarms += bool((scores.significance.p_family <= 0.05).any())
    assert alarms <= 8  # 3 expected; 9 or more has a chance of 0.4 %


@pytest.mark.parametrize("kind", ALL)
def test_two_spaces_are_refused(kind: type[LatentScorer]) -> None:
    with pytest.raises(SpacesDiffer):
        kind().score(sample_latents(dimensions=6), sample_latents(dimensions=5))


@pytest.mark.parametrize("kind", ALL)
def test_too_few_images_and_nothing_to_measure_are_refused(kind: type[LatentScorer]) -> None:
    with pytest.raises(TooFewImages, match="3 usable images"):
        kind().score(sample_latents(count=3), sample_latents())
    still = np.ones((20, 2))
    with pytest.raises(InputUnusable):
        kind().score(latents(still, "a"), latents(still, "b"))


@pytest.mark.parametrize("kind", ALL)
def test_the_same_seed_gives_the_same_numbers_and_they_survive_the_store(kind: type[LatentScorer]) -> None:
    a, b = sample_latents(name="a"), sample_latents(seed=1, shift=0.5, name="b")
    first, second = (kind(context=Context(seed=3)).score(a, b) for _ in range(2))
    assert first.digest() == second.digest()
    assert AttributeScores.join(*first.parts()).digest() == first.digest()


def test_permutations_that_cannot_reach_alpha_are_named() -> None:
    with pytest.raises(ValidationError, match="permutations=99 cannot reach"):
        MmdConfig(alpha=0.005, permutations=99)


def test_cards_name_scorers_and_import_no_method() -> None:
    for card in plugin.shiftlens_latent_scorers():
        module, _, name = card.target.partition(":")
        assert issubclass(getattr(import_module(module), name), LatentScorer)
    code = (
        "import sys; from shiftlens.plugins.baselines import plugin, config; plugin.shiftlens_latent_scorers(); "
        "print([m for m in ('torch', 'scipy', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_scores_filled_from_few_arrays_have_the_rates_of_scipy_and_say_what_is_not_known() -> None:
    a, b = sample_latents(name="a"), sample_latents(seed=1, name="b")
    p = np.array([0.001, 0.2, 0.04, 0.5, 0.03, np.nan])
    scores = AttributeScores.of(a, b, effect=np.array([0.5, 0.2, 0.4, 0.2, 0.3, np.nan]), p_single=p)
    np.testing.assert_allclose(scores.significance.q_bh[:5], false_discovery_control(p[:5], method="bh"))
    np.testing.assert_allclose(scores.significance.q_by[:5], false_discovery_control(p[:5], method="by"))
    assert scores.effects.rank.tolist() == [1, 4, 2, 5, 3, 0]
    assert scores.effects.measured.tolist() == [True] * 5 + [False]
    assert np.isnan(scores.effects.low).all()
    assert scores.joint.p == pytest.approx(0.005)
    np.testing.assert_allclose(scores.effects.shift[0], b.values[:, 0].mean() - a.values[:, 0].mean(), rtol=1e-5)
    np.testing.assert_allclose(
        scores.effects.reference_quantiles[0], np.quantile(a.values[:, 0], scores.effects.levels), rtol=1e-6
    )
