"""Sections that plugins add: shown, stored, and left out by name where they fail."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from shiftlens import Text
from shiftlens.framework.report.sections import Sections
from shiftlens.reporting import ReportSection, Section

SAMPLE = runpy.run_path(str(Path(__file__).with_name("report_sample.py")))
run, written = SAMPLE["run"], SAMPLE["written"]


class Costs(ReportSection):
    def render(self, outcome):
        return Section("costs", Text(en="Costs", ja="費用"), "<p>42</p>", {"total": 42})


class Broken(ReportSection):
    def render(self, outcome):
        raise RuntimeError("no <prices>")


class Silent(ReportSection):
    def render(self, outcome):
        return None


def test_a_plugins_section_is_shown_and_stored(tmp_path):
    _, page, data = written(tmp_path, run(), sections=Sections.of(Costs(), Silent()))
    assert '<section id="costs"' in page
    assert "<p>42</p>" in page
    assert data["sections"] == {"costs": {"total": 42}}


def test_a_section_that_fails_is_named_and_left_out(tmp_path):
    report, page, _ = written(tmp_path, run(), sections=Sections.of(Broken(), Costs()))
    assert "Broken failed and was left out (RuntimeError: no <prices>)" in report.warnings[0].en
    assert "no &lt;prices&gt;" in page
    assert "<p>42</p>" in page


class Tables(ReportSection):
    def __init__(self, tables):
        super().__init__()
        self.tables = tables

    def render(self, outcome):
        return Section("rows", Text(en="Rows", ja="行"), "<p>rows</p>", css=".rows{color:red}", tables=self.tables)


def test_a_section_may_bring_css_and_tables(tmp_path):
    _, page, _ = written(tmp_path, run(), sections=Sections.of(Tables({"parts": [{"a": 1, "b": "=cmd"}, {"a": 2, "b": "x"}]})))
    assert ".rows{color:red}</style>" in page
    assert (tmp_path / "parts.csv").read_text("utf-8-sig").splitlines() == ["a,b", "1,'=cmd", "2,x"]


class Odd(ReportSection):
    def __init__(self, made):
        super().__init__()
        self.made = made

    def render(self, outcome):
        return self.made


ROWS = Text(en="Rows", ja="行")


@pytest.mark.parametrize(
    "made",
    [
        "<p>rows</p>",
        Section('x" onclick="alert(1)', ROWS, "<p>rows</p>"),
        Section("rows", "Rows", "<p>rows</p>"),
        Section("rows", ROWS, b"<p>rows</p>"),
        Section("rows", ROWS, "<p>rows</p>", data=["a"]),
        Section("rows", ROWS, "<p>rows</p>", data={"a": object()}),
        Section("rows", ROWS, "<p>rows</p>", css="</style><script>alert(1)</script>"),
    ],
    ids=["text", "id", "title", "bytes", "a list", "no JSON", "css"],
)
def test_what_is_no_section_is_named_and_left_out(tmp_path, made):
    report, page, data = written(tmp_path, run(), sections=Sections.of(Odd(made), Costs()))
    assert "Odd failed and was left out" in report.warnings[0].en
    assert "<p>rows</p>" not in page
    assert "<p>42</p>" in page
    assert list(data["sections"]) == ["costs"]


@pytest.mark.parametrize(
    "tables", [{"attributes": []}, {"../out": []}, {"parts": [{"a": 1}, {"b": 2}]}], ids=["taken", "path", "columns"]
)
def test_a_table_that_cannot_be_is_named_and_its_section_left_out(tmp_path, tables):
    report, page, _ = written(tmp_path, run(), sections=Sections.of(Tables(tables)))
    assert "its table" in report.warnings[0].en
    assert "<p>rows</p>" not in page


def test_the_layout_fixes_sections_and_their_order(tmp_path):
    layout = ("made", "costs", "power", "nowhere")
    report, page, _ = written(tmp_path, run(), sections=Sections.of(Costs()), layout=layout)
    places = [page.index(f'<section id="{name}"') for name in ("summary", "made", "costs", "power")]
    assert places == sorted(places)
    assert '<section id="tested"' not in page
    assert "nowhere" in report.warnings[0].en


# sections that cannot be made


BROKEN = """
from shiftlens.plugin import Card, hookimpl

@hookimpl
def shiftlens_report_sections():
    return [Card(id=name, version=1, target=f"{name}_section:{name.title()}") for name in ("prices", "loud")]
"""


@pytest.fixture
def plugins(tmp_path):
    """A package whose one section cannot be imported, and whose other one ends the process as it renders."""
    place = tmp_path / "site"
    facts = place / "broken_sections-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-sections\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[shiftlens]\nbroken = broken_sections\n")
    (place / "broken_sections.py").write_text(BROKEN)
    (place / "prices_section.py").write_text("import no_such_library\n")
    (place / "loud_section.py").write_text(
        "import sys\nfrom shiftlens.reporting import ReportSection\n\n\nclass Loud(ReportSection):\n"
        "    def render(self, outcome):\n        sys.exit(7)\n"
    )
    return place


def test_a_broken_section_does_not_cost_the_run(shiftlens, folder_of, plugins, tmp_path, physical_pipeline):
    sides = folder_of("dev", 12), folder_of("site", 12, seed=1)
    done = shiftlens("compare", *sides, "--pipeline", physical_pipeline, "-o", "out", PYTHONPATH=str(plugins))
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out/report.json").read_text())
    said = " ".join(warning["en"] for warning in report["warnings"])
    assert "prices of broken-sections 1.0 failed and was left out (prices needs no_such_library" in said
    assert "loud of broken-sections 1.0 failed and was left out (SystemExit: 7)" in said
    assert "broken-sections 1.0" in (tmp_path / "out/report.html").read_text()


def test_a_broken_section_that_was_asked_for_ends_the_run_before_any_work(
    shiftlens, folder_of, plugins, tmp_path, physical_pipeline
):
    physical_pipeline.write_text(physical_pipeline.read_text() + "report: {sections: [summary, prices]}\n")
    sides = folder_of("dev", 12), folder_of("site", 12, seed=1)
    done = shiftlens("compare", *sides, "--pipeline", physical_pipeline, "-o", "out", PYTHONPATH=str(plugins))
    assert done.returncode == 4
    assert "SL204 prices needs no_such_library" in done.stderr
    assert not (tmp_path / "out").exists()
