"""The report in a real browser: nothing fails, nothing leaves the page, both languages, pictures, keyboard, paper."""

from __future__ import annotations

import runpy
from itertools import pairwise
from pathlib import Path

import pytest

from shiftlens.framework.report.write import write_report
from shiftlens.plugin import SetAside

SAMPLE = runpy.run_path(str(Path(__file__).with_name("report_sample.py")))
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\">.png",
    "\"onload='document.title=1'.png",
    "</script><script>owned=1</script>",
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    aside = tuple(SetAside(id=name, reason=name) for name in HOSTILE)
    write_report(SAMPLE["typical"](count=40, inputs={"site": {"set_aside": aside}}), folder)
    return folder / "report.html"


@pytest.fixture
def page(browser_page, file):
    return browser_page(file)


def test_the_console_stays_silent(page):
    page.click("[data-language=ja]")
    page.click("[data-language=en]")
    assert page.heard == []


def test_no_request_leaves_the_page(page, file):
    outside = [url for url in page.asked if not url.startswith("data:")]
    assert outside == [file.as_uri()]


def test_the_language_is_switched_in_place(page):
    assert page.inner_text("h1").startswith("The site is brighter")
    page.click("[data-language=ja]")
    assert page.get_attribute("html", "lang") == "ja"
    assert page.inner_text("h1").startswith("現場データは開発データより明るい")
    assert page.title().startswith("現場データは")
    assert page.get_attribute("[data-language=ja]", "aria-pressed") == "true"
    assert page.get_attribute("[data-language=en]", "aria-pressed") == "false"
    assert "Recommended action" not in page.inner_text("main")
    assert page.get_attribute("#a-1 .strip img", "alt").startswith("開発データの画像")


def test_every_picture_is_there_and_described(page):
    pictures = page.eval_on_selector_all("img", "all => all.map(i => [i.naturalWidth, i.alt.trim()])")
    assert len(pictures) > 20
    assert all(width > 0 and alt for width, alt in pictures)


def test_every_chart_is_drawn_and_described(page):
    charts = page.eval_on_selector_all(
        "figure.chart svg",
        """all => all.map(s => [s.getBoundingClientRect().height, s.querySelectorAll("path").length,
            document.getElementById(s.getAttribute("aria-labelledby"))?.innerText])""",
    )
    assert len(charts) == 3
    assert all(height > 100 and paths > 10 and "Development" in words for height, paths, words in charts)


def test_details_open_with_the_keyboard(page):
    page.focus("#a-1 details summary")
    assert not page.is_visible("#a-1 details table")
    page.keyboard.press("Enter")
    assert page.is_visible("#a-1 details table")


def test_the_first_tab_reaches_a_visible_link_past_the_head(page):
    page.keyboard.press("Tab")
    box = page.evaluate("(() => { const b = document.activeElement.getBoundingClientRect(); return [b.left, b.top]; })()")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#summary"
    assert min(box) >= 0


def test_hostile_names_do_not_run(page):
    assert page.evaluate("typeof owned") == "undefined"
    assert page.title().startswith("The site is brighter")
    assert HOSTILE[0] in page.text_content("#aside")


def test_names_and_ids_are_unique_and_headings_in_order(page):
    ids = page.eval_on_selector_all("[id]", "all => all.map(n => n.id)")
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(n => +n.tagName[1])")
    assert len(ids) == len(set(ids))
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_words_stand_out_from_the_ground(page):
    """WCAG AA: 4.5 to 1 for every text on the white page."""
    faint = page.evaluate("""() => {
        const light = (c) => { const f = (v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
            return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]); };
        const rgb = (s) => s.match(/[\\d.]+/g).map(Number);
        const ground = (n) => { for (; n; n = n.parentElement) { const c = rgb(getComputedStyle(n).backgroundColor);
            if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
        return [...document.querySelectorAll("main *, header *")].filter((n) => [...n.childNodes].some(
            (t) => t.nodeType === 3 && t.data.trim()) && n.offsetParent && !n.closest("svg")).map((n) => {
            const [a, b] = [light(rgb(getComputedStyle(n).color)), light(ground(n))].sort((x, y) => y - x);
            return [(a + .05) / (b + .05), n.textContent.trim().slice(0, 40)]; }).filter(([ratio]) => ratio < 4.5);
    }""")
    assert faint == []


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_wider_than_the_window(browser_page, file, width):
    page = browser_page(file, width=width)
    for language in ("en", "ja"):
        page.click(f"[data-language={language}]")
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_without_script_the_page_still_reads(browser_page, file):
    page = browser_page(file, java_script_enabled=False)
    assert page.inner_text("h1").startswith("The site is brighter")
    assert not page.is_visible(".languages")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_verdict_fits_the_first_sheet_of_paper(browser_page, tmp_path, language):
    every = ("exposure", "noise", "sharpness", "temperature", "rotation")
    crowded = SAMPLE["run"](
        shifts=dict.fromkeys(every, 2.0),
        p=dict.fromkeys(every, 0.001),
        learned={"p": {}, "separation_p": 0.001},
        language=language,
    )
    write_report(crowded, tmp_path)
    page = browser_page(tmp_path / "report.html", width=680, height=1016)  # A4 less its margins, in CSS pixels
    page.emulate_media(media="print")
    assert page.evaluate("document.querySelector('#summary').getBoundingClientRect().bottom") < 1016


def test_details_are_open_on_paper_and_closed_again_after(page):
    opened = "[...document.querySelectorAll('details')].every((d) => d.open)"
    page.evaluate(f"addEventListener('beforeprint', () => window.onPaper = {opened})")
    page.pdf(prefer_css_page_size=True)
    assert page.evaluate("onPaper")
    assert not page.evaluate(opened)
