"""The report of a run: what it says of planted differences, and that its files are whole, safe and the same again."""

from __future__ import annotations

import csv
import io
import json
import re
import runpy
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from scipy.stats import binomtest

from shiftlens import OutputUnusable, Report
from shiftlens.framework.report.amounts import figures
from shiftlens.framework.report.examples import gap_levels
from shiftlens.framework.report.spaces import wilson
from shiftlens.framework.report.write import as_json, write_report
from shiftlens.plugin import SetAside

SAMPLE = runpy.run_path(str(Path(__file__).with_name("report_sample.py")))
run, typical, written = SAMPLE["run"], SAMPLE["typical"], SAMPLE["written"]
changed = runpy.run_path(str(Path(__file__).with_name("score_fields.py")))["changed"]
HOSTILE = '<script>alert(1)</script>".png', "=cmd|' /C calc'!A1.png", "caf\udce9.png", "new\nline\u202egnp.png"
SURE = 0.002


def attribute(report: Report, name: str):
    return next(a for a in report.attributes if a.id == name)


# what it says


def test_a_planted_shift_is_the_headline_with_its_factor(tmp_path):
    report, page, _ = written(tmp_path, run(shifts={"exposure": 2.8}, p={"exposure": SURE}))
    factor = attribute(report, "exposure").factor
    assert report.verdict.kind == "light"
    assert report.verdict.leading == ("exposure",)
    assert report.verdict.headline.en.startswith(f"The site is brighter by ×{factor:.2f} (")
    assert f"明るい：×{factor:.2f}（" in report.verdict.headline.ja
    assert report.verdict.headline.en in page


def test_a_darker_site_is_called_darker_and_told_what_to_do(tmp_path):
    report, _, _ = written(tmp_path, run(shifts={"exposure": -2.8}, p={"exposure": SURE}))
    assert report.verdict.headline.en.startswith("The site is darker: ×0.")
    assert attribute(report, "exposure").action.en == "Raise the exposure."


def test_a_shift_in_a_unit_is_said_in_that_unit(tmp_path):
    report, _, _ = written(tmp_path, run(shifts={"sharpness": 3.0}, p={"sharpness": SURE}))
    assert report.verdict.headline.en.startswith("The site is softer by 0.")
    assert "\u202fpx (0." in report.verdict.headline.en


def test_a_wider_spread_is_not_called_more_or_less(tmp_path):
    report, _, _ = written(tmp_path, run(count=80, spread={"noise": 3.0}, p={"noise": SURE}))
    assert attribute(report, "noise").words.en == "varies more"
    assert "noise varies more (spread ×" in report.verdict.headline.en


def test_a_difference_too_small_to_matter_is_told_but_not_named(tmp_path):
    outcome = run(shifts={"exposure": 0.4}, p={"exposure": SURE})
    scores = outcome.values["diff"]
    dims = tuple(d.model_copy(update={"floor": 9.0}) if d.id == "exposure" else d for d in scores.space.dimensions)
    space = scores.space.model_copy(update={"dimensions": dims})
    values = {**outcome.values, "diff": scores.model_copy(update={"space": space})}
    report, page, _ = written(tmp_path, replace(outcome, values=values))
    found = attribute(report, "exposure")
    assert (found.significant, found.negligible, report.verdict.shift) == (False, True, False)
    assert "too small to matter" in page


def test_a_scorer_without_intervals_shows_none(tmp_path):
    outcome = run(shifts={"exposure": 2.8, "noise": 2.0}, p={"exposure": SURE, "noise": SURE})
    scores = outcome.values["diff"]
    unknown = np.full(len(scores.effects.size), np.nan)
    bare = changed(scores, **dict.fromkeys(("effect_low", "effect_high", "shift_low", "shift_high"), unknown))
    report, page, data = written(tmp_path, replace(outcome, values={**outcome.values, "diff": bare}))
    assert "(" not in report.verdict.headline.en
    assert data["attributes"][0]["interval"] is None
    assert "–––" not in page
    assert not re.search(r"\bnan\b", re.sub(r"base64,[^\"]*", "", page))
    jsonschema.validate(data, Report.model_json_schema())


