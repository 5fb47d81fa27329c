"""The benchmark on a toy world whose codes are drawn, not rendered: truth found, runs resumed, mistakes named."""

from __future__ import annotations

import csv
import hashlib
import json
import runpy
from collections.abc import Callable
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from shiftlens import ComponentFailed, DatasetSpec, Spec, SpecError, Text, UsageError
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
from shiftlens.plugins.bench import run as running
from shiftlens.plugins.bench.run import plan, run
from shiftlens.plugins.bench.suites import suite
from shiftlens.plugins.bench.work import Job, Trials
from shiftlens.registry.catalogue import Catalogue
from shiftlens.registry.layers import Layers

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


SAMPLE = runpy.run_path(str(Path(__file__).with_name("bench_sample.py")))
SUITE, written = SAMPLE["SUITE"], SAMPLE["written"]


@pytest.fixture
def suite_file(tmp_path: Path) -> Callable[..., str]:
    return partial(written, tmp_path / "toy.yaml")


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
    path = written(place / "toy.yaml")
    return done(path, toy_session, place / "out", place / "store"), place, Path(path)


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
