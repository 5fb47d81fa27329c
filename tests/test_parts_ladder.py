"""Planted ladders: each factor moves the measure that claims it, step by step, on the same parts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from shiftlens.plugin import Picture, decode
from shiftlens.plugins.parts.renderer import World, jpeg, render
from shiftlens.plugins.parts.shift import Shift, shifted
from shiftlens.plugins.parts.sites import SITES
from shiftlens.plugins.physical.measure import measure

LADDERS = [
    ("exposure", "exposure", 1, [-1, -0.5, 0, 0.3, 0.6], None),
    ("lamp_power", "exposure", 1, [0.5, 0.7, 1, 1.3, 1.6], None),
    ("reflectance", "exposure", 1, [35, 45, 55, 65, 75], None),
    ("haze", "contrast", -1, [2, 8, 16, 24, 36], None),
    ("vignetting", "vignetting", 1, [0.3, 0.7, 1.1, 1.6, 2.2], None),
    ("lamp_temperature", "colour-temperature", 1, [4300, 4900, 5500, 6200, 7000], None),
    ("white_balance", "colour-temperature", -1, [4700, 5100, 5500, 6000, 6600], None),
    ("green_gain", "tint", 1, [-0.4, -0.2, 0, 0.2, 0.4], None),
    ("saturation", "saturation", 1, [0.3, 0.65, 1, 1.5, 2.1], None),
    ("defocus", "sharpness", -1, [0.1, 0.3, 0.5, 0.8, 1.2], None),
    ("motion_blur", "sharpness", -1, [0.2, 0.8, 1.6, 2.6, 4], None),
    ("full_well", "noise", -1, [2200, 4000, 7000, 12000, 24000], None),
    ("read_noise", "noise", 1, [0.5, 1, 1.6, 2.4, 3.5], None),
    ("dust", "dark-spots", 1, [0.5, 4, 9, 16, 25], "plate"),
    ("texture", "texture-strength", 1, [1, 2, 3.5, 5, 7], "plate"),
    ("brushing_angle", "orientation", 1, [15, 30, 45, 60, 80], "plate"),
    ("offset_x", "part-x", 1, [-6, -3, 0, 3, 6], None),
    ("offset_y", "part-y", 1, [-6, -3, 0, 3, 6], None),
    ("scale", "part-size", 1, [0.8, 0.9, 1, 1.1, 1.2], None),
    ("rotation", "part-rotation", 1, [25, 40, 60, 80, 100], "link"),
    ("jpeg_quality", "blockiness", -1, [10, 20, 35, 60, 85], None),
    ("lamp_distance", "gradient", -1, [130, 170, 220, 320, 600], None),
    ("lamp_azimuth", "gradient-direction", 1, [60, 90, 120, 150, 180], None),
]


@pytest.mark.parametrize(("factor", "attribute", "sign", "strengths", "family"), LADDERS, ids=[row[0] for row in LADDERS])
def test_a_factor_moves_the_measure_that_claims_it(
    factor: str, attribute: str, sign: int, strengths: list[float], family: str | None
) -> None:
    site = SITES["osaka"]
    if family:
        site = site.model_copy(update={"families": {family: 1.0}, "brushed": 1.0})
    levels = []
    for strength in strengths:
        changes = [Shift(of=factor, amount=strength, way="to"), Shift(of=f"{factor}.spread", amount=0, way="to")]
        world = World(shifted(site, changes), seed=4, size=112)
        rendered = render(world, range(8 if factor == "dust" else 4)).pixels
        pictures = [decode(jpeg(p, strength)) if factor == "jpeg_quality" else Picture(p, 255.0) for p in rendered]
        levels.append(np.nanmean([measure(picture)[attribute] for picture in pictures]))
    assert sign * spearmanr(strengths, levels).statistic >= 0.95, levels