def test_nothing_significant_names_nothing(tmp_path):
    report, page, data = written(tmp_path, run())
    assert report.verdict.kind == "nothing"
    assert not report.verdict.shift
    assert data["verdict"]["leading"] == []
    assert "No difference was found" in report.verdict.headline.en
    assert "would be found in 8 of 10 runs" in report.verdict.detail.en
    assert "<article" not in page


def test_every_p_is_corrected_for_all_tests_of_the_run(tmp_path):
    learned = {"p": {}, "separation": 0.6, "separation_p": 0.5}
    report, _, _ = written(tmp_path, run(shifts={"exposure": 1.0}, p={"exposure": 0.03}, learned=learned))
    assert report.verdict.tests == 3
    assert attribute(report, "exposure").p_adjusted == pytest.approx(0.09)
    assert not attribute(report, "exposure").significant
    assert max(a.p_adjusted for a in report.attributes) == 1.0


def test_only_learned_features_is_a_difference_of_content(tmp_path):
    report, page, _ = written(tmp_path, run(learned={"p": {}, "separation": 0.91, "separation_p": SURE}))
    assert report.verdict.kind == "content"
    assert "AUC 0.91" in report.verdict.headline.en
    assert 'id="features"' in page
    assert report.spaces[1].differs


def test_a_space_without_words_lists_only_what_stands_alone(tmp_path):
    learned = {"p": {"c1": SURE, "c2": SURE, "c3": 0.4}, "follows": {"c2": "c1"}, "separation_p": 0.9}
    report, page, _ = written(tmp_path, run(learned=learned))
    assert [a.id for a in report.attributes if a.encoder == "features"] == ["c1"]
    assert report.verdict.leading == ()
    assert report.verdict.kind == "content"
    assert 'id="a-1"' not in page


def test_images_that_carry_a_space_are_its_extreme_projections(tmp_path):
    count = 40
    projections = {"reference_projection": np.arange(count, dtype=float), "target_projection": np.arange(count, dtype=float)}
    report, _, _ = written(tmp_path, run(count=count, learned={"p": {}, "separation_p": SURE, **projections}))
    ids = [i.id for i in report.spaces[1].representative]
    assert ids[0] == "dev_000.png"
    assert ids[4] == "site_039.png"
    assert all(int(i[4:7]) < 10 for i in ids[:4])


def test_a_consequence_is_folded_below_its_cause(tmp_path):
    outcome = run(shifts={"exposure": 2.8, "noise": 2}, p={"exposure": SURE, "noise": SURE}, follows={"noise": "exposure"})
    report, page, _ = written(tmp_path, outcome)
    assert report.verdict.leading == ("exposure",)
    assert attribute(report, "noise").follows == "exposure"
    assert not attribute(report, "noise").stands_alone
    assert page.count('<article id="a-') == 1
    assert "What follows from this: noise." in report.verdict.detail.en


def test_a_consequence_of_a_chance_finding_stands_alone(tmp_path):
    outcome = run(shifts={"noise": 2}, p={"exposure": 0.5, "noise": SURE}, follows={"noise": "exposure"})
    report, _, _ = written(tmp_path, outcome)
    assert report.verdict.leading == ("noise",)


def test_representative_images_lie_where_the_distributions_differ(tmp_path):
    report, _, _ = written(tmp_path, run(count=200, shifts={"exposure": 2.8}, p={"exposure": SURE}))
    images = attribute(report, "exposure").images
    assert [i.side for i in images] == ["reference"] * 4 + ["target"] * 4
    dev, site = ([i.value for i in images if i.side == side] for side in ("reference", "target"))
    assert max(dev) < min(site)  # no random pick from the overlap
    assert np.median(dev) == pytest.approx(-1.5, abs=0.1)


def test_levels_follow_a_tail_that_alone_differs():
    quiet = np.linspace(0, 1, 1000)
    tail = np.where(quiet > 0.9, quiet + 2, quiet)
    assert gap_levels(quiet, tail).min() > 0.88


def test_a_novel_tail_shows_its_farthest_image(tmp_path):
    outcome = run(count=60, shifts={"sharpness": 1.0}, p={"sharpness": SURE}, tags={"sharpness": "novel"})
    report, page, _ = written(tmp_path, outcome)
    column = outcome.values["new"].values[:, 2]
    farthest = outcome.values["new"].ids[int(column.argmax())]
    site = [i for i in attribute(report, "sharpness").images if i.side == "target"]
    assert farthest in [i.id for i in site if i.level is None]
    assert len(site) == 4
    assert "novel at the site" in page


