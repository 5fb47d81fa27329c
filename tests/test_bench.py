"""The benchmark on a toy world whose codes are drawn, not rendered: truth found, runs resumed, mistakes named."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
import yaml

from shiftlens import ComponentFailed, DatasetSpec, Spec, SpecError, Text, UnknownName, UsageError
from shiftlens.framework.bench import run as running
from shiftlens.framework.bench.cells import cells_of
from shiftlens.framework.bench.run import plan, run
from shiftlens.framework.bench.suites import suite, suite_names
from shiftlens.framework.bench.work import Job, Trials, drawn, halves
from shiftlens.framework.host.host import GROUP, discover
from shiftlens.framework.running.session import Session
from shiftlens.plugin import (
    AttributeScores,
    Card,
    Dimension,
    Encoder,
    ImageRef,
    ImageSet,
    Latents,
    LatentScorer,
    Picture,
    Reader,
    Space,
    Words,
    hookimpl,
)
from shiftlens.registry.catalogue import Catalogue
from shiftlens.registry.layers import Layers
from shiftlens.testing import sample_latents

NAMES = ("light", "place", "grain", "other")


class ToyOptions(Spec):
    n: int = 10
    seed: int = 0
    views: int = 1
    light: float = 0
    place: float = 0
    grain: float = 0


class ToySource:
    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        return Picture(np.zeros((8, 8), np.uint8), 255.0)


class ToyReader(Reader):
    def read(self, source: DatasetSpec, name: str) -> ImageSet:
        options = self.config
        assert isinstance(options, ToyOptions)
        meta = {key: str(getattr(options, key)) for key in ("light", "place", "grain")}
        refs = []
        for i in range(options.n):
            group = f"{options.seed}-{i // options.views}"
            digest = hashlib.sha256(f"{group}/{i}/{meta}".encode()).hexdigest()
            refs.append(ImageRef(f"{i}.png", digest, group, meta | {"number": f"{options.seed}-{i}"}))
        return ImageSet(name, tuple(refs), ToySource(), origin="toy")


class ToyEncoder(Encoder):
    """Codes are normal, four dimensions; images of a group share a third of it."""

    named = True

    def encode(self, images: ImageSet) -> Latents:
        word = Text(en="x", ja="x")
        words = {
            name: Words(label=word, kind="light" if name == "light" else "content", more=word, less=word) for name in NAMES
        }
        rows = []
        for ref in images.refs:
            own, common = (drawn_from(text) for text in (ref.meta["number"], ref.group))
            rows.append(own + 0.7 * common + [float(ref.meta.get(name, 0)) for name in NAMES])
        dimensions = tuple(Dimension(id=name, words=words[name] if self.named else None) for name in NAMES)
        return Latents(
            space=Space(encoder="toy", key=self.context.space_key, dimensions=dimensions), images=images.name,
            ids=tuple(r.id for r in images.refs), groups=tuple(r.group for r in images.refs), values=np.array(rows, np.float32),
        )  # fmt: skip


class Nameless(ToyEncoder):
    named = False


def drawn_from(text: str) -> Any:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")).normal(size=len(NAMES))


@hookimpl
def shiftlens_readers() -> list[Card]:
    return [Card(id="toy", version=1, target=f"{__name__}:ToyReader", config=f"{__name__}:ToyOptions")]


@hookimpl
def shiftlens_encoders() -> list[Card]:
    return [
        Card(id="toy-code", version=1, target=f"{__name__}:ToyEncoder"),
        Card(id="nameless", version=1, target=f"{__name__}:Nameless"),
    ]


@hookimpl
def shiftlens_latent_scorers() -> list[Card]:
    return [Card(id="failing", version=1, target=f"{__name__}:Failing")]


SUITE: dict[str, Any] = {
    "bench": "toy",
    "source": "toy:world",
    "encoders": {"toy-code": {}, "nameless": {"named": False, "trials": 2}},
    "scorers": {
        "stylediff": {"with": {"self_splits": 0, "bootstrap": 50, "permutations": 99}},
        "welch": {},
        "mmd": {"with": {"permutations": 99}},
    },
    "null": {"pool": 100, "side": 30, "splits": 24, "views": 5},
    "planted": {
        "reference": 80,
        "images": [24, 60],
        "trials": 4,
        "strengths": [0.5, 2],
        "apart": 60,
        "factors": {
            "light": {"step": 1, "claims": ["light"]},
            "place": {"step": 1, "claims": ["place"]},
            "grain": {"step": 0.001, "claims": ["grain"]},
        },
    },
    "paired": {
        "reference": 80,
        "images": [60],
        "trials": 2,
        "factors": {"light": {"step": 1, "claims": ["light"]}, "place": {"step": 1, "claims": ["place"]}},
        "pairs": [{"plant": {"light": 1.5, "place": 1.5}}],
    },
    "content": {"reference": 80, "images": [60], "changes": {"lit": {"light": "2"}, "moved": {"place": "2"}}},
    "quick": {"null": {"splits": 5}, "planted": {"only": ["light"]}},
}


@pytest.fixture
def suite_file(tmp_path: Path) -> Callable[..., str]:
    def write(**changes: Any) -> str:
        path = tmp_path / "toy.yaml"
        path.write_text(yaml.safe_dump({**SUITE, **changes}), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture(scope="module")
def toy_session() -> Session:
    own = [EntryPoint("toy", __name__, GROUP)]
    have = entry_points(group=GROUP)
    if "baselines" not in {point.name for point in have}:
        own.append(EntryPoint("baselines", "shiftlens.plugins.baselines.plugin", GROUP))
    host = discover(points=[*(point for point in have if point.name in ("stylediff", "baselines")), *own], strict=True)
    layers = Layers.read(project=None, site=None)
    return Session(host, layers, layers.resolve(), Catalogue(host.backbones, layers.resolve()))


def done(path: str, session: Session, out: Path, store: Path, *, quick: bool = False) -> list[dict[str, Any]]:
    planned = plan(suite(path, quick=quick), 0)
    return run(planned, session, out, store, command="shiftlens bench toy", workers=1)


FILES = ("benchmark.md", "benchmark.csv", "benchmark.json", "benchmark.svg", "benchmark.png")


@pytest.fixture(scope="module")
def toy_run(toy_session: Session, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], Path, Path]:
    place = tmp_path_factory.mktemp("toy")
    path = place / "toy.yaml"
    path.write_text(yaml.safe_dump(SUITE), encoding="utf-8")
    return done(str(path), toy_session, place / "out", place / "store"), place, path


Run = tuple[list[dict[str, Any]], Path, Path]


def picked(rows: list[dict[str, Any]], **wanted: Any) -> list[dict[str, Any]]:
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    assert found, wanted
    return found


def test_a_strong_shift_is_found_and_named_first(toy_run: Run) -> None:
    for encoder in ("toy-code", "nameless"):
        for row in picked(toy_run[0], suite="planted", encoder=encoder, name="light", strength=2, images=60):
            assert (row["precision_at_1"], row["found"], row["average_precision"], row["rank"]) == (1, 1, 1, 1)
    named = picked(toy_run[0], suite="planted", encoder="toy-code", name="light", strength=2, images=60)
    assert all(row["moved"] == pytest.approx(2 / np.hypot(1.22, 1), abs=0.35) for row in named)
    assert all(row["dose_response"] > 0.8 for row in named)
    assert {row["smallest_is"] for row in named} <= {"=", "<="}


def test_a_shift_too_small_for_anyone_is_said_to_be_found_by_nobody(toy_run: Run) -> None:
    page = (toy_run[1] / "out/benchmark.md").read_text(encoding="utf-8")
    assert "raises an alarm in half of the trials: `grain`." in page
    assert all(row["smallest_is"] == ">" for row in picked(toy_run[0], name="grain", encoder="toy-code", images=60))
    assert all(row["relevant"] == 0 for row in picked(toy_run[0], name="grain", encoder="nameless"))


def test_where_nothing_differs_alarms_stay_near_alpha_also_in_groups(toy_run: Run) -> None:
    for row in picked(toy_run[0], suite="null"):
        assert row["alarm_low"] <= row["alpha"], row
        assert row["trials"] == 24


def test_two_factors_are_both_named_and_both_lead(toy_run: Run) -> None:
    for row in picked(toy_run[0], suite="paired"):
        assert (row["all_named"], row["all_lead"]) == (1, 1)
    assert {row["encoder"] for row in picked(toy_run[0], suite="paired")} == {"toy-code"}


def test_a_change_of_content_names_light_only_where_light_changed(toy_run: Run) -> None:
    assert all(row["unmoved_named"] == 1 for row in picked(toy_run[0], suite="content", name="lit", encoder="toy-code"))
    moved = picked(toy_run[0], suite="content", name="moved", encoder="toy-code")
    assert all(row["alarms"] == 1 for row in moved)
    assert np.mean([row["unmoved_named"] for row in moved]) <= 0.25


def test_every_row_carries_seed_versions_and_command(toy_run: Run) -> None:
    with (toy_run[1] / "out/benchmark.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(toy_run[0])
    for row in rows:
        assert row["seed"] == "0"
        assert row["command"] == "shiftlens bench toy"
        assert "numpy" in json.loads(row["versions"])
        assert row["reference"].startswith("toy:world?")


def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    toy_run: Run, toy_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = running.run_job, 0

    def killed(job: Job) -> Trials:
        nonlocal count
        count += 1
        if count > 7:
            raise KeyboardInterrupt
        return real(job)

    monkeypatch.setattr(running, "run_job", killed)
    with pytest.raises(KeyboardInterrupt):
        done(str(toy_run[2]), toy_session, tmp_path / "out", tmp_path / "store", quick=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cost.json"]
    ran: list[Job] = []
    monkeypatch.setattr(running, "run_job", lambda job: (ran.append(job), real(job))[1])
    done(str(toy_run[2]), toy_session, tmp_path / "out", tmp_path / "store", quick=True)
    cells = len(plan(suite(str(toy_run[2]), quick=True), 0).cells)
    assert len(ran) == cells - 7
    assert json.loads((tmp_path / "out/cost.json").read_text())["cells"] == cells
    done(str(toy_run[2]), toy_session, tmp_path / "whole", tmp_path / "other", quick=True)
    for name in FILES[1:]:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_a_run_that_finds_everything_done_changes_no_byte(toy_run: Run, toy_session: Session) -> None:
    before = {name: (toy_run[1] / "out" / name).read_bytes() for name in (*FILES, "cost.json")}
    done(str(toy_run[2]), toy_session, toy_run[1] / "out", toy_run[1] / "store")
    assert {name: (toy_run[1] / "out" / name).read_bytes() for name in before} == before


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


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scorers": {"stylediffs": {}}}, "scorers.stylediffs: no latent-scorer"),
        ({"scorers": {"mmd": {"with": {"permutation": 5}}}}, r"scorers\.mmd\.with\.permutation: unknown key"),
        ({"encoders": {"nothing": {}}}, r"steps\.nothing\.use"),
    ],
)
def test_components_that_do_not_hold_are_named_before_anything_is_encoded(
    suite_file: Callable[..., str], toy_session: Session, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(SpecError, match=said):
        done(suite_file(**changes), toy_session, tmp_path / "out", tmp_path / "store")
    assert not (tmp_path / "out").exists()


class Failing(LatentScorer):
    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        raise ZeroDivisionError("planted")


def test_a_scorer_that_raises_is_named_with_its_cell(
    suite_file: Callable[..., str], toy_session: Session, tmp_path: Path
) -> None:
    with pytest.raises(ComponentFailed, match=r"'failing' of .* raised ZeroDivisionError on null/images, trial 0: planted"):
        done(suite_file(scorers={"failing": {}}), toy_session, tmp_path / "out", tmp_path / "store")


def test_an_unknown_factor_is_named_by_the_source(suite_file: Callable[..., str], toy_session: Session, tmp_path: Path) -> None:
    path = suite_file(null=None, paired=None, content=None, planted={"factors": {"heat": {"claims": ["light"]}}}, quick={})
    with pytest.raises(UsageError, match="heat"):
        done(path, toy_session, tmp_path / "out", tmp_path / "store")


@pytest.mark.slow
def test_the_quick_standard_suite_runs_end_to_end(shiftlens: Callable[..., CompletedProcess[str]], tmp_path: Path) -> None:
    ran = shiftlens("bench", "standard", "--quick", "-o", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    page = (tmp_path / "out/benchmark.md").read_text(encoding="utf-8")
    for heading in ("false alarms", "One factor planted", "What nobody finds", "Two factors planted", "do not say"):
        assert heading in page
    assert all((tmp_path / "out" / name).stat().st_size > 1000 for name in FILES)
