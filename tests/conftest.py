"""What several test files share: folders of images, processes of their own, and a browser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


def texture(rng: np.random.Generator, size: int = 96, level: float = 110.0) -> Image.Image:
    """One grey picture of a ground surface."""
    coarse = rng.normal(0, 1, (size // 8, size // 8)).repeat(8, 0).repeat(8, 1)
    values = level * (1 + 0.05 * coarse + 0.08 * rng.normal(0, 1, coarse.shape)) * rng.normal(1, 0.03)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of textures: ``folder_of("dev", 20, level=100)``."""

    def write(name: str, count: int, *, level: float = 110.0, seed: int = 0, suffix: str = ".png") -> Path:
        place = tmp_path / name
        place.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed)
        for i in range(count):
            texture(rng, level=level).save(place / f"{i:03d}{suffix}")
        return place

    return write


@pytest.fixture
def shiftlens(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a fresh process, in ``tmp_path``, with a store of its own."""

    def run(*words: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"SHIFTLENS_STORE": str(tmp_path / "store"), "SHIFTLENS_BACKBONES": str(tmp_path / "backbones")}
        env = os.environ | own | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"} | environment
        return subprocess.run(
            [sys.executable, "-m", "shiftlens", *map(str, words)],
            cwd=cwd or tmp_path, env=env, capture_output=True, text=True, timeout=900,
        )  # fmt: skip

    return run


KILLED = """
import os, runpy, signal
from pathlib import Path
import torch
torch.set_num_threads({threads})
fit = runpy.run_path({file!r})["fit"]
from shiftlens import Training
note = Training.note
def deadly(self, images, **numbers):
    if self.step == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    note(self, images, **numbers)
Training.note = deadly
fit({given})
"""


@pytest.fixture
def killed_fit() -> Callable[..., None]:
    """Call ``fit`` of a test file in a process of its own, killed in step 4: ``killed_fit(__file__, "joint", folder)``."""

    def run(file: str, *given: str | Path) -> None:
        import torch

        words = ", ".join(f"Path({str(one)!r})" if isinstance(one, Path) else repr(one) for one in given)
        code = KILLED.format(file=file, given=words, threads=torch.get_num_threads())
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    return run


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count the steps that the reader of pickles takes from now on: work is bounded, not seconds."""
    from shiftlens.registry import restricted

    taken = [0]

    class Counted(dict[int, Any]):
        def get(self, code: Any, default: Any = None) -> Any:
            taken[0] += 1
            return super().get(code, default)

    monkeypatch.setattr(restricted, "_STEPS", Counted(restricted._STEPS))
    return lambda: taken[0]


PHYSICAL = """\
pipeline: physical-only
inputs: {development: images, site: images}
steps:
  dev: {use: physical, inputs: {images: development}}
  there: {use: physical, inputs: {images: site}}
  diff: {use: stylediff, inputs: {reference: dev, target: there}, with: {permutations: 200, bootstrap: 50, self_splits: 4}}
"""


@pytest.fixture
def physical_pipeline(tmp_path: Path) -> Path:
    """A pipeline that needs no torch."""
    path = tmp_path / "physical.yaml"
    path.write_text(PHYSICAL, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def now() -> Any:
    """The plugins and backbones that come along."""
    from shiftlens.framework.running.session import session

    return session()


QUIET = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser; where there is none the test is skipped, or fails if ``SHIFTLENS_REQUIRE_BROWSER`` is 1."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if os.environ.get("SHIFTLENS_REQUIRE_BROWSER") != "1":
        pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
        if found is None:
            pytest.skip("no chromium or google-chrome to open a report with")
    from playwright.sync_api import sync_playwright

    assert found, "SHIFTLENS_REQUIRE_BROWSER=1, but there is neither chromium nor google-chrome"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found, args=list(QUIET))
        yield running
        running.close()


@pytest.fixture
def browser_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a file in a page of its own: ``browser_page(path, width=390)``.

    The page's ``heard`` collects what the console and failing scripts say, its ``asked`` what is requested.
    """
    opened = []

    def show(file: Path, *, width: int = 1280, height: int = 900, **options: Any) -> Any:
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        opened.append(page)
        page.heard, page.asked = [], []
        page.on("console", lambda message: page.heard.append(message.text))
        page.on("pageerror", lambda error: page.heard.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(file.as_uri())
        return page

    yield show
    for page in opened:
        page.close()


@pytest.fixture
def read_through(browser_page: Callable[..., Any]) -> Callable[..., Any]:
    """Open a report, unfold a section in both languages, see that it never grows wider than the window, and give the page."""

    def read(file: Path, section: str, width: int) -> Any:
        page = browser_page(file, width=width)
        for language in ("ja", "en"):
            page.click(f"[data-language={language}]")
            for item in page.query_selector_all(f"{section} details:not([open]) summary"):
                item.click()
            assert page.evaluate("document.documentElement.scrollWidth") == width
        return page

    return read
