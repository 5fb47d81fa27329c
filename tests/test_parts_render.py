"""The renderer: each factor does its physics, truth lies where the picture shows it, masks cover what they name."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from shiftlens.plugins.parts.config import PartsSite
from shiftlens.plugins.parts.factors import DEFECTS, FAMILIES
from shiftlens.plugins.parts.renderer import Rendering, World, jpeg, render
from shiftlens.plugins.parts.shift import Shift, shifted
from shiftlens.plugins.parts.sites import SITES
from shiftlens.plugins.parts.truth import Truth, truths

OSAKA = SITES["osaka"]
STILL = {"full_well": 200_000.0, "read_noise": 0.0, "dust": 0.0, "haze": 0.0, "vignetting": 0.0}
"""A camera without noise, dust, haze and vignetting."""


def site(*families: str, **means: float) -> PartsSite:
    """Osaka with these families, this still camera, no defects, and means; factors named here have no spread."""
    base = OSAKA.model_copy(update={"families": dict.fromkeys(families, 1.0) or OSAKA.families, "defects": {}})
    changes = [Shift(of=name, amount=value, way="to") for name, value in (STILL | means).items()]
    return shifted(base, [*(Shift(of=f"{c.of}.spread", amount=0, way="to") for c in changes), *changes])


def seen(where: PartsSite, n: int = 4, size: int = 128, seed: int = 1) -> NDArray[np.float64]:
    return render(World(where, seed, size), range(n)).pixels.astype(float)


def true(where: PartsSite, n: int = 4, size: int = 128, seed: int = 1) -> list[Truth]:
    return truths(World(where, seed, size), range(n))


def points(truth: Truth) -> NDArray[np.float64]:
    return np.array([(p.x, p.y) for p in truth.keypoints])


@pytest.mark.parametrize("ev", [-1.0, 0.5, 1.0])
def test_exposure_scales_every_pixel_that_does_not_clip(ev: float) -> None:
    dark, bright = seen(site(exposure=-1, saturation=1)), seen(site(exposure=-1 + ev, saturation=1))
    usable = (dark > 30) & (bright < 250) & (bright > 30)
    assert bright[usable].mean() / dark[usable].mean() == pytest.approx(2**ev, rel=0.01)


def test_vignetting_darkens_the_corners_by_what_it_says() -> None:
    even, uneven = seen(site("plate", exposure=-0.5)), seen(site("plate", exposure=-0.5, vignetting=1))
    ratio = (uneven[:, :6, :6].mean() / even[:, :6, :6].mean(), uneven[:, 60:68, 60:68].mean() / even[:, 60:68, 60:68].mean())
    assert np.log2(ratio) == pytest.approx([-0.92, 0], abs=0.03)


def test_lamp_temperature_follows_plancks_law() -> None:
    def warmth(kelvin: float) -> float:
        return float(np.log(1 / np.expm1(14387.77 / (0.6 * kelvin))) - np.log(1 / np.expm1(14387.77 / (0.45 * kelvin))))

    ratios = []
    for kelvin in (4000.0, 7000.0):
        image = seen(site("plate", exposure=-1, lamp_temperature=kelvin, ambient=0, saturation=1))
        ratios.append(np.log(image[..., 0].mean() / image[..., 2].mean()))
    assert ratios[0] - ratios[1] == pytest.approx(warmth(4000) - warmth(7000), abs=0.03)


def test_noise_has_the_variance_of_electrons_and_electronics() -> None:
    clean = seen(site("plate", exposure=-1.5, saturation=1, green_gain=0)) / 255
    noisy = seen(site("plate", exposure=-1.5, saturation=1, green_gain=0, full_well=2000, read_noise=2)) / 255
    inside = (clean > 0.1) & (clean < 0.5)
    level = clean[inside].mean()
    # The still camera has a little noise of the same stream: amplitudes differ, not variances.
    expected = (np.sqrt(level / 2000 + 0.02**2) - np.sqrt(level / 200_000)) ** 2
    assert (noisy - clean)[inside].var() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("name", "values"), [("defocus", (0.1, 0.3, 0.6, 1, 1.6)), ("motion_blur", (0, 0.8, 1.6, 3, 5))])
def test_blur_takes_gradient_energy_away(name: str, values: tuple[float, ...]) -> None:
    energies = [np.square(np.diff(seen(site(**{name: v})), axis=2)).sum() for v in values]
    assert energies == sorted(energies, reverse=True)
    assert energies[-1] < 0.5 * energies[0]


def test_motion_blurs_along_the_belt_alone() -> None:
    still, moved = seen(site(motion_blur=0)), seen(site(motion_blur=4))
    along, across = (np.square(np.diff(moved, axis=a)).sum() / np.square(np.diff(still, axis=a)).sum() for a in (2, 1))
    assert along < 0.7 * across


@pytest.mark.parametrize("angle", [17.0, 90.0, -35.0, 213.0])
def test_rotation_turns_the_keypoints_by_exactly_its_angle(angle: float) -> None:
    pose = {"offset_x": 0.0, "offset_y": 0.0, "tilt": 0.0, "scale": 1.0}
    for before, after in zip(true(site(rotation=0, **pose)), true(site(rotation=angle, **pose)), strict=True):
        arms = [(p - 64) @ np.array([1, -1j]) for p in (points(before), points(after))]  # type: ignore[var-annotated]
        assert np.allclose(arms[1], arms[0] * np.exp(1j * np.radians(angle)), atol=2e-3)


def test_offset_and_scale_move_keypoints_by_millimetres_and_magnification() -> None:
    base = {"rotation": 0.0, "tilt": 0.0}
    here = true(site(offset_x=0, offset_y=0, scale=1, **base))
    for a, b in zip(here, true(site(offset_x=3, offset_y=-2, scale=1.2, **base)), strict=True):
        assert np.allclose(points(b) - 64, 1.2 * (points(a) - 64 + np.array([3, -2]) * 128 / 60), atol=2e-3)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tilt", [0.0, 12.0])
def test_holes_lie_where_their_keypoints_say(family: str, tilt: float) -> None:
    where = site(family, tilt=tilt, rotation=25)
    rendered = render(World(where, 2, 256), range(3))
    for part, truth in zip(rendered.part, true(where, 3, 256, 2), strict=True):
        holes, _ = ndimage.label(~part)
        for point in truth.keypoints:
            if "hole" not in point.name and point.name.split("_")[0] not in ("eye", "bolt", "web"):
                continue
            if not point.visible or point.name in ("eye_top", "eye_bottom"):
                continue
            label = holes[int(point.y), int(point.x)]
            assert label > 0, point.name
            row, column = ndimage.center_of_mass(holes == label)
            assert np.hypot(column + 0.5 - point.x, row + 0.5 - point.y) < 0.7, point.name


@pytest.mark.parametrize("family", FAMILIES[:6])
def test_corners_and_tips_lie_on_the_edge_of_the_part(family: str) -> None:
    where = site(family, rotation=-40)
    rendered = render(World(where, 2, 256), range(3))
    for part, truth in zip(rendered.part, true(where, 3, 256, 2), strict=True):
        edge = part ^ ndimage.binary_erosion(part)
        away = ndimage.distance_transform_edt(~edge)
        for point in truth.keypoints:
            if point.name.startswith(("corner", "tip", "pin", "tooth", "tab", "rim", "flat", "notch")):
                assert away[int(point.y), int(point.x)] <= 1.6, point.name


@pytest.mark.parametrize("family", FAMILIES)
def test_keypoints_keep_their_identity_under_pose(family: str) -> None:
    before = true(site(family), 5)
    after = true(site(family, rotation=150, offset_x=4, scale=0.8, tilt=8), 5)
    for a, b in zip(before, after, strict=True):
        assert [(p.name, p.on_part) for p in a.keypoints] == [(p.name, p.on_part) for p in b.keypoints]
    assert len({tuple(p.name for p in truth.keypoints) for truth in before}) == 1


def test_points_outside_of_the_picture_and_missing_holes_are_not_visible() -> None:
    far = true(site("bracket", offset_x=18, offset_y=-18, scale=1.2))[0]
    assert [p.visible for p in far.keypoints] == [0 <= p.x < 128 and 0 <= p.y < 128 for p in far.keypoints]
    lacking = true(site("bracket").model_copy(update={"defects": {"missing-hole": 1.0}}))[0]
    assert [p.name for p in lacking.keypoints if not p.visible] in (["hole_foot"], ["hole_wall"])


def with_and_without(defect: str, family: str) -> tuple[Rendering, Rendering]:
    plain = site(family, defocus=0.1, motion_blur=0)
    flawed = plain.model_copy(update={"defects": {defect: 1.0}})
    return tuple(render(World(where, 6, 128), range(4)) for where in (plain, flawed))  # type: ignore[return-value]


@pytest.mark.parametrize("family", ["bracket", "flange", "connector"])
@pytest.mark.parametrize("defect", DEFECTS)
def test_masks_cover_the_pixels_that_a_defect_changes(defect: str, family: str) -> None:
    plain, flawed = with_and_without(defect, family)
    differs = np.abs(plain.pixels.astype(int) - flawed.pixels).max(axis=3) > 3
    mask = flawed.defects[defect]
    assert list(flawed.defects) == [defect]
    assert not plain.defects
    assert mask.any(axis=(1, 2)).all()
    assert (differs & mask).sum() > 0.6 * mask.sum()
    # A burr and a closed hole change the shadow on the ground as well, as far as a shadow reaches.
    reach = 14 if defect in ("burr", "missing-hole") else 4
    for changed, covered in zip(differs, mask, strict=True):
        near = ndimage.distance_transform_edt(~covered) <= reach
        assert (changed & ~near).sum() <= 0.02 * changed.sum()


def test_masks_of_the_part_cover_the_metal() -> None:
    rendered = render(World(site(exposure=0, defocus=0.1), 3, 128), range(6))
    for pixels, part in zip(rendered.pixels.mean(axis=3), rendered.part, strict=True):
        inside, outside = ndimage.binary_erosion(part, iterations=2), ~ndimage.binary_dilation(part, iterations=3)
        assert np.quantile(pixels[inside], 0.1) > np.quantile(pixels[outside], 0.95)


def test_the_shadow_falls_away_from_the_lamp() -> None:
    azimuth = 180.0
    where = site("washer", lamp_azimuth=azimuth, lamp_elevation=35, fill_power=0, lamp_size=3, tilt=0, rotation=90)
    rendered = render(World(where, 3, 128), range(4))
    for pixels, part in zip(rendered.pixels.mean(axis=3), rendered.part, strict=True):
        filled = ndimage.binary_fill_holes(part)
        near = ndimage.binary_dilation(filled, iterations=6) & ~ndimage.binary_dilation(filled, iterations=2)
        left, right = near.copy(), near.copy()
        left[:, 64:], right[:, :64] = False, False
        assert pixels[right].mean() < 0.75 * pixels[left].mean()


def test_a_larger_lamp_makes_softer_shadows() -> None:
    def steepest(size: float) -> float:
        where = site("flange", lamp_size=size, lamp_elevation=40, fill_power=0, defocus=0.1, motion_blur=0, thickness=8)
        rendered = render(World(where, 1, 256), range(2))
        ground = ~ndimage.binary_dilation(rendered.part, iterations=5, structure=np.ones((1, 3, 3)))[:, :, 1:]
        steps = np.diff(ndimage.gaussian_filter(rendered.pixels.mean(axis=3), (0, 1, 1)), axis=2)
        return float(np.quantile(steps[ground], 0.998))

    assert steepest(25) < steepest(2)


def test_the_picture_is_stored_as_a_real_jpeg() -> None:
    pixels = render(World(OSAKA, 1, 64), [0]).pixels[0]
    sizes = [len(jpeg(pixels, quality)) for quality in (20, 50, 90)]
    assert sizes == sorted(sizes)
    assert Image.open(io.BytesIO(jpeg(pixels, 50))).format == "JPEG"


@pytest.mark.parametrize("ground", ["belt", "tray", "mat"])
def test_no_ground_is_flat_or_clipped(ground: str) -> None:
    where = OSAKA.model_copy(update={"ground": ground})
    rendered = render(World(where, 1, 128), range(3))
    outside = ~ndimage.binary_dilation(rendered.part, iterations=8, structure=np.ones((1, 3, 3)))
    values = rendered.pixels.mean(axis=3)[outside]
    assert values.std() > 2
    assert 5 < values.min() < values.max() < 200
