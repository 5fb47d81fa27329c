"""Defect safety: what is planted is found, kept and lost where it should be; cheap repairs; what is concluded."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, median_filter
from torch import Tensor

from shiftlens.plugins.mcdut.cheap import After, Curves, Linear, Sharpness, fitted, of_arrays
from shiftlens.plugins.mcdut.config import Limits
from shiftlens.plugins.mcdut.defects import KINDS, plant
from shiftlens.plugins.mcdut.detect import changes, contrast, levels
from shiftlens.plugins.mcdut.gate import judge
from shiftlens.plugins.mcdut.safety import Distance, Row, Subject, light, table
from shiftlens.plugins.mcdut.structure import edge_f1, gradient_correlation
from shiftlens.plugins.mcdut.verdict import failed, verdict

LIMITS = Limits()
Picture = NDArray[np.float32]


def surface(seed: int, side: int = 96) -> Picture:
    """A metal part on a darker ground, with brushed texture, holes and a bright rim."""
    draws = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side - 0.5
    grain = gaussian_filter(draws.normal(size=(side, side)), (0.5, 4)) * 0.03
    disc = np.hypot(x, y) < 0.4 + 0.03 * draws.random()
    hole = np.hypot(x - 0.1 * draws.random(), y) < 0.12
    part = np.where(disc & ~hole, 0.55 + 0.1 * x, 0.25) + grain + 0.05 * draws.random()
    return np.repeat(gaussian_filter(part, 0.7)[..., None], 3, 2).clip(0, 1).astype(np.float32)


def unchanged(pictures: list[Picture]) -> list[Picture]:
    return pictures


def gained(pictures: list[Picture]) -> list[Picture]:
    return [(np.rint(np.clip(p * 1.4, 0, 1) * 255) / 255).astype(np.float32) for p in pictures]


def erased(pictures: list[Picture]) -> list[Picture]:
    return [median_filter(p, (9, 9, 1)) for p in pictures]


def spotted(pictures: list[Picture]) -> list[Picture]:
    return [plant(p, "spot", np.random.default_rng(int(p[::7, ::7].sum() * 1e4) % 2**32)).picture for p in pictures]


@pytest.fixture(scope="module")
def subject() -> Subject:
    return Subject([surface(seed) for seed in range(8)], LIMITS, planted=24)


@pytest.fixture(scope="module")
def rows(subject: Subject) -> dict[str, Row]:
    ways = {"unchanged": unchanged, "gained": gained, "erased": erased, "spotted": spotted}
    return {name: subject.measured(name, way) for name, way in ways.items()}


def test_planted_defects_can_be_seen(subject: Subject) -> None:
    assert len(subject.planted) >= 22
    assert {made.kind for made, _, _ in subject.planted} == set(KINDS)
    for made, _, strength in subject.planted:
        assert 8 <= made.mask.sum() < 0.1 * made.mask.size
        assert strength >= LIMITS.contrast


def test_a_defect_changes_its_mask_and_nothing_far_from_it() -> None:
    picture = surface(3)
    for kind in KINDS:
        made = plant(picture, kind, np.random.default_rng(0))
        apart = np.abs(made.picture - picture).max(axis=2)
        assert apart[made.mask].min() > 0.02
        assert apart[gaussian_filter(made.mask.astype(float), 3) < 1e-3].max() == 0


def test_what_changes_nothing_keeps_everything_and_invents_nothing(rows: dict[str, Row]) -> None:
    same = rows["unchanged"]
    assert (same.kept, same.invented, same.held_ok, same.held_ng) == (1, 0, 0, 0)
    assert (same.edges, same.gradients) == (1, pytest.approx(1))
    assert same.escapes == {"99:1": 0, "50:50": 0}
    assert same.overkills == {"99:1": 0, "50:50": 0}


def test_a_gain_keeps_everything_and_invents_nothing(rows: dict[str, Row]) -> None:
    assert (rows["gained"].kept, rows["gained"].invented) == (1, 0)
    assert rows["gained"].edges > 0.95
    assert rows["gained"].gradients > 0.95


def test_an_eraser_loses_defects_and_the_gate_holds_it_back(subject: Subject, rows: dict[str, Row]) -> None:
    assert rows["erased"].kept < 0.5
    fine = [made.kind != "stain" for made, _, _ in subject.planted]
    held = [judge(made.picture, erased([made.picture])[0], LIMITS, found=found).reason for made, found, _ in subject.planted]
    assert all(reason is not None for reason, thin in zip(held, fine, strict=True) if thin)
    assert rows["erased"].invented == 0


def test_an_inventor_is_found_out_and_held_back(rows: dict[str, Row]) -> None:
    assert rows["spotted"].kept > 0.9
    assert rows["spotted"].invented > 0.9
    assert rows["spotted"].held_ok > 0.9
    assert rows["spotted"].invented_through in (None, 0)


def test_ratios_weigh_the_same_shares_differently(subject: Subject) -> None:
    row = subject.measured("erased", erased)
    open_ = Subject(subject.pictures, LIMITS.model_copy(update={"contrast": 0.99, "edges": 0.0, "gradients": -1.0}), planted=24)
    assert open_.planted == []
    assert row.escapes["50:50"] == pytest.approx(50 * row.escapes["99:1"], abs=0.05)


def test_a_reason_counts_what_appeared_and_what_vanished() -> None:
    picture = np.full((64, 64, 3), 0.5, np.float32)
    two = picture.copy()
    two[20:24, 20:24] = 0.2
    two[44:48, 44:48] = 0.9
    assert judge(picture, picture, LIMITS).reason is None
    appeared, vanished = judge(picture, two, LIMITS), judge(two, picture, LIMITS)
    assert appeared.changes.lost == vanished.changes.invented == 0
    assert min(appeared.changes.invented, vanished.changes.lost) >= 2
    assert "does not have" in appeared.reason.en  # type: ignore[union-attr]
    assert "loses" in vanished.reason.en  # type: ignore[union-attr]
    for reason in (appeared.reason, vanished.reason):
        assert reason is not None
        assert reason.ja


def test_contrast_is_a_share_of_the_surround_and_edges_have_none() -> None:
    picture = np.full((96, 96, 3), 0.6, np.float32)
    picture[:, 48:] = 0.3
    mask = np.zeros((96, 96), bool)
    mask[30:34, 20:60] = True
    spot = picture.copy()
    spot[mask] *= 0.5
    assert contrast(levels(spot), mask, dark=True) == pytest.approx(0.5, abs=0.12)
    assert contrast(levels(picture), mask, dark=True) < 0.05
    assert contrast(levels(0.3 * spot), mask, dark=True) == pytest.approx(contrast(levels(spot), mask, dark=True), abs=1e-3)
    assert contrast(levels(spot), mask, dark=False) < 0.05


def test_things_set_aside_are_not_counted() -> None:
    picture = np.full((64, 64, 3), 0.5, np.float32)
    spot, mask = picture.copy(), np.zeros((64, 64), bool)
    spot[20:24, 20:24], mask[14:30, 14:30] = 0.2, True
    given = levels(picture), levels(spot)
    assert changes(*given, least=0.1, strength=0.5).invented > 0
    assert changes(*given, least=0.1, strength=0.5, aside=mask).invented == 0


def test_structure_follows_edges_and_gradients() -> None:
    picture = surface(1)
    assert edge_f1(picture, picture) == 1
    assert gradient_correlation(picture, 0.5 * picture) == pytest.approx(1)
    assert gradient_correlation(picture, 1 - picture) == pytest.approx(-1)
    for function in (edge_f1, gradient_correlation):
        one, two, far = (function(picture, np.roll(picture, n, axis=1)) for n in (1, 2, 12))
        assert one >= two > far
    assert edge_f1(picture, np.roll(picture, 1, axis=1)) > 0.9
    even = np.full_like(picture, 0.5)
    assert (edge_f1(even, even), edge_f1(even, picture)) == (1, 0)


# cheap repairs


def pair(change: Any) -> tuple[list[Picture], list[Picture], list[Picture]]:
    """Pictures to fit on from both domains, and further ones of the source."""
    there = [change(surface(seed)) for seed in range(20, 32)]
    return [surface(seed) for seed in range(12)], there, [surface(seed) for seed in range(40, 46)]


def error(repair: Any, change: Any, pictures: list[Picture]) -> float:
    return float(np.mean([np.abs(repair(p) - change(p)).mean() for p in pictures]))


def tinted(picture: Picture) -> Picture:
    return (picture * np.array([1.3, 1.0, 0.7]) + 0.05).clip(0, 1).astype(np.float32)


def curved(picture: Picture) -> Picture:
    return picture**0.6


def blurred(picture: Picture) -> Picture:
    return gaussian_filter(picture, (1.2, 1.2, 0)).astype(np.float32)


CASES = [("affine", tinted, 0.15), ("histogram", curved, 0.15), ("covariance", tinted, 0.15), ("mtf", blurred, 0.5)]


@pytest.mark.parametrize(("name", "change", "left"), CASES, ids=[case[0] for case in CASES])
def test_a_cheap_repair_undoes_what_it_is_for(name: str, change: Any, left: float) -> None:
    source, target, others = pair(change)
    repair = fitted(source, target)[name]
    assert error(repair, change, others) < left * error(lambda p: p, change, others)


def test_light_and_sharpness_together_need_both() -> None:
    def both(picture: Picture) -> Picture:
        return tinted(blurred(picture))

    source, target, others = pair(both)
    repairs = fitted(source, target)
    assert error(repairs["affine-mtf"], both, others) < min(error(repairs[n], both, others) for n in ("affine", "mtf"))


def test_two_sets_of_one_domain_need_no_repair() -> None:
    source, target, others = pair(lambda p: p)
    for repair in fitted(source, target).values():
        assert error(repair, lambda p: p, others) < 0.02


def test_a_repair_comes_back_from_its_numbers() -> None:
    picture = surface(5)
    linear = Linear(np.diag([0.9, 1.1, 1.0]), np.array([0.1, 0, -0.1]))
    sharp = Sharpness(np.linspace(1, 0.5, 16))
    kept = {"affine": linear, "histogram": Curves(np.linspace(0, 0.8, 256)[None].repeat(3, 0)), "mtf": sharp}
    for name, repair in {**kept, "affine-mtf": After(linear, sharp), "covariance": linear}.items():
        again = of_arrays(name, repair.arrays())
        np.testing.assert_array_equal(again(picture), repair(picture))
        assert repair(picture).dtype == np.float32
        assert repair(picture).shape == picture.shape


# the table and what is concluded


def row(name: str, distance: float, light: float | None = None, **values: Any) -> Row:
    """One row, with distances that vary alike from draw to draw."""
    draws = tuple(distance + 0.02 * np.sin(np.arange(40)))
    facts = {
        "images": 20, "planted": 60, "unseen": 0, "kept": 1.0, "kept_through": 1.0,
        "invented": 0.0, "invented_through": 0.0, "held_ok": 0.0,
        "held_ng": 0.0, "edges": 0.9, "gradients": 0.9, "escapes": {}, "overkills": {},
    }  # fmt: skip
    return Row(name=name, distance=Distance(kernel=distance, draws=draws, frechet=distance, light=light), **{**facts, **values})


def test_the_cheapest_of_equal_ways_wins() -> None:
    rows = [row("none", 1.0), row("affine", 0.4), row("histogram", 0.37), row("network", 0.36)]
    assert verdict(rows, LIMITS).winner == "affine"


def test_of_equal_ways_one_that_evens_out_the_light_wins() -> None:
    dark_corners = row("affine", 0.4, light=0.010)
    assert verdict([row("none", 1.0, light=0.06), dark_corners, row("network", 0.42, light=0.004)], LIMITS).winner == "network"
    assert verdict([row("none", 1.0, light=0.06), dark_corners, row("network", 0.42, light=0.006)], LIMITS).winner == "affine"
    assert verdict([row("none", 1.0, light=0.06), dark_corners, row("network", 0.55, light=0.001)], LIMITS).winner == "affine"


def test_light_is_measured_where_it_falls() -> None:
    there = [surface(seed) for seed in range(8)]
    corners = 1 - 0.4 * np.hypot(*np.meshgrid(*[np.linspace(-1, 1, there[0].shape[i]) for i in (1, 0)]))[..., None] ** 2 / 2
    dark = [(picture * corners).astype(np.float32) for picture in there]
    rows = {one.name: one.distance for one in table({"same": lambda p: p}, dark, there, LIMITS, features=Colours())}  # type: ignore[arg-type]
    found = rows["none"].light  # type: ignore[union-attr]
    assert found == pytest.approx(float(np.median(np.abs(light(dark) - light(there)))))
    assert found > 0.02
    assert light(there).shape == (8, 8, 3)


def test_a_network_that_comes_clearly_nearer_wins() -> None:
    rows = [row("none", 1.0), row("affine", 0.4), row("network", 0.1)]
    found = verdict(rows, LIMITS)
    assert found.winner == "network"
    assert "leaves 10 % of the distance" in found.reason.en


def test_a_network_that_loses_defects_is_passed_over_and_why_is_said() -> None:
    rows = [row("none", 1.0), row("affine", 0.4), row("network", 0.1, kept_through=0.93)]
    found = verdict(rows, LIMITS)
    assert found.winner == "affine"
    assert "network: 93.0 % of 60 planted defects are kept, 99 % are asked for" in found.reason.en


FAULTS = [
    ({"kept_through": 0.98}, "98.0 % of 60 planted defects"),
    ({"invented_through": 0.02}, "a defect is invented on 2.0 % of the images, 1 % are allowed"),
    ({"planted": 0}, "nothing is known of what becomes of defects"),
    ({"held_ok": 0.8}, "the gate holds back 80 % of good images"),
    ({"edges": 0.2}, "structure is lost"),
]


@pytest.mark.parametrize(("values", "said"), FAULTS)
def test_where_nothing_may_be_used_images_stay_as_they_are(values: dict[str, float], said: str) -> None:
    bad = row("network", 0.1, **values)
    found = verdict([row("none", 1.0), bad], LIMITS)
    assert found.winner is None
    assert said in found.reason.en
    assert failed(bad, LIMITS) == found.reason
    assert found.reason.ja


def test_where_nothing_comes_nearer_images_stay_as_they_are() -> None:
    found = verdict([row("none", 0.1), row("affine", 0.11), row("network", 0.1)], LIMITS)
    assert found.winner is None
    assert "no way to repair brings the images nearer" in found.reason.en


class Colours:
    """Stands in for :class:`shiftlens.Features`: means of colours, in one map."""

    size = 16
    layers = ("a", "b", "c", "d")

    def maps(self, batch: np.ndarray, layer: str) -> np.ndarray:
        return (batch.astype(np.float32) / 255).transpose(0, 3, 1, 2)

    def activations(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        raise AssertionError("distances are of pooled maps, nothing here needs activations")


def test_distances_fall_for_the_way_that_undoes_the_shift() -> None:
    source, target, others = pair(tinted)
    affine = fitted(source, target)["affine"]
    rows = table(
        {"affine": lambda ps: [affine(p) for p in ps], "network": lambda ps: [p * 0.9 for p in ps]}, others, target, LIMITS,
        features=Colours(), planted=18,
    )  # fmt: skip
    distance = {one.name: one.distance for one in rows}
    assert all(one is not None for one in distance.values())
    assert distance["affine"].kernel < 0.1 * distance["none"].kernel < distance["network"].kernel  # type: ignore[union-attr]
    assert verdict(rows, LIMITS).winner == "affine"
