"""The factors of the world: what can differ between two sites, in which unit and within which bounds."""

from __future__ import annotations

from typing import Literal

from ... import Spec

Of = Literal["part", "pose", "light", "camera"]
REACH = 2.619
"""Largest distance of a draw from the mean of its factor, in spreads: draws are normal, cut there."""


class Factor(Spec):
    """One factor: drawn once a part (``of="part"``) or once an image (all others).

    ``least`` and ``most`` bound every value that is ever drawn, in ``unit``. ``idle_without`` names the
    factor or share without which this one shows nothing.
    """

    id: str
    of: Of
    unit: str
    least: float
    most: float
    about: str
    idle_without: str | None = None


def _factor(of: Of, id_: str, unit: str, least: float, most: float, about: str, needs: str | None = None) -> Factor:
    return Factor(id=id_, of=of, unit=unit, least=least, most=most, about=about, idle_without=needs)


FACTORS: dict[str, Factor] = {
    factor.id: factor
    for factor in (
        _factor("part", "reflectance", "%", 15, 95, "light that the metal gives back at normal incidence"),
        _factor("part", "roughness", "", 0.12, 0.8, "GGX roughness α of the metal: 0.15 polished, 0.5 blasted"),
        _factor("part", "texture", "°", 0, 15, "slope of the brushed or cast texture, standard deviation"),
        _factor("part", "brushing_angle", "°", -720, 720, "way of the brushing on the part, counter-clockwise", "brushed"),
        _factor("part", "thickness", "mm", 1, 12, "height of the part above the ground"),
        _factor("part", "engraving", "mm", 0, 0.6, "depth of the engraved code"),
        _factor("part", "defect_size", "", 0.3, 3, "size of defects as a multiple of the usual", "defects"),
        _factor("pose", "rotation", "°", -720, 720, "turn of the part, counter-clockwise"),
        _factor("pose", "offset_x", "mm", -20, 20, "place of the part to the right of the middle"),
        _factor("pose", "offset_y", "mm", -20, 20, "place of the part below the middle"),
        _factor("pose", "tilt", "°", -20, 20, "lean of the camera over the lower edge of the picture"),
        _factor("light", "lamp_power", "", 0.1, 6, "output of the lamp, 1 is nominal"),
        _factor("light", "lamp_temperature", "K", 2200, 12000, "colour temperature of both lamps"),
        _factor("light", "lamp_azimuth", "°", -720, 720, "where the lamp stands, counter-clockwise from the right"),
        _factor("light", "lamp_elevation", "°", 15, 85, "height of the lamp above the horizon, seen from the part"),
        _factor("light", "lamp_size", "°", 0.5, 30, "angular radius of the lamp: softens shadows and highlights"),
        _factor("light", "lamp_distance", "mm", 90, 3000, "lamp to part; a near lamp lights unevenly"),
        _factor("light", "fill_power", "", 0, 4, "output of a second lamp, 0 is off"),
        _factor("light", "fill_azimuth", "°", -720, 720, "where the second lamp stands", "fill_power"),
        _factor("light", "ambient", "", 0, 2, "light of the room, 6000 K, from everywhere"),
        _factor("light", "ground_reflectance", "%", 1.5, 85, "light that belt, tray or mat gives back"),
        _factor("camera", "scale", "", 0.6, 1.45, "magnification, 1 shows 60 mm across the picture"),
        _factor("camera", "defocus", "mm", 0, 4, "blur of the lens on the part, standard deviation"),
        _factor("camera", "motion_blur", "mm", 0, 10, "way of the belt, left to right, while the shutter is open"),
        _factor("camera", "exposure", "EV", -5, 3, "exposure; the sensor is linear, 1 EV doubles every value"),
        _factor("camera", "vignetting", "EV", 0, 3, "light lost in the corner of the picture"),
        _factor("camera", "haze", "%", 0, 60, "stray light over the whole picture, of its mean"),
        _factor("camera", "white_balance", "K", 2200, 12000, "colour temperature that the camera shows as neutral"),
        _factor("camera", "green_gain", "EV", -1, 1, "gain of green against red and blue"),
        _factor("camera", "saturation", "", 0, 2.5, "strength of colours, 1 as they are"),
        _factor("camera", "full_well", "e-", 50, 200000, "electrons at full scale: few of them make shot noise"),
        _factor("camera", "read_noise", "%", 0, 10, "noise of the electronics, of full scale"),
        _factor("camera", "dust", "", 0, 60, "specks of dust on the sensor's glass, expected number"),
        _factor("camera", "jpeg_quality", "", 5, 100, "quality of JPEG; 100 stores the picture without loss"),
    )
}

DEFECTS = ("scratch", "dent", "stain", "burr", "missing-hole", "crack")
FAMILIES = ("bracket", "washer", "gear", "flange", "connector", "link", "plate")
GROUNDS = ("belt", "tray", "mat")
