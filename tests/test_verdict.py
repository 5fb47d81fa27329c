"""The verdict says no more than was measured."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np

from shiftlens.framework.report.write import write_report
from shiftlens.plugin import AttributeScores

SAMPLE = runpy.run_path(str(Path(__file__).with_name("report_sample.py")))
run = SAMPLE["run"]
changed = runpy.run_path(str(Path(__file__).with_name("score_fields.py")))["changed"]


def test_where_nothing_was_compared_the_report_says_so(tmp_path):
    outcome = run()
    codes = {name: one for name, one in outcome.values.items() if not isinstance(one, AttributeScores)}
    report = write_report(replace(outcome, values=codes), tmp_path)
    assert report.verdict.headline.en == "Nothing was compared"
    assert report.verdict.headline.ja == "比較は行っていません"
    page = (tmp_path / "report.html").read_text("utf-8")
    assert not [said for said in ("No difference was found", 'id="calibration"', 'id="tested"') if said in page]
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["verdict"]["shift"] is False


def test_a_learned_space_without_a_separation_is_told_without_one(tmp_path):
    outcome = run(learned={"p": {}, "separation": 0.9, "separation_p": 0.002})
    scores = {name: one for name, one in outcome.values.items() if isinstance(one, AttributeScores)}
    learned = next(name for name, one in scores.items() if not any(d.words for d in one.space.dimensions))
    values = {**outcome.values, learned: changed(scores[learned], separation=np.nan)}
    said = [write_report(one, tmp_path / "out").verdict.headline for one in (outcome, replace(outcome, values=values))]
    assert [("AUC" in one.en, "AUC" in one.ja) for one in said] == [(True, True), (False, False)]
    assert said[1].en == "The site’s images differ in content: learned features tell the two apart"
