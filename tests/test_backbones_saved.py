"""Backbones in the user's folder and by path: known by name, in an order of precedence, a broken one set aside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import torch

from shiftlens import ForbiddenHere, Settings, ShiftlensError, SpecError, UnknownName
from shiftlens.framework.running.planner import make_plan
from shiftlens.framework.running.session import session
from shiftlens.registry.catalogue import Catalogue
from shiftlens.registry.saved import read_card
from shiftlens.training import save_backbone

Shiftlens = Callable[..., "CompletedProcess[str]"]
OFFERED = {"name": "plant", "family": "timm", "source": {"path": "/plugin"}}


def saved(folder: Path, **changed: Any) -> Path:
    words: dict[str, Any] = {
        "name": folder.name, "family": "timm", "files": {"w.safetensors": {"w": torch.zeros(2)}}, "provides": ["features"],
        "licence": "internal", "input_size": 64, "quality": {"psnr": 21.25}, "options": {"model": "resnet18"},
    }  # fmt: skip
    save_backbone(folder, **{**words, **changed})
    return folder


def test_settings_go_before_the_users_folder_and_that_before_plugins(tmp_path: Path) -> None:
    saved(tmp_path / "plant")
    settings = Settings.model_validate({"catalogue": [{**OFFERED, "source": {"path": "/settings"}}]})
    assert Catalogue([OFFERED]).get("plant").source.path == "/plugin"
    own = Catalogue([OFFERED], Settings(), tmp_path)
    assert (own.get("plant").source.path, own.origin("plant")) == (
        str(tmp_path / "plant"),
        str(tmp_path / "plant/backbone.yaml"),
    )
    assert len(own) == 1
    top = Catalogue([OFFERED], settings, tmp_path)
    assert (top.get("plant").source.path, top.origin("plant")) == ("/settings", "settings")


@pytest.mark.parametrize(
    ("text", "said"),
    [("name: [", "backbone.yaml"), ("name: broken\nfamly: timm\n", "famly: unknown key"), ("", "name: field required"),
     ("name: plant\nfamily: timm\nsource: {path: .}\n", "is called 'plant', too")],
)  # fmt: skip
def test_a_broken_card_is_set_aside_unless_it_is_asked_for(tmp_path: Path, text: str, said: str) -> None:
    saved(tmp_path / "plant")
    (tmp_path / "zzz").mkdir()
    (tmp_path / "zzz/backbone.yaml").write_text(text)
    catalogue = Catalogue([], None, tmp_path)
    assert [spec.name for spec in catalogue] == ["plant"]
    assert said in str(catalogue.set_aside["zzz"])
    with pytest.raises(SpecError, match="zzz"):
        catalogue.get("zzz")


def test_a_path_is_a_folder_or_its_card(tmp_path: Path) -> None:
    folder = saved(tmp_path / "plant")
    catalogue = Catalogue()
    assert catalogue.get(str(folder)) == catalogue.get(str(folder / "backbone.yaml")) == read_card(folder)
    assert catalogue.verified(catalogue.get(str(folder)))[0]["w.safetensors"] == folder / "w.safetensors"
    for wrong in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UnknownName, match=r"backbone\.yaml"):
            catalogue.get(str(wrong))


def pipeline(**words: str) -> dict[str, Any]:
    step = {"use": "features", "inputs": {"images": "images"}, **words}
    return {"pipeline": "p", "inputs": {"images": "images"}, "steps": {"seen": step}}


def test_a_path_is_taken_below_the_file_that_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(tmp_path / "fits/plant")
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites/osaka.yaml").write_text("site: osaka\nbackbones: {features: ../fits/plant}\n")
    (tmp_path / "shiftlens.yaml").write_text("backbones: {features: fits/plant/backbone.yaml}\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    layers = [
        session(str(tmp_path / "sites/osaka.yaml")), session(project=tmp_path / "shiftlens.yaml"),
        session(command_line={"backbones": {"features": "../fits/plant"}}),
    ]  # fmt: skip
    for current in layers:
        plan = make_plan(pipeline(), current.host, current.layers, current.catalogue)
        assert plan.steps[0].backbones["features"] == read_card(folder)
        filled = plan.filled()
        assert make_plan(filled, current.host, current.layers, current.catalogue).filled() == filled


def test_a_pipeline_file_names_a_backbone_below_itself(shiftlens: Shiftlens, tmp_path: Path) -> None:
    saved(tmp_path / "fits/plant")
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines/p.yaml").write_text(json.dumps(pipeline(backbone="../fits/plant")))
    done = shiftlens("check", "pipelines/p.yaml")
    assert "seen: features@1 on plant" in done.stdout, done.stderr


def test_what_a_site_forbids_by_name_is_forbidden_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(tmp_path / "plant")
    site = tmp_path / "osaka.yaml"
    site.write_text(f"site: osaka\nforbid: {{backbones: [plant]}}\nbackbones: {{features: {folder}}}\n")
    current = session(str(site))
    with pytest.raises(SpecError, match="forbids the backbone 'plant'"):
        make_plan(pipeline(), current.host, current.layers, current.catalogue)
    site.write_text("site: osaka\nforbid: {backbones: [plant]}\nbackbones: {features: plant}\n")
    with pytest.raises(ForbiddenHere):
        session(str(site))


def test_the_list_says_where_each_comes_from_and_how_good_it_is(shiftlens: Shiftlens, tmp_path: Path) -> None:
    saved(tmp_path / "backbones/plant")
    saved(tmp_path / "fits/other")
    (tmp_path / "backbones/bad").mkdir()
    (tmp_path / "backbones/bad/backbone.yaml").write_text("name: bad\n")
    entry = "{name: listed, family: timm, source: {path: w.pth}}"
    (tmp_path / "osaka.yaml").write_text(f"site: osaka\nbackbones: {{features: fits/other}}\ncatalogue: [{entry}]\n")
    done = shiftlens("backbones", "list", "--site", "osaka.yaml", "--json")
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert {name: row["from"] for name, row in rows.items()}.items() >= {
        "efficientnet-lite0": "plugin", "plant": "user's folder", "other": "path", "listed": "site file osaka.yaml",
    }.items()  # fmt: skip
    assert (rows["other"]["fills"], rows["plant"]["fills"]) == (["features"], [])
    assert rows["plant"]["quality"] == {"psnr": 21.25}
    assert "set aside: backbone 'bad': SL101" in done.stderr
    table = shiftlens("backbones", "list").stdout
    assert "plant" in table
    assert "psnr: 21.25" in shiftlens("backbones", "info", "plant").stdout.replace('"', "")
    facts = json.loads(shiftlens("backbones", "info", "plant", "--json").stdout)
    assert (facts["from"], facts["found"]) == (
        "user's folder",
        {"w.safetensors": str(tmp_path / "backbones/plant/w.safetensors")},
    )
    assert json.loads(shiftlens("backbones", "info", "fits/other", "--json").stdout)["quality"] == {"psnr": 21.25}
    assert shiftlens("backbones", "verify", "plant", "./fits/other").returncode == 0
    broken = shiftlens("backbones", "info", "bad")
    assert (broken.returncode, "SL101" in broken.stderr) == (2, True)


def test_a_slot_whose_path_is_gone_is_named_and_the_list_goes_on(shiftlens: Shiftlens, tmp_path: Path) -> None:
    (tmp_path / "shiftlens.yaml").write_text("backbones: {features: fits/gone}\n")
    done = shiftlens("backbones", "list", "--json")
    assert not any("features" in row["fills"] for row in json.loads(done.stdout))
    assert "fits/gone" in done.stderr


def test_a_card_that_is_broken_does_not_disturb_a_run(shiftlens: Shiftlens, physical_pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "backbones/bad").mkdir(parents=True)
    (tmp_path / "backbones/bad/backbone.yaml").write_bytes(b"\xff\x00")
    assert shiftlens("check", physical_pipeline).returncode == 0
    with pytest.raises(ShiftlensError, match="bad"):
        Catalogue([], None, tmp_path / "backbones").get("bad")
