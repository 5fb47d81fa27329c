"""A repair whose truth is planted: what closes, what opens, what is given back; the rest of the report stays as it was."""

from __future__ import annotations

import csv
import io
import json
import runpy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftlens import Report, RunOutcome, UsageError
from shiftlens.framework.pipelines.compare import compare_options, comparison
from shiftlens.framework.report.sections import Sections
from shiftlens.framework.report.write import as_json, write_report
from shiftlens.plugin import Gate, SetAside
from shiftlens.plugins.repair.config import SectionConfig
from shiftlens.plugins.repair.section import RepairSection
from shiftlens.reporting import comparisons, judged, repairs

SAMPLE = runpy.run_path(str(Path(__file__).with_name("repair_sample.py")))
changed = runpy.run_path(str(Path(__file__).with_name("score_fields.py")))["changed"]
Toy, finished, times, blurred, DARK = (SAMPLE[name] for name in ("Toy", "finished", "times", "blurred", "DARK"))
EXACT = times(1 / DARK)
BACK = {
    "site-003.png": ("it shows 2 spots", "模様が 2 か所に現れています"),
    "site-007.png": ("it shows 5 spots", "模様が 5 か所に現れています"),
    "site-009.png": ("its edges are others", "輪郭が変わっています"),
}


def written(outcome: RunOutcome, folder: Path, **options: int) -> tuple[Report, str]:
    report = write_report(outcome, folder, Sections.of(RepairSection(SectionConfig(**options))))
    return report, (folder / "report.html").read_text("utf-8")


def section(page: str) -> str:
    return page[page.index('<section id="repair"') : page.index('<section id="calibration"')]


def told(report: Report) -> Mapping[str, Any]:
    found: Mapping[str, Any] = report.sections["repair"]["repaired"]
    return found


def row(report: Report, name: str) -> Mapping[str, Any]:
    return next(one for one in told(report)["attributes"] if one["id"] == name)


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, str, Path]:
    folder = tmp_path_factory.mktemp("mended")
    return *written(finished(Toy(EXACT), learned=True), folder), folder


# what became of the differences


def test_what_is_undone_exactly_is_closed_and_nothing_opens(mended: tuple[Report, str, Path]) -> None:
    report, page, _ = mended
    exposure = row(report, "exposure")
    assert exposure["state"] == "closed"
    assert exposure["closed"] >= 0.9
    assert exposure["within_chance"]
    assert (told(report)["closed"], told(report)["of"], told(report)["opened"]) == (1, 1, [])
    assert told(report)["verdict"]["en"] == "Repair closes the one difference, exposure; nothing new opened."
    assert "唯一の差異である露出（明るさ）は補正で解消しました。新たに生じた差異はありません。" in section(page)


def test_the_share_closed_is_that_of_the_distance_in_the_attributes_own_unit(mended: tuple[Report, str, Path]) -> None:
    report, _, _ = mended
    outcome = finished(Toy(EXACT))
    ends = [np.sort(outcome.values[f"{name}_physical"].values[:, 0].astype(float)) for name in ("site", "repaired")]
    start = np.sort(outcome.values["development_physical"].values[:, 0].astype(float))
    before, after = (np.abs(end - start).mean() for end in ends)  # W1 of equal numbers of values
    assert row(report, "exposure")["closed"] == pytest.approx(1 - after / before, abs=1e-3)


def test_a_blur_opens_sharpness_by_name(tmp_path: Path) -> None:
    report, page = written(finished(Toy(lambda pixels: blurred(EXACT(pixels)))), tmp_path)
    assert "sharpness" in told(report)["opened"]
    assert row(report, "exposure")["state"] == "closed"
    assert "sharpness" in told(report)["verdict"]["en"].rpartition(";")[2]
    assert "newly differ" in told(report)["verdict"]["en"]
    assert "The repair made this, not the line" in section(page)
    assert told(report)["attributes"][0]["state"] == "opened"


def test_a_tint_opens_colour_by_name(tmp_path: Path) -> None:
    report, _ = written(finished(Toy(times(np.array([1.25, 1.0, 0.8]) / DARK))), tmp_path)
    assert "colour-temperature" in told(report)["opened"]


def test_half_a_repair_reduces_and_says_what_is_left_to_do(tmp_path: Path) -> None:
    report, page = written(finished(Toy(times(1.3))), tmp_path)
    assert row(report, "exposure")["state"] == "reduced"
    assert row(report, "exposure")["significant_after"]
    assert "The one difference is not closed; exposure is reduced" in told(report)["verdict"]["en"]
    assert "Raise exposure time" in section(page)


