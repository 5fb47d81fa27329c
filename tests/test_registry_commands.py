"""``shiftlens backbones``, ``sites`` and ``explain``, as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Shiftlens = Callable[..., CompletedProcess[str]]


@pytest.fixture
def osaka(tmp_path: Path) -> Path:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "osaka.yaml").write_text(
        "site: osaka\ntitle: 大阪工場\nbackbones: {features: mine}\n"
        "catalogue:\n- {name: mine, family: timm, source: {path: ../w.pth}, provides: [features], options: {model: resnet18}}\n"
        "forbid: {backbones: [efficientnet-lite0]}\n",
        encoding="utf-8",
    )
    return tmp_path


def test_backbones_are_listed_with_the_slots_they_fill(shiftlens: Shiftlens, osaka: Path) -> None:
    plain, repair, style = json.loads(shiftlens("backbones", "list", "--json").stdout)
    assert (plain["name"], plain["fills"], plain["licence"]) == ("efficientnet-lite0", ["features"], "Apache-2.0")
    assert (style["name"], style["fills"], style["family"]) == ("parts-style-64", ["style"], "stylegan2")
    assert (repair["name"], repair["fills"], repair["family"]) == ("matsuyama-to-osaka", [], "mcdut")
    at_site = {row["name"]: row for row in json.loads(shiftlens("backbones", "list", "--site", "osaka", "--json").stdout)}
    assert at_site["mine"]["fills"] == ["features"]
    assert at_site["efficientnet-lite0"]["forbidden"]
    table = shiftlens("backbones", "list", "--site", "osaka").stdout
    assert "mine" in table
    assert "forbidden here" in table


def test_info_shows_the_digest_and_where_the_files_lie(shiftlens: Shiftlens) -> None:
    facts = json.loads(shiftlens("backbones", "info", "efficientnet-lite0", "--json").stdout)
    assert len(facts["digest"]) == 64
    assert all(Path(path).is_file() for path in facts["found"].values())


def test_verify_ends_with_one_where_a_backbone_does_not_hold(shiftlens: Shiftlens, osaka: Path) -> None:
    good = shiftlens("backbones", "verify", "efficientnet-lite0")
    assert (good.returncode, good.stdout[0]) == (0, "✓")
    bad = shiftlens("backbones", "verify", "--site", "osaka")
    assert bad.returncode == 1
    assert "✖ mine: SL401" in bad.stdout


def test_explain_shows_the_winner_and_what_it_overrides(shiftlens: Shiftlens, osaka: Path) -> None:
    said = shiftlens("explain", "backbones.features", "--site", "osaka").stdout.splitlines()
    assert said[0].startswith('backbones.features = "mine"  from site file')
    assert said[1] == '  overrides "efficientnet-lite0"  from plugin default'
    wrong = shiftlens("explain", "backbone.features")
    assert wrong.returncode == 2
    assert "did you mean 'backbones.features'?" in wrong.stderr


def test_sites_are_listed_and_shown(shiftlens: Shiftlens, osaka: Path) -> None:
    assert "osaka  大阪工場" in shiftlens("sites", "list").stdout
    shown = shiftlens("sites", "show", "osaka").stdout
    assert 'backbones.features = "mine"  (site file' in shown
    assert "forbids backbones: efficientnet-lite0" in shown
    assert "forbids network" in shown
    unknown = shiftlens("sites", "show", "osaca")
    assert unknown.returncode == 2
    assert "did you mean 'osaka'?" in unknown.stderr
