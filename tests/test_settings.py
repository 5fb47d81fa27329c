"""Settings reach what they are meant for, merged key by key, and say where they come from."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from shiftlens import Spec, SpecError, run
from shiftlens.framework.running.planner import make_plan
from shiftlens.plugin import AttributeScores, Card, Latents, LatentScorer
from shiftlens.registry.layers import Layer, Layers

planted = runpy.run_path(str(Path(__file__).with_name("planted.py")))
host_with, offers = planted["host_with"], planted["offers"]
Run = Callable[..., "CompletedProcess[str]"]
DEV = {"use": "physical", "inputs": {"images": "a"}}
SITE = {"use": "physical", "inputs": {"images": "b"}}


class Limits(Spec):
    strength: float = 0.1
    contrast: float = 0.1


class GateConfig(Spec):
    limits: Limits = Limits()
    alpha: float = 0.05


class Gated(LatentScorer):
    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        raise AssertionError("only planned")


@pytest.fixture
def host() -> Any:
    hooks = offers(
        latent_scorers=[
            Card(id="gated", version=1, target="planted_settings:Gated", config="planted_settings:GateConfig"),
            Card(id="bare", version=1, target="planted_settings:Gated"),
        ]
    )
    return host_with(
        "planted_settings", hooks, built_in=("physical", "stylediff", "baselines"), Gated=Gated, GateConfig=GateConfig
    )


def planned(host: Any, folder: Path, diff: dict[str, Any], **command_line: Any) -> Any:
    layers = Layers.read(folder=folder, site=_site(folder), command_line=command_line)
    data = {
        "pipeline": "p", "inputs": {"a": "images", "b": "images"},
        "steps": {"dev": DEV, "there": SITE, "diff": {"inputs": {"reference": "dev", "target": "there"}, **diff}},
    }  # fmt: skip
    return make_plan(data, host, layers, planted["Catalogue"]())


def _site(folder: Path) -> str | None:
    path = folder / "site.yaml"
    return str(path) if path.exists() else None


def config(plan: Any) -> Any:
    return next(step.config for step in plan.steps if step.name == "diff")


def test_a_site_that_sets_one_inner_option_leaves_the_pipelines_others(host: Any, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site: s\ncomponents: {gated: {limits: {strength: 0.3}}}\n")
    plan = planned(host, tmp_path, {"use": "gated", "with": {"limits": {"contrast": 0.2, "strength": 0.1}}})
    assert config(plan).limits == Limits(strength=0.3, contrast=0.2)


def test_layers_are_merged_key_by_key_and_each_key_says_which_layer_set_it() -> None:
    low = Layer.of("project file", _settings({"gated": {"limits": {"strength": 1.0}, "alpha": 0.01}}))
    high = Layer.of("site file", _settings({"gated": {"limits": {"strength": 2.0}}}))
    found = Layers([low, high]).options("gated", ("limits", "alpha"), {"limits": {"strength": 0.0, "contrast": 3.0}})
    assert found.values == {"limits": {"strength": 2.0, "contrast": 3.0}, "alpha": 0.01}
    assert found.origins == {"limits.strength": "site file", "limits.contrast": "pipeline file", "alpha": "project file"}


def _settings(components: dict[str, Any]) -> Any:
    from shiftlens import Settings

    return Settings(components=components)


@pytest.mark.parametrize("use", ["gated", "stylediff", "ks", "mmd", "classifier", "welch"])
def test_alpha_reaches_every_scorer_that_has_it(host: Any, tmp_path: Path, use: str) -> None:
    assert config(planned(host, tmp_path, {"use": use}, alpha=0.01)).alpha == 0.01
    assert config(planned(host, tmp_path, {"use": use, "with": {"alpha": 0.2}}, alpha=0.01)).alpha == 0.01
    assert config(planned(host, tmp_path, {"use": use, "with": {"alpha": 0.2}})).alpha == 0.2


def test_a_components_own_option_goes_before_the_common_one_of_its_layer(host: Any, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site: s\nalpha: 0.2\ncomponents: {gated: {alpha: 0.3}}\n")
    assert config(planned(host, tmp_path, {"use": "gated"})).alpha == 0.3
    assert config(planned(host, tmp_path, {"use": "gated"}, alpha=0.01)).alpha == 0.01


def problems(host: Any, folder: Path, diff: dict[str, Any], **command_line: Any) -> str:
    with pytest.raises(SpecError) as caught:
        planned(host, folder, diff, **command_line)
    return " | ".join(caught.value.problems)


def test_alpha_that_nothing_takes_is_a_problem(host: Any, tmp_path: Path) -> None:
    assert "alpha: no component of this pipeline has such an option" in problems(host, tmp_path, {"use": "bare"}, alpha=0.01)


def test_an_option_that_nothing_takes_is_named_also_where_no_step_has_the_component(host: Any, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site: s\ncomponents: {stylediff: {permutation: 200}}\n")
    said = problems(host, tmp_path, {"use": "gated"})
    assert "settings components.stylediff.permutation: nothing takes this option; did you mean 'permutations'" in said


def test_a_wrong_option_says_which_file_set_it(host: Any, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site: s\ncomponents: {gated: {limits: {strenght: 0.3}}}\n")
    said = problems(host, tmp_path, {"use": "gated", "with": {"alpha": "much"}})
    assert "steps.diff.with.limits.strenght" in said
    assert f"(set by the site file {tmp_path / 'site.yaml'})" in said
    assert "steps.diff.with.alpha" in said


def test_the_report_states_the_level_that_was_asked_for(shiftlens: Run, folder_of: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        "pipeline: p\ninputs: {development: images, site: images}\nsteps:\n"
        "  dev: {use: physical, inputs: {images: development}}\n  there: {use: physical, inputs: {images: site}}\n"
        "  diff: {use: welch, inputs: {reference: dev, target: there}}\n"
    )
    sides = folder_of("dev", 12), folder_of("site", 12, seed=1)
    done = shiftlens("compare", *sides, "--pipeline", "p.yaml", "--alpha", "0.001", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out/report.json").read_text())["verdict"]["alpha"] == 0.001


def test_options_of_report_sections_arrive(
    folder_of: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shiftlens.plugins.repair.section import RepairSection

    seen: list[Any] = []
    monkeypatch.setattr(RepairSection, "render", lambda self, _: seen.append(self.config))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHIFTLENS_STORE", str(tmp_path / "store"))
    (tmp_path / "shiftlens.yaml").write_text("components: {repair: {slides: 3}}\n")
    steps = {"dev": {"use": "physical", "inputs": {"images": "a"}}}
    run({"pipeline": "p", "inputs": {"a": "images"}, "steps": steps}, {"a": folder_of("dev", 4)}, out=tmp_path / "out")
    assert [config.slides for config in seen] == [3]


def test_a_wrong_option_of_a_section_is_said_before_any_work(
    folder_of: Callable[..., Path], tmp_path: Path, shiftlens: Run
) -> None:
    (tmp_path / "shiftlens.yaml").write_text("components: {repair: {slides: many}}\n")
    done = shiftlens("compare", folder_of("dev", 4), folder_of("site", 4), "-o", "out")
    assert done.returncode == 2
    assert "settings components.repair" in done.stderr
    assert "slides" in done.stderr
    assert "set by the project file shiftlens.yaml" in done.stderr
    assert not (tmp_path / "out/run.json").exists()


def test_explain_says_which_layer_set_each_option_of_a_step(shiftlens: Run, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("steps: {diff: {use: stylediff, with: {alpha: 0.2, permutations: 300}}}\n")
    (tmp_path / "shiftlens.yaml").write_text("components: {stylediff: {alpha: 0.1}}\n")
    said = shiftlens("explain", "diff", "--pipeline", "p.yaml").stdout
    assert "diff.alpha = 0.1  from project file shiftlens.yaml" in said
    assert "diff.permutations = 300  from pipeline file" in said
    one = json.loads(shiftlens("explain", "diff.alpha", "--pipeline", "p.yaml", "--json").stdout)
    assert one == {"alpha": {"value": 0.1, "layer": "project file shiftlens.yaml"}}
    assert "no step 'dif'" in shiftlens("explain", "dif", "--pipeline", "p.yaml").stderr


def test_an_executor_that_nothing_offers_is_a_problem_of_check(host: Any, tmp_path: Path) -> None:
    assert "settings executor: no executor 'rai' is enabled" in problems(host, tmp_path, {"use": "gated"}, executor="rai")
