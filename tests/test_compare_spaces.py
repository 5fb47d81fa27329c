"""``shiftlens compare --space``: the spaces that were asked for, the weights that were chosen, the section that shows them."""

from __future__ import annotations

import hashlib
import json
import runpy
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from shiftlens import UsageError
from shiftlens.framework.pipelines import SPACES
from shiftlens.framework.pipelines.compare import compare_options, comparison

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SAMPLE = runpy.run_path(str(Path(__file__).with_name("style_sample.py")))
CARD = """\
name: plant2
family: stylegan2
source: {{path: .}}
files: {{generator.safetensors: {generator}, encoder.safetensors: {encoder}}}
provides: [style-generator, style-encoder]
input_size: 32
options: {{encoder: small, error_limit: {limit}}}
"""


def saved(folder: Path, limit: float) -> Path:
    """A backbone of random weights in a folder, as a fitter leaves it."""
    from safetensors.torch import save_file

    from shiftlens.plugins.stylegan2.small import SmallEncoder

    torch.manual_seed(1)
    encoder = SmallEncoder(32, 16, channel_base=512, channel_max=12)
    folder.mkdir(parents=True)
    digests = {}
    for name, network in (("generator", SAMPLE["generator"]()), ("encoder", encoder)):
        path = folder / f"{name}.safetensors"
        save_file({key: value.contiguous() for key, value in network.state_dict().items()}, path)
        digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "backbone.yaml").write_text(CARD.format(limit=limit, **digests))
    return folder


def uses(*spaces: str) -> list[str]:
    data, _ = comparison(None, spaces)
    return list(dict.fromkeys(step["use"] for step in data["steps"].values()))


def test_without_a_choice_physical_and_features_are_compared() -> None:
    assert uses() == ["physical", "stylediff", "features", "difference-map"]
    assert uses("features") == uses()


def test_physical_takes_part_whatever_is_chosen() -> None:
    assert uses("style") == ["physical", "stylediff", "style", "style-traversals"]
    assert uses("physical") == ["physical", "stylediff"]
    assert set(uses("all")) == set(uses(*SPACES)) == {*uses(), *uses("style")}


def test_an_unknown_space_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="'styl'") as caught:
        comparison(None, ["styl"])
    assert "style" in caught.value.hint


def test_a_backbone_without_the_style_space_is_refused() -> None:
    with pytest.raises(UsageError, match="only the style space"):
        comparison(None, ["features"], "plant2")


def test_a_pipeline_of_ones_own_has_its_spaces(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has its spaces"):
        comparison({"pipeline": "p", "inputs": {"development": "images", "site": "images"}}, ["style"])


def test_a_chosen_backbone_is_the_topmost_setting() -> None:
    assert compare_options(backbone="plant2") == {"backbones": {"style": "plant2"}}


def test_a_site_compares_in_the_space_of_its_own_generator(
    shiftlens: Run, folder_of: Callable[..., Path], tmp_path: Path
) -> None:
    place = saved(tmp_path / "mine", 1.0)
    words = [folder_of("a", 16), folder_of("b", 16, level=160, seed=1), "--space", "style", "--backbone", f"{place}/"]
    done = shiftlens("compare", *words, "-o", "out")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out/report.json").read_text("utf-8"))
    assert [s["encoder"] for s in report["spaces"]] == ["physical", "style"]
    assert report["verdict"]["leading"][0] == "exposure"
    assert "style" in report["sections"]
    assert "plant2" in report["made"]["backbones"]
    assert (tmp_path / "out/style.csv").exists()


def test_unknown_images_close_the_gate_and_physical_still_speaks(
    shiftlens: Run, folder_of: Callable[..., Path], tmp_path: Path
) -> None:
    place = saved(tmp_path / "mine", 0.001)
    words = [folder_of("a", 16), folder_of("b", 16, level=160, seed=1), "--space", "style", "--backbone", f"{place}/"]
    done = shiftlens("compare", *words, "-o", "out", "--json")
    report = json.loads(done.stdout)
    assert report["warnings"][0]["en"].startswith("The style backbone does not know these images")
    assert report["verdict"]["leading"][0] == "exposure"
    assert {a["encoder"] for a in report["attributes"]} == {"physical"}
    assert "Not judged, because the backbone does not know these images: style." in report["verdict"]["detail"]["en"]
