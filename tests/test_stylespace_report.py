"""The style section: what it says, what it refuses to say, and that everything in it is exported."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shiftlens.framework.report.sections import Sections
from shiftlens.framework.report.write import write_report
from shiftlens.plugins.stylespace.config import SectionConfig, TraverseConfig
from shiftlens.plugins.stylespace.section import StyleSection

SAMPLE = runpy.run_path(str(Path(__file__).with_name("style_sample.py")))
PLANTED = "b8.conv0/3"


@pytest.fixture(scope="module")
def model():
    return SAMPLE["model"]()


def run(model, *, shift: float = 2.0, turned: bool = False, names: str = "{}", **more):
    first, second = (SAMPLE["styles_of"](model, 80, seed) for seed in (11, 12))
    second[:, SAMPLE["place_of"](model, PLANTED)] += shift * first[:, SAMPLE["place_of"](model, PLANTED)].std()
    sides = [SAMPLE["made"](model, side, name) for side, name in ((first, "development"), (second, "site"))]
    if turned:
        sides[1] = SAMPLE["shelf"]({n: np.ascontiguousarray(np.rot90(p)) for n, p in sides[1].source.pictures.items()}, "site")
    sides = [SAMPLE["shelf"]({names.format(n): p for n, p in side.source.pictures.items()}, side.name) for side in sides]
    return SAMPLE["finished"](model, *sides, **more)


def written(outcome, folder: Path, **options: int):
    report = write_report(outcome, folder, Sections.of(StyleSection(SectionConfig(**options))))
    return report, (folder / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def planted(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    report, page = written(run(model), folder)
    return report, page, folder


def section(page: str) -> str:
    return page[page.index('<section id="style"') : page.index('<section id="calibration"')]


def test_the_planted_channel_is_the_first_card_and_bears_no_made_up_name(planted) -> None:
    report, page, _ = planted
    title = re.search(r'<h3 id="y-style_traversals-0-title">.*?</h3>', page).group()
    assert f"Channel {PLANTED} (coarse)" in title
    assert f"チャンネル {PLANTED}（粗い構造）" in title
    assert report.sections["style"]["style_traversals"]["attributes"][0]["dimension"] == PLANTED
    assert report.attributes[0].id == PLANTED


def test_the_numbers_of_a_card_are_those_of_the_report(planted) -> None:
    report, page, folder = planted
    about = next(a for a in report.attributes if a.id == PLANTED)
    rows = list(csv.DictReader(io.StringIO((folder / "style.csv").read_text("utf-8-sig"))))
    assert rows[0]["id"] == PLANTED
    assert float(rows[0]["effect"]) == about.effect
    assert float(rows[0]["p_adjusted"]) == about.p_adjusted
    assert rows[0]["shown"] == "True"
    assert f"{about.effect:.2f} σ" in section(page)


def test_strips_show_the_channel_at_five_quantiles(planted) -> None:
    _, page, _ = planted
    strips = re.findall(r'class="w">.*?</span><img src="data:image/jpeg;base64,([^"]+)"', section(page), re.S)
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(strips[0]))), np.float64)
    assert len(strips) == 5
    assert picture.shape == (32, 5 * 32 + 4 * 2, 3)
    assert np.abs(picture[:, :32] - picture[:, -32:]).mean() > 5
    for level in ("1 %", "25 %", "50 %", "75 %", "99 %"):
        assert f"<b>{level}</b>" in section(page)


def test_extremes_are_originals_with_their_names(planted) -> None:
    report, page, _ = planted
    told = report.sections["style"]["style_traversals"]["attributes"][0]
    highest = told["extremes"]["target highest"]
    assert len(highest) == len(set(highest)) == 8
    assert set(highest) & set(told["extremes"]["target lowest"]) == set()
    assert all(name in section(page) for name in highest)


def test_without_extremes_no_originals_beyond_the_typical_are_in_the_page(model, tmp_path: Path, planted) -> None:
    _, page = written(run(model), tmp_path, extremes=0)
    assert page.count("<img") < planted[1].count("<img") - 16


def test_both_languages_say_it_all(planted) -> None:
    _, page, _ = planted
    assert section(page).count('lang="en"') == section(page).count('lang="ja"') > 20
    assert "UNDEFINED" not in page


def test_what_is_exported_says_how_to_make_the_cards_again(planted) -> None:
    report, _, folder = planted
    told = json.loads((folder / "report.json").read_text("utf-8"))["sections"]["style"]["style_traversals"]
    card = told["attributes"][0]
    assert {"rows", "moved", "levels", "values", "starts", "ends", "members", "steps", "visible"} <= card.keys()
    assert len(card["steps"]) == len(card["members"])
    assert len(card["values"]) == len(card["levels"]) == 5
    assert told["layers"][2]["layer"] == "b8.conv0"
    assert report.spaces[0].gate is not None
    assert report.spaces[0].gate.closed is False


def test_the_same_run_gives_the_same_bytes(model, planted, tmp_path: Path) -> None:
    written(run(model), tmp_path)
    for name in ("report.html", "report.json", "style.csv", "attributes.csv"):
        assert (tmp_path / name).read_bytes() == (planted[2] / name).read_bytes()


def test_a_page_of_eight_cards_would_stay_below_six_megabytes(planted) -> None:
    whole = len(section(planted[1])) / max(1, section(planted[1]).count("<article"))
    assert 8 * whole < 6e6


def test_where_nothing_differs_nothing_is_shown(model, tmp_path: Path) -> None:
    report, page = written(run(model, shift=0), tmp_path)
    assert not report.verdict.shift
    assert "No style differs at the chosen level" in section(page)
    assert "<article" not in section(page)
    assert (tmp_path / "style.csv").read_bytes() == b"\xef\xbb\xbf\r\n"


def test_a_closed_gate_is_said_first_and_nothing_is_claimed(model, tmp_path: Path) -> None:
    report, page = written(run(model, turned=True), tmp_path)
    assert report.warnings[0].en.startswith("The style backbone does not know these images: 100 % of the site images")
    assert page.index("does not know these images: 100 %") < page.index("<h1")
    assert report.verdict.shift is False
    assert report.verdict.headline.en == "Nothing can be said: the backbone does not know these images"
    assert report.attributes == ()
    assert "No difference found" not in page
    assert "<article" not in page
    assert PLANTED not in page
    assert len((tmp_path / "attributes.csv").read_text("utf-8-sig").splitlines()) == 1
    told = report.sections["style"]["style_traversals"]
    assert told["attributes"] == told["layers"] == []
    assert len(told["gate"]["flagged"]["target"]) == 80


def test_unequal_errors_below_the_limit_are_a_warning(model, tmp_path: Path) -> None:
    outcome = run(model)
    values = dict(outcome.values)
    site = values["site_style"]
    values["site_style"] = site.model_copy(update={"error": site.error + np.float32(0.005)})
    scores = SAMPLE["StyleDiff"](SAMPLE["QUICK"]).score(values["development_style"], values["site_style"])
    again = outcome.__class__(**{**vars(outcome), "values": {**values, "style": scores}})
    report, _ = written(again, tmp_path)
    assert scores.gate.closed is False
    assert "unequally well" in report.warnings[0].en
    assert report.verdict.shift


def test_a_backbone_without_a_limit_says_that_nothing_was_judged(tmp_path: Path) -> None:
    unlimited = SAMPLE["model"]()
    unlimited = type(unlimited)(unlimited.generator, unlimited.encoder, None)
    report, page = written(run(unlimited), tmp_path)
    assert "nothing says whether it knows these" in report.warnings[0].en
    assert "states no error limit" in page


def test_what_does_not_show_is_listed_apart(model, tmp_path: Path) -> None:
    report, page = written(run(model, shift=3.0, traverse=TraverseConfig(visible_least=1.0)), tmp_path)
    told = report.sections["style"]["style_traversals"]
    assert told["unseen"][0]["dimension"] == PLANTED
    assert "Not visible" in section(page)
    assert report.verdict.shift


@pytest.mark.parametrize("coordinates", ["w", "ganspace", "sefa"])
def test_directions_are_called_directions(model, tmp_path: Path, coordinates: str) -> None:
    config = SAMPLE["StyleConfig"](coordinates=coordinates, components=12)
    traverse = TraverseConfig(visible_least=0)
    _, page = written(run(model, shift=6.0, config=config, traverse=traverse), tmp_path)
    assert "Channel" not in section(page)
    assert f"Direction {coordinates}/" in section(page) or "All styles together" in section(page)


def test_hostile_names_are_text(model, tmp_path: Path) -> None:
    name = '<img src=x onerror="owned=1">{}'
    _, page = written(run(model, names=name), tmp_path)
    assert "<img src=x" not in page
    assert "&lt;img src=x" in section(page)