def test_one_picture_is_shown_once(tmp_path):
    outcome = run(count=40, shifts={"exposure": 2.8}, p={"exposure": SURE})
    images = outcome.inputs["site"]
    same = replace(images, refs=tuple(replace(r, digest=f"{n // 10:064x}") for n, r in enumerate(images.refs)))
    outcome = replace(outcome, inputs={**outcome.inputs, "site": same})
    report, _, _ = written(tmp_path, outcome)
    digests = {r.id: r.digest for r in same.refs}
    shown = [digests[i.id] for i in attribute(report, "exposure").images if i.side == "target"]
    assert len(shown) == len(set(shown)) == 4


def test_angles_are_neighbours_across_their_period(tmp_path):
    outcome = run(count=60, p={"rotation": SURE})
    turned = outcome.values["new"].values.copy()
    turned[:, 4] = (turned[:, 4] + 6) % 180  # most of development lies around 0
    dev = outcome.values["dev"].values.copy()
    dev[:, 4] %= 180
    values = dict(outcome.values)
    for step, column in (("dev", dev), ("new", turned)):
        values[step] = values[step].model_copy(update={"values": column})
    mean = outcome.values["diff"].effects.mean.copy()
    mean[4] = 3.0
    values["diff"] = changed(values["diff"], mean=mean)
    report, _, _ = written(tmp_path, replace(outcome, values=values))
    assert max(abs(i.value) for i in attribute(report, "rotation").images) < 20


def test_power_is_said_in_each_unit(tmp_path):
    outcome = run()
    report, page, _ = written(tmp_path, outcome)
    blur = attribute(report, "sharpness")
    assert blur.detectable == pytest.approx(0.32 * outcome.values["diff"].effects.sigma[2])
    assert f">{figures(blur.detectable)}\u202fpx<" in page


def test_false_alarms_of_development_against_itself_are_told(tmp_path):
    report, page, _ = written(tmp_path, run(self_splits=50, self_alarms=2))
    assert report.spaces[0].self_interval == pytest.approx((0.0110, 0.1346), abs=5e-4)
    assert "Development against itself" in page
    assert "1\u202f% – 13\u202f%" in page


@pytest.mark.parametrize(("hits", "of"), [(0, 10), (1, 20), (5, 10), (10, 10)])
def test_wilson_intervals_match_scipy(hits, of):
    assert wilson(hits, of) == pytest.approx(tuple(binomtest(hits, of).proportion_ci(method="wilson")), abs=1e-9)


def test_what_was_tested_and_not_found_is_listed(tmp_path):
    report, page, _ = written(tmp_path, run(shifts={"exposure": 2.8}, p={"exposure": SURE}, unmeasured=("temperature",)))
    below = page[page.index('id="tested"') :]
    assert "Rotation" in below
    assert "Not measured" in below
    assert [label.en for label in report.spaces[0].unmeasured] == ["Colour temperature"]
    assert "temperature" not in {a.id for a in report.attributes}


# warnings and images set aside


def test_synthetic_images_are_said_first(tmp_path):
    outcome = run(inputs={"site": {"note": "synthetic, seed 3"}})
    report, page, _ = written(tmp_path, outcome)
    assert report.warnings[0].en.startswith("Synthetic images")
    assert page.index("Synthetic images") < page.index("<h1")
    body = page[page.index("<body") :]
    assert body.index("Synthetic images") < body.index("shiftlens")


def test_the_same_images_on_both_sides_are_noticed(tmp_path):
    names = [f"{i}.png" for i in range(40)]
    report, page, _ = written(tmp_path, run(ids=(names, names), inputs={"development": {"salt": "x"}, "site": {"salt": "x"}}))
    assert "same images are on both sides" in report.warnings[0].en
    assert "両側に同じ画像があります" in page


def test_few_images_are_warned_of(tmp_path):
    report, _, _ = written(tmp_path, run(count=12))
    assert "only 12 images" in report.warnings[0].en


