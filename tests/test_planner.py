"""The planner: a spec becomes a plan, or all of its mistakes at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shiftlens import ForbiddenHere, PipelineSpec, SpecError, StepSpec
from shiftlens.framework.pipelines.compare import comparison
from shiftlens.framework.running.plan import Plan
from shiftlens.framework.running.planner import make_plan
from shiftlens.framework.running.session import Session, session


def planned(data: dict[str, Any], current: Session | None = None) -> Plan:
    current = current or session()
    return make_plan(data, current.host, current.layers, current.catalogue)


def problems(data: dict[str, Any], current: Session | None = None) -> tuple[str, ...]:
    with pytest.raises(SpecError) as caught:
        planned(data, current)
    return caught.value.problems


def small(**steps: Any) -> dict[str, Any]:
    return {"pipeline": "p", "inputs": {"development": "images", "site": "images"}, "steps": steps}


DEV = {"use": "physical", "inputs": {"images": "development"}}
SITE = {"use": "physical", "inputs": {"images": "site"}}
FEATURES = {"use": "features", "inputs": {"images": "site"}}
DIFF = {"use": "stylediff", "inputs": {"reference": "dev", "target": "there"}}


def test_steps_come_after_what_feeds_them() -> None:
    plan = planned(small(diff=DIFF, there=SITE, dev=DEV))
    names = [s.name for s in plan.steps]
    assert names.index("diff") == 2


def test_the_filled_spec_pins_every_id_and_states_every_option() -> None:
    filled = planned(small(dev=DEV, there=SITE, diff=DIFF)).filled()
    assert filled["steps"]["diff"]["use"] == "stylediff@1"
    assert filled["steps"]["diff"]["with"]["alpha"] == 0.05
    assert planned(filled).filled() == filled


def test_a_pipeline_built_in_python_is_the_same_as_its_file() -> None:
    spec = PipelineSpec(
        pipeline="p",
        inputs={"development": "images", "site": "images"},
        steps={"dev": StepSpec(**DEV), "there": StepSpec(**SITE), "diff": StepSpec(**DIFF)},
    )
    assert planned(spec.model_dump(by_alias=True)).filled() == planned(small(dev=DEV, there=SITE, diff=DIFF)).filled()


def test_the_built_in_pipeline_holds() -> None:
    data, where = comparison(None)
    assert [s.offer.card.id for s in planned(data).steps].count("stylediff") == 2
    assert "compare" in where


def test_latents_of_two_spaces_are_refused() -> None:
    found = problems(small(dev=DEV, there=FEATURES, diff=DIFF))
    assert any("two spaces" in p and "physical" in p and "features" in p for p in found)


def test_two_layers_of_one_network_are_two_spaces() -> None:
    data = small(
        dev={**FEATURES, "inputs": {"images": "development"}}, there={**FEATURES, "with": {"layer": "blocks.2"}}, diff=DIFF
    )
    assert any("two spaces" in p for p in problems(data))


def test_all_ten_mistakes_are_reported_at_once() -> None:
    data = {
        "pipeline": "Bad Name",  # 1 not a name
        "inputs": {"development": "images", "site": "pictures"},  # 2 unknown kind
        "stepz": {},  # 3 unknown key
        "steps": {
            "dev": {"use": "phisical", "inputs": {"images": "development"}},  # 4 unknown id
            "there": {"use": "physical", "inputs": {"images": "sitte"}},  # 5 unknown source
            "seen": {"use": "features", "inputs": {"picture": "site"}},  # 6 no such input, 7 and images missing
            "diff": {
                "use": "stylediff",
                "inputs": {"reference": "there", "target": "seen"},
                "with": {"alpha": 7},
            },  # 8 out of range, 9 two spaces
            "map": {"use": "difference-map", "inputs": {"images": "there", "about": "diff"}},  # 10 wrong type
        },
    }
    found = problems(data)
    expected = [
        "pipeline: ", "inputs.site", "stepz", "steps.dev.use", "steps.there.inputs.images", "steps.seen.inputs.picture",
        "steps.seen.inputs: 'images'", "steps.diff.with.alpha", "two spaces", "steps.map.inputs.images",
    ]  # fmt: skip
    for part in expected:
        assert any(part in p for p in found), (part, found)
    assert len(found) == 10


def test_the_eleventh_mistake_is_counted() -> None:
    data = small(**{f"s{i}": {"use": f"nothing{i}"} for i in range(13)})
    with pytest.raises(SpecError, match="3 more"):
        planned(data)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            {
                "a": {**DIFF, "inputs": {"reference": "b", "target": "b"}},
                "b": {**DIFF, "inputs": {"reference": "a", "target": "a"}},
            },
            "circle",
        ),
        ({"site": SITE}, "same name"),
        ({"a": {**DEV, "backbone": "efficientnet-lite0"}}, "takes none"),
        ({"a": {**FEATURES, "backbone": "efficientnet-lite1"}}, "efficientnet-lite0"),
        ({"a": {"use": "physical@99", "inputs": {"images": "site"}}}, "version 1"),
        ({"a": {"use": "os.system", "inputs": {}}}, "steps.a.use"),
        ({"a": {**DEV, "with": {"colour": 1}}}, "steps.a.with.colour"),
    ],
)
def test_a_mistake_is_named_with_its_path(steps: dict[str, Any], message: str) -> None:
    assert any(message in p for p in problems(small(**steps)))


def test_an_unknown_section_of_the_report_is_named() -> None:
    found = problems(small(a=DEV) | {"report": {"sections": ["summary", "atributes"]}})
    assert any("report.sections[1]" in p and "'attributes'" in p for p in found)


def test_what_a_site_forbids_is_refused(tmp_path: Path) -> None:
    site = tmp_path / "osaka.yaml"
    site.write_text("site: osaka\nforbid: {components: [features]}\n", encoding="utf-8")
    found = problems(small(a=FEATURES), session(str(site)))
    assert any("osaka" in p and "features" in p for p in found)
    site.write_text("site: osaka\nforbid: {backbones: [mine]}\nbackbones: {features: mine}\n", encoding="utf-8")
    with pytest.raises(ForbiddenHere):
        session(str(site))


def test_settings_of_an_unknown_component_are_named() -> None:
    current = session(command_line={"components": {"styledif": {"alpha": 0.1}}})
    assert any("components.styledif" in p and "'stylediff'" in p for p in problems(small(a=DEV), current))


def test_a_site_overrides_what_the_pipeline_says() -> None:
    current = session(command_line={"components": {"stylediff": {"alpha": 0.01}}})
    plan = planned(small(dev=DEV, there=SITE, diff={**DIFF, "with": {"alpha": 0.1}}), current)
    assert plan.filled()["steps"]["diff"]["with"]["alpha"] == 0.01
