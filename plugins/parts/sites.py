"""The named sites, as data. Each is the line at Osaka with what is different there."""

from __future__ import annotations

from typing import Any

from ... import UnknownName
from ...plugin import quoted
from .config import PartsSite
from .factors import FAMILIES

_OSAKA: dict[str, Any] = {
    "site": "osaka",
    "story": "the line where the model was developed: new lamp from the upper left, clean belt, sharp camera",
    "ground": "belt",
    "families": {name: 0.0 if name == "plate" else 1.0 for name in FAMILIES},
    "brushed": 0.65,
    "defects": {"scratch": 0.06, "dent": 0.04, "stain": 0.05, "burr": 0.04, "missing-hole": 0.03, "crack": 0.03},
    "factors": {
        "reflectance": [62, 5],
        "roughness": [0.34, 0.03],
        "texture": [2.4, 0.5],
        "brushing_angle": [0, 4],
        "thickness": [5, 0.3],
        "engraving": [0.25, 0.03],
        "defect_size": [1, 0.15],
        "rotation": [0, 6],
        "offset_x": [0, 1.2],
        "offset_y": [0, 1.2],
        "tilt": [0, 0.4],
        "lamp_power": [1, 0.06],
        "lamp_temperature": [5500, 60],
        "lamp_azimuth": [128, 3],
        "lamp_elevation": [52, 1.5],
        "lamp_size": [9, 0.6],
        "lamp_distance": [260, 25],
        "fill_power": [0.3, 0.03],
        "fill_azimuth": [-40, 4],
        "ambient": [0.2, 0.02],
        "ground_reflectance": [15, 1],
        "scale": [1, 0.03],
        "defocus": [0.3, 0.1],
        "motion_blur": [0.3, 0.1],
        "exposure": [0, 0.15],
        "vignetting": [0.3, 0.08],
        "haze": [6, 2.2],
        "white_balance": 5500,
        "green_gain": [0, 0.012],
        "saturation": [1, 0.1],
        "full_well": [3500, 1000],
        "read_noise": [0.6, 0.18],
        "dust": [1, 0.3],
        "jpeg_quality": 100,
    },
}


def _like_osaka(site: str, story: str, factors: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {**_OSAKA, "site": site, "story": story, **rest, "factors": {**_OSAKA["factors"], **factors}}


_ALL: tuple[dict[str, Any], ...] = (
    _OSAKA,
    _like_osaka(
        "nagoya",
        "the lamp is warmer and stands on the other side, lower; the conveyor places parts less exactly",
        {
            "lamp_temperature": [4500, 80],
            "lamp_azimuth": [52, 3],
            "lamp_elevation": [44, 2],
            "fill_azimuth": [-130, 4],
            "rotation": [4, 12],
            "offset_x": [1, 2.4],
            "offset_y": [0.5, 2],
        },
    ),
    _like_osaka(
        "sendai",
        "an old camera: fewer electrons, more noise, dust on its glass, a lens that darkens the corners, JPEG files",
        {
            "full_well": [900, 120],
            "read_noise": [1.8, 0.25],
            "dust": [5, 0.6],
            "vignetting": [0.9, 0.06],
            "jpeg_quality": [72, 3],
        },
    ),
    _like_osaka(
        "kobe",
        "the lens has lost its focus and the belt runs faster; oil mist hangs in the air and leaves stains",
        {"defocus": [0.75, 0.1], "motion_blur": [1.1, 0.15], "haze": [14, 3]},
        defects={**_OSAKA["defects"], "stain": 0.3},
    ),
    _like_osaka(
        "hiroshima",
        "parts of another supplier: mostly cast, rougher and darker, with worn tools (burrs, cracks), on a pale tray",
        {
            "reflectance": [50, 4],
            "roughness": [0.48, 0.035],
            "texture": [4.2, 0.5],
            "ground_reflectance": [72, 3],
            "exposure": [-0.35, 0.15],
        },
        ground="tray",
        brushed=0.15,
        defects={**_OSAKA["defects"], "burr": 0.15, "crack": 0.1},
    ),
    _like_osaka(
        "sapporo",
        "a wide diffuse lamp overhead beside a window: soft shadows, cool room light, a blue-grey mat, a closer view",
        {
            "lamp_elevation": [66, 1.5],
            "lamp_size": [20, 1],
            "lamp_power": [0.5, 0.02],
            "lamp_temperature": [6200, 80],
            "ambient": [0.4, 0.05],
            "scale": [1.12, 0.02],
            "ground_reflectance": [20, 1.4],
        },
        ground="mat",
    ),
    _like_osaka(
        "matsuyama",
        "the same jig under the same lamp, years older: its light has turned warm and weak, its cover glass is dull, and the "
        "lens darkens the corners",
        {
            "lamp_temperature": [4500, 80],
            "haze": [13, 2.2],
            "vignetting": [0.9, 0.08],
            "exposure": [-0.3, 0.15],
            "green_gain": [0.04, 0.012],
        },
    ),
    _like_osaka(
        "anywhere",
        "no place: what other sites show on a belt, and more, spread out evenly; to train on",
        {
            "reflectance": [60, 9],
            "roughness": [0.38, 0.07],
            "texture": [3, 1],
            "brushing_angle": [0, 10],
            "thickness": [5, 0.7],
            "engraving": [0.25, 0.08],
            "defect_size": [1, 0.25],
            "rotation": [0, 14],
            "offset_x": [0, 2.6],
            "offset_y": [0, 2.6],
            "tilt": [0, 1],
            "lamp_power": [0.9, 0.2],
            "lamp_temperature": [5300, 500],
            "lamp_azimuth": [95, 28],
            "lamp_elevation": [54, 6],
            "lamp_size": [11, 3],
            "lamp_distance": [260, 60],
            "fill_power": [0.3, 0.08],
            "fill_azimuth": [-75, 30],
            "ambient": [0.25, 0.07],
            "ground_reflectance": [25, 8],
            "scale": [1.03, 0.07],
            "defocus": [0.5, 0.18],
            "motion_blur": [0.6, 0.22],
            "exposure": [-0.1, 0.35],
            "vignetting": [0.45, 0.16],
            "haze": [8.5, 3.2],
            "white_balance": [5500, 100],
            "green_gain": [0, 0.04],
            "saturation": [1, 0.2],
            "full_well": [2700, 950],
            "read_noise": [1, 0.36],
            "dust": [2.2, 0.8],
        },
    ),
)
SITES: dict[str, PartsSite] = {data["site"]: PartsSite.model_validate(data) for data in _ALL}


def site_named(name: str, *, field: str = "site") -> PartsSite:
    """Give a named site.

    Raises:
        UnknownName: there is none of that name; ``field`` says what asked for it.
    """
    if name not in SITES:
        raise UnknownName(f"{field}: no site of parts {quoted(name)}", hint=f"known: {', '.join(SITES)}")
    return SITES[name]
