"""A site swaps the network by its file alone, end to end; what cannot be compared is refused before a run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PIPELINE = """\
pipeline: features-only
inputs: {development: images, site: images}
steps:
  dev: {use: features, inputs: {images: development}}
  there: {use: features, inputs: {images: site}SPOIL}
  diff: {use: stylediff, inputs: {reference: dev, target: there}, with: {permutations: 99, self_splits: 0}}
"""
SITE = """\
site: osaka
backbones: {features: ours}
catalogue:
  - {name: ours, family: timm, source: {path: ours.safetensors}, licence: internal, provides: [features],
     input_size: 64, input_range: imagenet, options: {model: resnet18}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a site that has a network of its own, random weights saved to a file."""
    from shiftlens.plugins.features.operators import declare_missing_operators

    declare_missing_operators()
    import timm
    from safetensors.torch import save_file

    (tmp_path / "sites").mkdir()
    save_file(timm.create_model("resnet18").state_dict(), tmp_path / "sites/ours.safetensors")
    (tmp_path / "sites/osaka.yaml").write_text(SITE)
    (tmp_path / "features.yaml").write_text(PIPELINE.replace("SPOIL", ""))
    return tmp_path


def test_one_site_file_swaps_the_network(shiftlens: Run, folder_of: Callable[..., Path], project: Path) -> None:
    inputs = ["-i", f"development={folder_of('a', 12)}", "-i", f"site={folder_of('b', 12, seed=1)}"]
    done = shiftlens("run", "features.yaml", *inputs, "--site", "osaka", "-o", "out")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((project / "out/run.json").read_text())
    assert list(manifest["backbones"]) == ["ours"]
    space = json.loads((project / "out/report.json").read_text())["spaces"][0]
    assert space["dimensions"] == 512
    assert space["backbone"] == manifest["backbones"]["ours"]["digest"]


def test_two_networks_in_one_comparison_are_refused_by_check(shiftlens: Run, project: Path) -> None:
    (project / "mixed.yaml").write_text(PIPELINE.replace("SPOIL", ", backbone: efficientnet-lite0"))
    done = shiftlens("check", "mixed.yaml", "--site", "osaka")
    assert done.returncode == 2
    assert "two spaces" in done.stderr
    assert shiftlens("check", "features.yaml", "--site", "osaka").returncode == 0


def test_explain_says_that_the_site_chose(shiftlens: Run, project: Path) -> None:
    told = shiftlens("explain", "backbones.features", "--site", "osaka").stdout
    assert "ours" in told
    assert "osaka.yaml" in told
    assert "efficientnet-lite0" in told


def test_weights_that_are_not_the_pinned_ones_end_it(shiftlens: Run, folder_of: Callable[..., Path], project: Path) -> None:
    site = (project / "sites/osaka.yaml").read_text()
    pinned = site.replace("options:", f"files: {{ours.safetensors: {'ab' * 32}}}, options:")
    (project / "sites/osaka.yaml").write_text(pinned)
    inputs = ["-i", f"development={folder_of('a', 12)}", "-i", f"site={folder_of('b', 12, seed=1)}"]
    done = shiftlens("run", "features.yaml", *inputs, "--site", "osaka", "-o", "out")
    assert done.returncode == 4
    assert "SL402" in done.stderr
    assert "ab" * 6 in done.stderr
