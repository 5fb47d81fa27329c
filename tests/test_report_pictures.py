"""Pictures of the report: maps laid on images, charts, and images that are gone."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np

from shiftlens.framework.report.charts import distribution
from shiftlens.framework.report.heat import overlay

SAMPLE = runpy.run_path(str(Path(__file__).with_name("report_sample.py")))
run, typical, written = SAMPLE["run"], SAMPLE["typical"], SAMPLE["written"]
SURE = 0.002


def test_an_image_that_is_gone_by_now_is_said_so(tmp_path):
    names = [f"site_{i:03}.png" for i in range(40)]
    outcome = run(shifts={"exposure": 2.8}, p={"exposure": SURE}, inputs={"site": {"broken": set(names)}})
    _, page, _ = written(tmp_path, outcome)
    assert "the file is gone" in page
    assert "読み込めませんでした" in page


def test_heat_is_the_same_colour_for_the_same_value_in_every_image():
    from PIL import Image

    base = Image.new("RGB", (16, 16), (90, 90, 90))
    cool, hot = np.full((4, 4), 1.0, np.float32), np.full((4, 4), 1.0, np.float32)
    hot[0, 0] = 9.0  # another image's peak, which a scale of its own would divide by
    one, two = (np.asarray(overlay(base, heat, 0.0, 10.0))[-1, -1] for heat in (cool, hot))
    assert (one == two).all()
    assert (np.asarray(overlay(base, np.zeros((4, 4), np.float32), 0.0, 10.0)) == 90).all()


def test_maps_are_shown_on_the_images_that_carry_the_difference(tmp_path):
    _, page, _ = written(tmp_path, typical(count=40))
    features = page[page.index('<section id="features"') : page.index('<section id="calibration"')]
    assert features.count("data:image/jpeg") == 2 * 8 + 2  # each original and overlay, and both means
    assert 'id="maps"' not in page


def test_maps_about_no_difference_are_not_shown(tmp_path):
    _, page, _ = written(tmp_path, run(learned={"p": {}, "separation_p": 0.5}, maps=True))
    assert "data:image" not in page


def test_two_kinds_of_maps_about_one_space_are_both_shown(tmp_path):
    outcome = typical(count=40)
    more = {step: value.model_copy(update={"about": "else"}) for step, value in outcome.values.items() if step[0] == "m"}
    again = {f"{step}-2": value for step, value in more.items()}
    wiring = outcome.wiring | {f"{step}-2": outcome.wiring[step] for step in more}
    _, page, _ = written(tmp_path, replace(outcome, values={**outcome.values, **again}, wiring=wiring))
    assert "(distance to site)" in page[: page.index('<section id="maps"')]
    assert "(else)" in page[page.index('<section id="maps"') :]


def test_a_scale_with_both_signs_darkens_below_and_brightens_above():
    from PIL import Image

    base = Image.new("RGB", (8, 8), (128, 128, 128))
    values = (np.full((2, 2), value, np.float32) for value in (-1, 0, 1))
    below, clear, above = (np.asarray(overlay(base, heat, -1.0, 1.0).convert("L")).mean() for heat in values)
    assert below < clear - 40
    assert above > clear + 40


def test_maps_about_nothing_in_particular_have_their_own_section(tmp_path):
    _, page, _ = written(tmp_path, run(maps=True))
    assert '<section id="maps"' in page


def test_charts_have_no_words_and_no_ids_in_common(tmp_path):
    rng = np.random.default_rng(0)
    one, two = (distribution(rng.normal(0, 1, 50), rng.normal(1, 1, 50), name=n, unit="<K>") for n in ("one", "two"))
    ids = [{part.split('"')[0] for part in svg.split('id="')[1:]} for svg in (one, two)]
    assert not ids[0] & ids[1]
    assert "&lt;K&gt;" in one


def test_a_factor_axis_starts_from_development(tmp_path):
    rng = np.random.default_rng(0)
    svg = distribution(rng.normal(5, 0.1, 50), rng.normal(6, 0.1, 50), name="x", unit="EV", scale="log2")
    assert "×1<" in svg
    assert "×2<" in svg
    assert "EV" not in svg