def test_a_repair_the_wrong_way_makes_it_worse(tmp_path: Path) -> None:
    report, _ = written(finished(Toy(times(0.6)), gain=0.9), tmp_path)
    assert row(report, "exposure")["state"] == "worse"
    assert row(report, "exposure")["closed"] < -1


def test_where_nothing_differed_what_opens_is_said(tmp_path: Path) -> None:
    report, _ = written(finished(Toy(blurred), gain=1.0), tmp_path)
    assert not report.verdict.shift
    assert told(report)["verdict"]["en"].startswith("No named attribute differed before the repair; ")
    assert "sharpness" in told(report)["opened"]


def test_spaces_without_names_are_told_by_their_separation(mended: tuple[Report, str, Path], tmp_path: Path) -> None:
    report, page, _ = mended
    space = told(report)["spaces"][0]
    assert (space["encoder"], space["differs_before"], space["differs_after"]) == ("looks", True, False)
    assert space["separation_before"] > 0.95 > 0.7 > space["separation_after"]
    assert "can no longer be told from those of development" in section(page)
    spoilt, _ = written(finished(Toy(times(1.2)), learned=True), tmp_path)
    assert told(spoilt)["spaces"][0]["differs_after"]


def test_a_space_whose_gate_closes_after_the_repair_is_not_judged(tmp_path: Path) -> None:
    outcome = finished(Toy(EXACT), learned=True)
    shut = Gate(limit=0.1, share_reference=0.0, share_target=1.0, p=0.01, closed=True)
    values = {**outcome.values, "looks_repaired": outcome.values["looks_repaired"].model_copy(update={"gate": shut})}
    report, page = written(replace(outcome, values=values), tmp_path)
    assert "Not judged after the repair: the backbone does not know the repaired images." in section(page)
    assert report.warnings == ()


def test_what_cannot_be_measured_any_more_is_said(tmp_path: Path) -> None:
    outcome = finished(Toy(EXACT))
    scores = outcome.values["physical_repaired"]
    measured = np.array([d.id != "exposure" for d in scores.space.dimensions])
    values = {**outcome.values, "physical_repaired": changed(scores, measured=measured)}
    report, _ = written(replace(outcome, values=values), tmp_path)
    assert row(report, "exposure")["state"] == "unmeasured"
    assert row(report, "exposure")["closed"] is None
    assert "exposure cannot be measured any more" in told(report)["verdict"]["en"]


def test_every_p_after_is_corrected_for_the_tests_after(mended: tuple[Report, str, Path]) -> None:
    outcome = finished(Toy(EXACT), learned=True)
    again = repairs(outcome)
    assert [(r.after.step, r.before.step if r.before else None) for r in again] == [
        ("physical_repaired", "physical"), ("looks_repaired", "looks"),
    ]  # fmt: skip
    assert judged(outcome, again[0].after).tests == 3
    alone = finished(Toy(EXACT))
    assert judged(alone, repairs(alone)[0].after).tests == 1


# the rest of the report


def test_repaired_images_change_nothing_else_in_the_report(tmp_path: Path) -> None:
    with_repair, _ = written(finished(Toy(EXACT), learned=True), tmp_path / "a")
    without, page = written(finished(None, learned=True), tmp_path / "b")
    kept = {"pipeline": "", "sections": {}}
    assert with_repair.model_copy(update=kept) == without.model_copy(update=kept)
    assert (tmp_path / "a/attributes.csv").read_bytes() == (tmp_path / "b/attributes.csv").read_bytes()
    assert without.sections == {}
    assert 'id="repair"' not in page
    assert not (tmp_path / "b/repair.csv").exists()


def test_the_verdict_is_that_of_the_images_as_they_were(mended: tuple[Report, str, Path]) -> None:
    report, _, _ = mended
    assert report.verdict.shift
    assert report.verdict.leading == ("exposure",)
    assert [space.step for space in report.spaces] == ["physical", "looks"]


def test_an_unreadable_image_is_counted_once(tmp_path: Path) -> None:
    outcome = finished(Toy(EXACT))
    aside = SetAside(id="site-001.png", reason="damaged")
    values = dict(outcome.values)
    for step in ("site_physical", "repaired_physical"):
        values[step] = values[step].model_copy(update={"set_aside": (aside,)})
    report, _ = written(replace(outcome, values=values), tmp_path)
    assert [(one.input, one.id) for one in report.set_aside] == [("site", "site-001.png")]
    assert (report.inputs[1].used, report.inputs[1].set_aside) == (39, 1)
    assert told(report)["unreadable"] == ["site-001.png"]
    assert told(report)["images"] == 39


