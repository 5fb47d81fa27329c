"""Each physical measure follows its own factor, and stays still while another moves.

Truth is planted by benchmarks/physical_confusion.py.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import ndimage

from shiftlens.plugin import Picture
from shiftlens.plugins.physical.colour import colour
from shiftlens.plugins.physical.measure import measure
from shiftlens.plugins.physical.optics import noise
from shiftlens.plugins.physical.words import DIMENSIONS


def load() -> ModuleType:
    place = Path(__file__).parent.parent / "benchmarks" / "physical_confusion.py"
    spec = importlib.util.spec_from_file_location("physical_confusion", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["physical_confusion"] = module
    spec.loader.exec_module(module)
    return module


world = load()
IDS = [dimension.id for dimension in DIMENSIONS]
LARGEST_ERROR = {
    "exposure": 0.02,
    "gradient": 0.06,
    "gradient-direction": 12.0,
    "vignetting": 0.12,
    "colour-temperature": 150.0,
    "tint": 0.01,
    "noise": 0.12,
    "dark-spots": 35.0,  # of 469: where they crowd, some do not stand free
    "texture-period": 0.3,
    "orientation": 2.0,
    "part-x": 0.5,
    "part-y": 0.8,
    "part-size": 0.03,
    "part-rotation": 1.0,
}


@pytest.mark.parametrize("name", list(world.LADDERS))
def test_a_measure_climbs_the_ladder_of_its_own_factor(name: str):
    correlation, error = world.climb(name, count=2)
    assert correlation >= 0.95
    assert np.isnan(error) or error <= LARGEST_ERROR[name]


def clean(kind: str) -> list:
    """Two scenes without dust: a spot that comes to lie on an edge is not counted."""
    return [replace(scene, spots=0) for scene in world.scenes(kind, 2)]


@cache
def before(kind: str) -> np.ndarray:
    return world.rows_of([world.photograph(scene) for scene in clean(kind)])


STILL = {
    "gain ×0.5": 1.0,
    "gain ×1.63": 1.0,
    "gradient 0.6 EV": 1.0,
    "vignetting 0.6 EV": 1.0,
    "warmer": 1.0,
    "greener": 1.0,
    "moved right 8 %": 2.0,
    "moved down 8 %": 2.0,
}
"""Largest shift of a measure that is not meant, in floors of it."""


@pytest.mark.parametrize("kind", ["plate", "weave", "grain"])
@pytest.mark.parametrize("name", list(STILL))
def test_no_measure_moves_but_those_meant(name: str, kind: str):
    change, own = world.CHANGES[name]
    moved = world.shifts(before(kind), world.rows_of([world.photograph(change(s)) for s in clean(kind)]))
    wrong = {i: round(float(m), 1) for i, m in zip(IDS, moved, strict=True) if i not in own and abs(m) > STILL[name]}
    assert wrong == {}


@pytest.mark.parametrize("name", ["blur 2 px", "noise ×3", "turned 20°", "JPEG 40"])
@pytest.mark.parametrize(
    "measured", ["exposure", "gradient", "vignetting", "part-x", "part-y", "part-size", "colour-temperature", "tint"]
)
def test_light_colour_and_position_stand_still_under_optics_and_file(name: str, measured: str):
    change, _ = world.CHANGES[name]
    moved = world.shifts(before("plate"), world.rows_of([world.photograph(change(s)) for s in clean("plate")]))
    assert abs(moved[IDS.index(measured)]) <= 1


@pytest.mark.parametrize("gain", [0.25, 0.5, 1.63])
@pytest.mark.parametrize("kind", ["plate", "weave", "grain"])
def test_a_gain_is_no_loss_of_sharpness(kind: str, gain: float):
    scene = replace(world.scenes(kind, 1)[0], colour=False)
    read = [measure(world.photograph(replace(scene, gain=g)))["sharpness"] for g in (1.0, gain)]
    assert read[1] == pytest.approx(read[0], abs=0.05)


def test_exposure_reads_a_gain_through_mild_clipping():
    rng = np.random.default_rng(0)
    light = 0.35 * np.exp(0.35 * ndimage.gaussian_filter(rng.standard_normal((240, 320)), 3) / 0.094)
    taken = [Picture(np.clip(np.rint(g * 255 * light), 0, 255).astype(np.uint8), 255.0) for g in (1.0, 1.63)]
    low, high = (measure(picture) for picture in taken)
    assert 2 < high["highlights"] < 8
    assert 2 ** (high["exposure"] - low["exposure"]) == pytest.approx(1.63, rel=0.03)


@pytest.mark.parametrize("kelvin", [2500, 2856, 4000, 5000, 6500, 10_000])
def test_the_temperature_of_a_black_body_is_read_from_its_colour(kelvin: float):
    rgb = np.broadcast_to(0.5 * world.lamp(kelvin), (20, 20, 3)).astype(np.float32)
    temperature, tint, saturation = colour(rgb, 1 / 255)
    assert temperature == pytest.approx(kelvin, rel=0.02)
    assert tint == pytest.approx(0, abs=0.03)
    assert saturation == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("share", [0.005, 0.02, 0.06])
def test_noise_is_the_planted_share_of_the_level_even_on_lines(share: float):
    rng = np.random.default_rng(1)
    lines = 0.4 * (1 + 0.1 * np.sin(np.arange(300) / 3))[None, :].repeat(240, axis=0)
    seen = np.rint(255 * lines * (1 + share * rng.standard_normal(lines.shape))) / 255
    assert noise([seen.astype(np.float32)], 1 / 255**2 / 12) == pytest.approx(share, rel=0.1)


def test_large_pictures_read_like_small_ones_of_the_same_thing():
    scene = replace(world.scenes("plate", 1)[0], colour=False, noise=0.0, spots=0)
    small = world.photograph(scene)
    large = Picture(small.pixels.repeat(4, axis=0).repeat(4, axis=1), 255.0)
    low, high = measure(small), measure(large)
    for name, near in {"exposure": 0.01, "contrast": 1.5, "gradient": 0.03, "vignetting": 0.05, "part-x": 0.5, "part-y": 0.5,
                       "part-size": 0.02, "part-rotation": 1.0}.items():  # fmt: skip
        assert high[name] == pytest.approx(low[name], abs=near), name