def test_an_image_set_aside_twice_is_counted_once(tmp_path):
    aside = SetAside(id="site_extra.png", reason="damaged")
    late = SetAside(id="site_003.png", kind="no-result", reason="no part found")
    outcome = run(
        inputs={"site": {"set_aside": (aside,)}},
        codes={"new": {"set_aside": (aside, late)}},
    )
    report, _, data = written(tmp_path, outcome)
    site = report.inputs[1]
    assert (site.images, site.used, site.set_aside) == (41, 39, 2)
    assert [entry["id"] for entry in data["set_aside"]] == ["site_extra.png", "site_003.png"]


# hostile names


@pytest.fixture
def hostile(tmp_path):
    names = [*HOSTILE, *(f"{i}.png" for i in range(36))]
    aside = tuple(SetAside(id=name + "x", reason=f"damaged: {name}") for name in HOSTILE)
    outcome = run(
        ids=(names, list(reversed(names))),
        shifts={"exposure": 2.8},
        p={"exposure": SURE},
        inputs={"site": {"set_aside": aside, "broken": {HOSTILE[0]}, "note": "<b>note</b>"}},
    )
    written(tmp_path, outcome)
    return tmp_path


def test_hostile_names_stay_text_in_the_page(hostile):
    page = (hostile / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;.pngx" in page
    assert "caf\\udce9.pngx" in page
    assert "new\\nline\\u202egnp.pngx" in page
    assert "\u202e" not in page
    assert "<b>note" not in page


def test_hostile_names_are_whole_in_json(hostile):
    data = json.loads((hostile / "report.json").read_text("utf-8"))
    assert [entry["id"] for entry in data["set_aside"]] == [n.replace("\udce9", "\\udce9") + "x" for n in HOSTILE]


def test_no_cell_of_the_table_starts_a_formula(tmp_path):
    names = [f"=1+{i}.png" for i in range(40)]
    written(tmp_path, run(ids=(names, [f"@{n}" for n in names]), shifts={"exposure": 2.8}, p={"exposure": SURE}))
    rows = list(csv.reader(io.StringIO((tmp_path / "attributes.csv").read_bytes().decode("utf-8-sig"))))
    texts = [cell for row in rows[1:] for cell in row if cell]
    assert any(cell.startswith("'=") for cell in texts)
    for cell in texts:
        assert cell[0] not in "=+@"
        if cell[0] == "-":
            float(cell)


# files


def test_the_same_run_gives_the_same_bytes(tmp_path):
    written(tmp_path / "a", typical(count=40))
    later = typical(count=40)
    later.manifest["started"] = "2031-01-01T00:00:00Z"
    later.manifest["steps"]["dev"]["seconds"] = 99.0
    written(tmp_path / "b", later)
    for name in ("report.json", "report.html", "attributes.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_json_holds_to_its_schema(tmp_path):
    report, _, data = written(tmp_path, typical(count=40))
    jsonschema.validate(data, Report.model_json_schema())
    assert Report.model_validate_json(as_json(report)) == report


def test_json_has_no_nan(tmp_path):
    outcome = run(detectable=float("nan"), separation=float("nan"), separation_p=float("nan"), critical=float("nan"))
    _, _, data = written(tmp_path, outcome)
    assert data["spaces"][0]["detectable"] is None


def test_the_table_opens_in_excel_with_japanese(tmp_path):
    written(tmp_path, run())
    data = (tmp_path / "attributes.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert {row["label_ja"] for row in rows} == {"明るさ", "ノイズ", "ぼけ", "色温度", "回転角"}


def test_the_page_is_alone_and_small(tmp_path):
    _, page, _ = written(tmp_path, typical(count=500))
    assert len(page.encode()) < 8_000_000
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page
    assert "default-src &#39;none&#39;" in page


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    file = tmp_path / "taken"
    file.write_text("")
    with pytest.raises(OutputUnusable, match=r"report\.html: cannot be written: Not a directory") as caught:
        write_report(run(), file / "below")
    assert "another folder" in caught.value.hint


def test_a_full_disk_leaves_the_old_report(tmp_path, monkeypatch):
    written(tmp_path, run())
    old = (tmp_path / "report.html").read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputUnusable, match="No space left on device"):
        write_report(run(shifts={"exposure": 3.0}, p={"exposure": SURE}), tmp_path)
    assert (tmp_path / "report.html").read_bytes() == old


def test_nothing_unfinished_stays_behind(tmp_path, monkeypatch):
    def refuse(self, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OutputUnusable, match="Permission denied"):
        write_report(run(), tmp_path)
    assert list(tmp_path.iterdir()) == []