# what was given back


def test_images_given_back_are_shown_with_their_reasons_and_alike_ones_counted(tmp_path: Path) -> None:
    report, page = written(finished(Toy(EXACT, BACK)), tmp_path, held=2)
    reasons = told(report)["held_back"]
    assert [(one["reason"]["en"], one["ids"]) for one in reasons] == [
        ("it shows 2–5 spots", ["site-003.png", "site-007.png"]), ("its edges are others", ["site-009.png"]),
    ]  # fmt: skip
    assert reasons[0]["reason"]["ja"] == "模様が 2–5 か所に現れています"
    assert "37 of 40 images were repaired (by toy); 3 were given back as they were." in section(page)
    below = section(page)[section(page).index('class="strip held"') :]
    assert "it shows 2 spots" in below
    assert "輪郭が変わっています" in below
    assert "site-003.png, site-007.png, site-009.png" in below


def test_where_every_image_was_given_back_nothing_is_claimed(tmp_path: Path) -> None:
    everything = {f"site-{i:03}.png": ("leave as is", "補正しないこと") for i in range(40)}
    report, page = written(finished(Toy(EXACT, everything)), tmp_path)
    assert told(report)["verdict"]["en"] == "No image was repaired: all of them are as they were."
    assert told(report)["attributes"] == []
    assert "data-slider" not in section(page)
    assert "0 of 40 images were repaired; 40 were given back as they were." in section(page)
    assert "leave as is" in section(page)


def test_a_translator_that_says_nothing_of_its_images_is_quoted(tmp_path: Path) -> None:
    manifest = {"seed": 0, "spec": {"steps": {"repaired": {"use": "polish@3"}}}}
    report, page = written(finished(Toy(EXACT, way=None), manifest=manifest), tmp_path)
    assert told(report)["repaired"] == {"polish": 40}
    assert "made by a toy" in section(page)


def test_figures_of_the_backbone_are_shown_and_whose_they_are(tmp_path: Path) -> None:
    manifest = {
        "seed": 0,
        "steps": {"repaired": {"backbones": {"translator": "n2o"}}},
        "backbones": {"n2o": {"digest": "d", "quality": {"kept": 0.981, "invented": 0.004, "edges": 0.9}}},
    }
    report, page = written(finished(Toy(EXACT), manifest=manifest), tmp_path / "a")
    assert told(report)["figures"] == {"kept": 0.981, "invented": 0.004}
    assert "when n2o was fitted" in section(page)
    assert "98\u202f%" in section(page)
    assert "0.4\u202f%" in section(page)
    assert "These are of its network" in section(page)
    _, page = written(finished(Toy(EXACT, way="network"), manifest=manifest), tmp_path / "b")
    assert "These are of its network" not in section(page)


def test_without_figures_that_is_said(mended: tuple[Report, str, Path]) -> None:
    assert "What this repair does to defects was not measured" in section(mended[1])


# pictures


