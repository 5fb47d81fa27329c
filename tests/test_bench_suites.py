"""Suites of the benchmark: what they plan, and mistakes in them named."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from shiftlens import SpecError, UnknownName
from shiftlens.plugins.bench.cells import cells_of
from shiftlens.plugins.bench.config import BenchSpec
from shiftlens.plugins.bench.run import plan
from shiftlens.plugins.bench.suites import suite, suite_names
from shiftlens.plugins.bench.work import drawn, halves
from shiftlens.testing import sample_latents

SAMPLE = runpy.run_path(str(Path(__file__).with_name("bench_sample.py")))
SUITE, written = SAMPLE["SUITE"], SAMPLE["written"]


@pytest.fixture
def suite_file(tmp_path: Path) -> Callable[..., str]:
    return partial(written, tmp_path / "toy.yaml")


def test_quick_lays_its_smaller_numbers_over_the_suite(suite_file: Callable[..., str]) -> None:
    quick = suite(suite_file(), quick=True)
    assert quick.null
    assert (quick.null.splits, quick.null.pool) == (5, 100)
    assert {cell.name for cell in cells_of(quick, 0) if cell.suite == "planted"} == {"light"}


def test_scorers_see_the_same_subsets_and_pools_share_no_parts(suite_file: Callable[..., str]) -> None:
    cells = [c for c in cells_of(suite(suite_file()), 0) if c.suite == "planted" and c.encoder == "toy-code"]
    assert {c.scorer for c in cells} == {"stylediff", "welch", "mmd"}
    seeds = {c.name: {p.source.rpartition("seed=")[2] for p in c.pools()} for c in cells}
    assert all(len(found) == 2 for found in seeds.values())
    assert len({seed for found in seeds.values() for seed in found}) == 4


def test_subsets_keep_groups_whole_and_sides_apart() -> None:
    latents = sample_latents(count=60).model_copy(update={"groups": tuple(f"g{i // 5}" for i in range(60))})
    first, second = halves(latents, 25, np.random.default_rng(0))
    assert (len(first.ids), len(second.ids)) == (25, 25)
    assert not set(first.groups) & set(second.groups)
    assert all(first.groups.count(g) == 5 for g in set(first.groups))
    assert len(drawn(latents, 30, np.random.default_rng(1)).ids) == 30


@pytest.mark.parametrize("name", suite_names())
@pytest.mark.parametrize("quick", [False, True])
def test_built_in_suites_hold(name: str, quick: bool) -> None:
    assert plan(suite(name, quick=quick), 0).cells


def test_claims_and_consequences_of_the_built_in_suites_are_measures_of_physical() -> None:
    from shiftlens.plugins.physical.words import DIMENSIONS

    known = {d.id for d in DIMENSIONS}
    spec = suite("standard")
    assert spec.planted
    assert spec.paired
    for factor in (*spec.planted.factors.values(), *spec.paired.factors.values()):
        assert {*factor.claims, *factor.follows} <= known


def test_every_source_of_the_built_in_suites_is_possible() -> None:
    from shiftlens.plugins.parts.source import options_of, world_of

    for quick in (False, True):
        for source in {pool.source for pool in plan(suite("standard", quick=quick), 0).pools()}:
            place, options, _ = options_of(source, {})
            assert world_of(place, options).site.site == "osaka"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"null": {"pool": 100, "side": 60}}, "null: side: two sides of 60 images do not fit into pool 100"),
        ({"null": {"pool": 100, "side": 33, "views": 5}}, "null: views"),
        ({"null": {"alphas": [0]}}, r"null\.alphas\[0\]"),
        ({"planted": {"factors": {"light": {"step": 0}}}}, r"planted\.factors\.light: step is 0"),
        ({"planted": {"factors": {"light": {"claims": ["a"], "follows": ["a"]}}}}, "a is claimed and follows at once"),
        ({"planted": {"factors": {"light": {}}, "images": [500]}}, "images: 500 a side do not fit into reference 400"),
        ({"planted": {"factors": {"light": {}}, "strengths": [-1]}}, r"planted\.strengths\[0\]"),
        ({"planted": {"factors": {"light": {}}, "only": ["ligth"]}}, r"only\[0\]: no 'ligth'"),
        (
            {"paired": {"factors": SUITE["paired"]["factors"], "pairs": [{"plant": {"light": 1, "x": 1}}]}},
            r"pairs\[0\]\.plant\.x: not among factors",
        ),
        ({"scorer": {}}, "scorer: unknown key"),
        ({"encoders": {}}, "encoders"),
        ({"include": ["nul"]}, None),
        ({"include": "null"}, "include: expected a list"),
    ],
)
def test_mistakes_in_a_suite_are_named_with_their_field(
    suite_file: Callable[..., str], changes: dict[str, Any], said: str | None
) -> None:
    if said is None:
        with pytest.raises(UnknownName, match="no suite 'nul'"):
            suite(suite_file(**changes))
        return
    with pytest.raises(SpecError, match=said):
        suite(suite_file(**changes))


def test_the_schema_of_suites_is_given_by_the_card_of_the_command(shiftlens: Callable[..., CompletedProcess[str]]) -> None:
    assert json.loads(shiftlens("schema", "bench").stdout) == BenchSpec.model_json_schema(by_alias=True)
    unknown = shiftlens("schema", "bnch")
    assert (unknown.returncode, "did you mean 'bench'?" in unknown.stderr) == (2, True)
    assert shiftlens("schema", "synth").returncode == 2  # a command that reads no file
