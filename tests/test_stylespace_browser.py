"""The style section in a real browser: nothing fails, nothing is too wide, every picture is there and described."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from shiftlens.framework.report.sections import Sections
from shiftlens.framework.report.write import write_report
from shiftlens.plugins.stylespace.section import StyleSection

SAMPLE = runpy.run_path(str(Path(__file__).with_name("style_sample.py")))
Page = Callable[..., Any]


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    model = SAMPLE["model"]()
    first, second = (SAMPLE["styles_of"](model, 60, seed) for seed in (11, 12))
    for channel in ("b8.conv0/3", "b16.conv1/7"):
        second[:, SAMPLE["place_of"](model, channel)] += 2 * first[:, SAMPLE["place_of"](model, channel)].std()
    sides = [SAMPLE["made"](model, side, name) for side, name in ((first, "development"), (second, "site"))]
    folder = tmp_path_factory.mktemp("style")
    write_report(SAMPLE["finished"](model, *sides), folder, Sections.of(StyleSection()))
    return folder / "report.html"


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_section_fits_every_window_and_stays_silent(read_through: Page, file: Path, width: int) -> None:
    page = read_through(file, "#style", width)
    assert page.heard == []


def test_every_picture_is_drawn_and_described_in_both_languages(browser_page: Page, file: Path) -> None:
    page = browser_page(file)
    for language in ("en", "ja"):
        page.click(f"[data-language={language}]")
        pictures = page.eval_on_selector_all("#style img", "all => all.map(i => [i.naturalWidth, i.alt.trim()])")
        assert len(pictures) > 40
        assert all(width > 0 and alt for width, alt in pictures)


def test_ids_are_unique_headings_in_order_and_charts_named(browser_page: Page, file: Path) -> None:
    page = browser_page(file)
    ids = page.eval_on_selector_all("[id]", "all => all.map(n => n.id)")
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(n => +n.tagName[1])")
    named = page.eval_on_selector_all(
        "#style svg[role=img]", "all => all.map(s => document.getElementById(s.getAttribute('aria-labelledby')) !== null)"
    )
    assert len(ids) == len(set(ids))
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(named)
    assert len(named) >= 2
