"""The repair section in a real browser: the slider by keyboard and mouse, both languages, paper, and without scripts."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from shiftlens.framework.report.sections import Sections
from shiftlens.framework.report.write import write_report
from shiftlens.plugins.repair.section import RepairSection

SAMPLE = runpy.run_path(str(Path(__file__).with_name("repair_sample.py")))
Page = Callable[..., Any]
WIDTHS = "all => all.map(i => i.getBoundingClientRect().width)"
AT = "all => all.map(s => getComputedStyle(s).getPropertyValue('--at'))"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repair")
    held = {f"site-{i:03}.png": (f"it shows {i} spots", f"模様が {i} か所に現れています") for i in range(2, 12)}
    toy = SAMPLE["Toy"](lambda pixels: SAMPLE["blurred"](SAMPLE["times"](1 / SAMPLE["DARK"])(pixels)), held)
    write_report(SAMPLE["finished"](toy, learned=True), folder, Sections.of(RepairSection()))
    return folder / "report.html"


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_section_fits_every_window_and_stays_silent(read_through: Page, file: Path, width: int) -> None:
    page = read_through(file, "#repair", width)
    assert page.heard == []
    assert [url for url in page.asked if not url.startswith("data:")] == [file.as_uri()]


def test_the_slider_moves_by_keyboard(browser_page: Page, file: Path) -> None:
    page = browser_page(file)
    assert page.eval_on_selector_all(".slide", AT) == ["50%"] * 6
    page.focus(".slide input")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.eval_on_selector_all(".slide", AT)[:2] == ["53%", "50%"]
    page.keyboard.press("Home")
    assert page.eval_on_selector_all(".slide", AT)[0] == "0%"
    clip = "s => getComputedStyle(s.querySelector('.half + .half')).clipPath"
    assert page.eval_on_selector(".slide", clip) == "inset(0px 0px 0px 0%)"
    assert page.heard == []


def test_the_line_stands_where_the_mouse_is(browser_page: Page, file: Path) -> None:
    page = browser_page(file)
    page.locator(".slide input").first.scroll_into_view_if_needed()
    box = page.locator(".slide .pair").first.bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
    at = float(page.eval_on_selector_all(".slide", AT)[0].rstrip("%"))
    assert at == pytest.approx(25, abs=1.5)


def test_sliders_and_pictures_are_named_in_both_languages(browser_page: Page, file: Path) -> None:
    page = browser_page(file)
    for language, word in (("en", "Before and after"), ("ja", "補正前と補正後")):
        page.click(f"[data-language={language}]")
        names = page.eval_on_selector_all(".slide input", "all => all.map(i => i.getAttribute('aria-label'))")
        assert all(name.startswith(word) and "site-" in name for name in names)
        pictures = page.eval_on_selector_all("#repair img", "all => all.map(i => [i.naturalWidth, i.alt.trim()])")
        assert len(pictures) == 12 + 1 + 6
        assert all(width > 0 and alt for width, alt in pictures)
    assert "Closed by" not in page.inner_text("#repair")
    assert "減少率" in page.inner_text("#repair")


def test_on_paper_both_pictures_stand_side_by_side(browser_page: Page, file: Path) -> None:
    page = browser_page(file, width=680)
    page.emulate_media(media="print")
    boxes = page.eval_on_selector_all(
        ".slide:first-child .half",
        "all => all.slice(0, 2).map(h => [h.getBoundingClientRect().left, getComputedStyle(h).clipPath])",
    )
    (left, first), (right, second) = boxes
    assert right > left + 30
    assert (first, second) == ("none", "none")
    assert not page.is_visible(".slide input")
    assert not page.is_visible(".hint")


def test_without_script_both_pictures_stand_side_by_side(browser_page: Page, file: Path) -> None:
    page = browser_page(file, java_script_enabled=False)
    before, after = (page.locator(".slide .half").nth(i).bounding_box() for i in (0, 1))
    assert after["x"] >= before["x"] + before["width"]
    assert after["y"] == before["y"]
    assert not page.is_visible(".slide input")
    assert not page.is_visible(".hint")


def test_small_pictures_keep_their_pixels(browser_page: Page, file: Path) -> None:
    page = browser_page(file)
    assert page.eval_on_selector(".slide img", "i => getComputedStyle(i).imageRendering") == "pixelated"
    assert min(page.eval_on_selector_all(".slide .half:first-child img", WIDTHS)) > 150


def test_ids_are_unique_and_headings_in_order(browser_page: Page, file: Path) -> None:
    page = browser_page(file)
    ids = page.eval_on_selector_all("[id]", "all => all.map(n => n.id)")
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(n => +n.tagName[1])")
    assert len(ids) == len(set(ids))
    assert all(after - before <= 1 for before, after in pairwise(levels))
