"""Settings: layers merge key by key, every value says where it came from, a site's ban holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from shiftlens import ForbiddenHere, SpecError, UnknownName
from shiftlens.registry.layers import Layers, site_names
from shiftlens.specs.settings import Settings

DEFAULTS = {"backbones": {"features": "plain", "other": "o"}, "seed": 0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sites").mkdir()
    (tmp_path / "shiftlens.yaml").write_text(
        "seed: 1\ncosts: {stop: 10, scrap: 2}\ncomponents: {stylediff: {permutations: 200, alpha: 0.01}}\n"
        "plugins: {disable: [a, b]}\n"
        "catalogue:\n- {name: net, family: timm, source: {path: weights/net.pth}, licence: MIT}\n"
        "- {name: other.net, family: timm, source: {package: p}}\n",
        encoding="utf-8",
    )
    (tmp_path / "sites" / "osaka.yaml").write_text(
        "site: osaka\ntitle: 大阪\nlanguage: ja\nseed: 2\ncosts: {stop: 30}\nbackbones: {features: net}\n"
        "components: {stylediff: {alpha: 0.02}}\nplugins: {disable: [c]}\n"
        "catalogue:\n- {name: net, family: timm, source: {hub: a/b, revision: r}}\n"
        "forbid: {backbones: [plain], components: [features]}\n",
        encoding="utf-8",
    )
    return tmp_path


def test_layers_merge_key_by_key_and_the_higher_wins(folder: Path) -> None:
    found = Layers.read(folder=folder, site="osaka", defaults=DEFAULTS, command_line={"seed": 3, "device": None}).resolve()
    assert found.seed == 3
    assert found.language == "ja"
    assert found.device is None
    assert found.backbones == {"features": "net", "other": "o"}
    assert found.costs == {"stop": 30, "scrap": 2}
    assert found.components == {"stylediff": {"permutations": 200, "alpha": 0.02}}


def test_lists_are_replaced_whole(folder: Path) -> None:
    assert Layers.read(folder=folder, site="osaka").resolve().plugins.disable == ("c",)


def test_a_backbone_of_a_higher_layer_replaces_the_whole_entry(folder: Path) -> None:
    by_name = {spec.name: spec for spec in Layers.read(folder=folder, site="osaka").resolve().catalogue}
    assert set(by_name) == {"net", "other.net"}
    assert by_name["net"].source.hub == "a/b"
    assert by_name["net"].licence == "unknown"


def test_paths_of_backbones_lie_beside_the_file_that_names_them(folder: Path) -> None:
    (spec, _) = Layers.read(folder=folder).resolve().catalogue
    assert spec.source.path == str((folder / "weights" / "net.pth").resolve())


def test_every_value_says_where_it_came_from_the_winner_first(folder: Path) -> None:
    layers = Layers.read(folder=folder, site="osaka", defaults=DEFAULTS, command_line={"seed": 3})
    assert layers.origin("seed") == [
        ("command line", 3),
        (f"site file {folder}/sites/osaka.yaml", 2),
        (f"project file {folder}/shiftlens.yaml", 1),
        ("plugin default", 0),
    ]
    assert [value for _, value in layers.origin("backbones.features")] == ["net", "plain"]
    assert [value for _, value in layers.origin("components.stylediff.alpha")] == [0.02, 0.01]
    assert [value["source"] for _, value in layers.origin("catalogue.other.net")] == [{"package": "p"}]
    assert layers.origin("device") == []


@pytest.mark.parametrize(
    ("wrong", "meant"), [("backbone.features", "backbones.features"), ("sed", "seed"), ("cost.stop", "costs.stop")]
)
def test_an_unknown_key_names_the_nearest(folder: Path, wrong: str, meant: str) -> None:
    with pytest.raises(UnknownName) as error:
        Layers.read(folder=folder, defaults=DEFAULTS).origin(wrong)
    assert f"{meant!r}?" in error.value.hint


def test_what_the_site_forbids_cannot_be_chosen_from_the_command_line(folder: Path) -> None:
    layers = Layers.read(folder=folder, site="osaka", defaults=DEFAULTS, command_line={"backbones": {"features": "plain"}})
    with pytest.raises(ForbiddenHere, match="'osaka' forbids the backbone 'plain'"):
        layers.resolve()


def test_a_default_that_is_forbidden_matters_only_when_it_is_used(folder: Path) -> None:
    text = (folder / "sites" / "osaka.yaml").read_text(encoding="utf-8").replace("backbones: {features: net}\n", "")
    (folder / "sites" / "osaka.yaml").write_text(text, encoding="utf-8")
    layers = Layers.read(folder=folder, site="osaka", defaults=DEFAULTS)
    assert layers.resolve().backbones["features"] == "plain"
    with pytest.raises(ForbiddenHere):
        layers.check_backbone("plain")


def test_a_site_forbids_components_by_id_whatever_their_version(folder: Path) -> None:
    layers = Layers.read(folder=folder, site="osaka")
    layers.check_component("physical@1")
    with pytest.raises(ForbiddenHere, match="component 'features'"):
        layers.check_component("features@1")


def test_a_site_forbids_the_network_unless_its_file_says_otherwise(folder: Path) -> None:
    with pytest.raises(ForbiddenHere, match="network"):
        Layers.read(folder=folder, site="osaka", command_line={"network": True}).resolve()
    (folder / "open.yaml").write_text("site: open\nforbid: {network: false}\n", encoding="utf-8")
    assert Layers.read(folder=folder, site=str(folder / "open.yaml"), command_line={"network": True}).resolve().network
    assert Layers.read(folder=folder, command_line={"network": True}).resolve().network


def test_sites_are_named_and_a_wrong_name_gets_the_nearest(folder: Path) -> None:
    assert site_names(folder) == ["osaka"]
    with pytest.raises(UnknownName) as error:
        Layers.read(folder=folder, site="osakaa")
    assert "osaka" in error.value.hint
    with pytest.raises(UnknownName):
        Layers.read(folder=folder, site="nowhere.yaml")


def test_no_project_file_is_fine_but_a_named_one_must_be_there(tmp_path: Path) -> None:
    assert Layers.read(folder=tmp_path).resolve() == Settings()
    with pytest.raises(SpecError, match=r"other\.yaml"):
        Layers.read(folder=tmp_path, project=tmp_path / "other.yaml")


def test_all_problems_of_a_site_file_are_named_at_once(folder: Path) -> None:
    path = folder / "sites" / "bad.yaml"
    path.write_text(
        "site: bad\nlangage: ja\nseed: many\nforbid: {backbone: [x]}\n"
        "catalogue:\n- {name: n, family: f, source: {}}\n- {name: N!, family: f, source: {path: p, pth: q}}\n",
        encoding="utf-8",
    )
    with pytest.raises(SpecError) as error:
        Layers.read(folder=folder, site="bad")
    text = "\n".join(error.value.problems)
    assert str(path) in error.value.message
    assert "langage: unknown key; did you mean 'language'?" in text
    assert "seed: input should be a valid integer" in text
    assert "forbid.backbone: unknown key; did you mean 'backbones'?" in text
    assert "catalogue[0].source: give exactly one of path, package, hub" in text
    assert "catalogue[1].source.pth: unknown key; did you mean 'path'?" in text
    assert "catalogue[1].name" in text
    assert len(error.value.problems) == 6


def test_one_backbone_twice_in_a_file_is_a_problem(folder: Path) -> None:
    entry = "- {name: net, family: timm, source: {path: p}}\n"
    (folder / "shiftlens.yaml").write_text(f"catalogue:\n{entry}{entry}", encoding="utf-8")
    with pytest.raises(SpecError, match="net stands twice"):
        Layers.read(folder=folder)