def test_pairs_are_of_repaired_images_of_different_groups(tmp_path: Path) -> None:
    report, page = written(finished(Toy(EXACT, BACK)), tmp_path)
    shown = told(report)["images_shown"]
    assert len(shown) == section(page).count("data-slider") == 6
    assert not set(shown) & set(BACK)
    assert len({int(name[5:8]) // 2 for name in shown}) == 6
    assert "Images that represent the leading differences" in section(page)


def test_pairs_show_the_image_and_what_was_made_of_it(mended: tuple[Report, str, Path]) -> None:
    import base64
    import re

    from PIL import Image

    pictures = re.findall(r'class="half"><img[^>]*src="data:image/jpeg;base64,([^"]+)"', section(mended[1]))
    means = [np.asarray(Image.open(io.BytesIO(base64.b64decode(p))), float).mean() for p in pictures]
    assert len(means) == 12
    for before, after in zip(means[::2], means[1::2], strict=True):
        assert after == pytest.approx(before / DARK, rel=0.02)


# other pipelines


def test_only_repaired_images_compared_is_said_first(tmp_path: Path) -> None:
    report, page = written(finished(Toy(times(1.2)), before=False), tmp_path)
    assert report.warnings[0].en.startswith("The images of site were repaired (step repaired) before they were compared")
    assert report.verdict.shift
    assert {image.input for image in report.attributes[0].images} == {"development", "repaired"}
    assert "Only the repaired images were compared" in told(report)["verdict"]["en"]
    assert told(report)["attributes"] == []
    assert section(page).count("data-slider") == 6


def test_repaired_images_that_nothing_compares_are_shown(tmp_path: Path) -> None:
    report, page = written(finished(Toy(EXACT), after=False), tmp_path)
    assert told(report)["verdict"]["en"] == "The repaired images were not compared."
    assert "spread evenly over those that were repaired" in section(page)
    assert section(page).count("data-slider") == 6


def test_the_other_side_may_be_repaired(tmp_path: Path) -> None:
    outcome = finished(Toy(EXACT))
    turned = {"reference": "repaired_physical", "target": "development_physical"}
    back = {"reference": "site_physical", "target": "development_physical"}
    scores = {step: SAMPLE["StyleDiff"](SAMPLE["QUICK"]).score(*(outcome.values[own] for own in pair.values()))
              for step, pair in (("physical", back), ("physical_repaired", turned))}  # fmt: skip
    outcome = replace(
        outcome, values={**outcome.values, **scores}, wiring={**outcome.wiring, "physical": back, "physical_repaired": turned}
    )
    assert [c.step for c in comparisons(outcome)] == ["physical"]
    report, page = written(outcome, tmp_path)
    assert row(report, "exposure")["state"] == "closed"
    assert section(page).count("data-slider") == 6


# files


def test_the_table_and_the_json_say_the_same(mended: tuple[Report, str, Path]) -> None:
    report, _, folder = mended
    rows = list(csv.DictReader(io.StringIO((folder / "repair.csv").read_text("utf-8-sig"))))
    stored = json.loads((folder / "report.json").read_text("utf-8"))["sections"]["repair"]["repaired"]
    assert [one["id"] for one in rows] == [one["id"] for one in stored["attributes"]]
    assert float(rows[0]["closed"]) == stored["attributes"][0]["closed"]
    assert Report.model_validate_json(as_json(report)).sections == report.sections


def test_both_languages_say_it_all(tmp_path: Path) -> None:
    _, page = written(finished(Toy(lambda pixels: blurred(EXACT(pixels)), BACK), learned=True), tmp_path)
    assert section(page).count('lang="en"') == section(page).count('lang="ja"') > 30


def test_the_same_run_gives_the_same_bytes(mended: tuple[Report, str, Path], tmp_path: Path) -> None:
    written(finished(Toy(EXACT), learned=True), tmp_path)
    for name in ("report.html", "report.json", "repair.csv"):
        assert (tmp_path / name).read_bytes() == (mended[2] / name).read_bytes()


def test_hostile_names_are_text(tmp_path: Path) -> None:
    name = '<img src=x onerror="owned=1">{}\udce9'
    held = {name.format("site-000.png"): ("<b>bold</b>", "<b>太字</b>")}
    report, page = written(finished(Toy(EXACT, held), names=name), tmp_path)
    assert "<img src=x" not in page
    assert "<b>bold" not in page
    assert "&lt;img src=x" in section(page)
    assert section(page).count("data-slider") == 6
    assert told(report)["held_back"][0]["ids"] == [name.format("site-000.png").replace("\udce9", "\\udce9")]


# how it is asked for


def uses(*spaces: str, repair: str | None = "n2o") -> dict[str, Any]:
    return comparison(None, spaces, None, repair)[0]


def test_a_repair_adds_its_steps_to_every_space_that_was_chosen() -> None:
    plain, repaired = uses(repair=None), uses()
    assert (plain["pipeline"], repaired["pipeline"]) == ("compare", "repair")
    assert plain["steps"].items() <= repaired["steps"].items()
    assert sorted(set(repaired["steps"]) - set(plain["steps"])) == [
        "features_repaired", "physical_repaired", "repaired", "repaired_features", "repaired_physical",
    ]  # fmt: skip
    assert {"style_repaired", "physical_repaired"} <= set(uses("style")["steps"])
    assert "features_repaired" not in uses("style")["steps"]


def test_the_name_fills_the_slot_of_the_translator() -> None:
    assert compare_options(repair="n2o", backbone="s") == {"backbones": {"style": "s", "translator": "n2o"}}
    assert compare_options(repair="n2o") == {"backbones": {"translator": "n2o"}}


def test_a_pipeline_of_ones_own_says_itself_what_is_repaired() -> None:
    with pytest.raises(UsageError, match="says itself what is repaired") as caught:
        comparison({"pipeline": "p", "inputs": {"development": "images", "site": "images"}}, (), None, "n2o")
    assert "use: translator" in caught.value.hint
