"""The physical encoder keeps its promises: rows, names, odd pictures."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from pydantic import ValidationError

from shiftlens.plugin import Context, ImageRef, ImageSet, Picture, Unreadable
from shiftlens.plugins.physical.config import PhysicalConfig
from shiftlens.plugins.physical.encoder import Physical
from shiftlens.plugins.physical.measure import measure
from shiftlens.plugins.physical.plugin import shiftlens_encoders
from shiftlens.plugins.physical.words import DIMENSIONS

IDS = [dimension.id for dimension in DIMENSIONS]


@dataclass
class Memory:
    pictures: dict[str, Picture]

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        if ref.id not in self.pictures:
            raise Unreadable("the file is empty")
        return self.pictures[ref.id]


def image_set(pictures: dict[str, Picture], *missing: str) -> ImageSet:
    names = [*pictures, *missing]
    return ImageSet("set", tuple(ImageRef(id=n, digest=n, group=f"g-{n}") for n in names), Memory(pictures))


def textured(seed: int = 0, shape: tuple[int, ...] = (90, 120), white: float = 255.0) -> Picture:
    rng = np.random.default_rng(seed)
    values = white * np.clip(0.4 + 0.05 * rng.standard_normal(shape), 0, 1)
    return Picture(values.astype(np.uint8 if white == 255 else np.uint16), white)


def test_a_row_an_image_in_order_and_the_unreadable_named():
    pictures = {f"{i}.png": textured(i) for i in range(11)}
    latents = Physical(context=Context(workers=2, space_key="key")).encode(image_set(pictures, "broken.png"))
    assert latents.ids == tuple(pictures)
    assert latents.groups == tuple(f"g-{name}" for name in pictures)
    assert latents.values.shape == (11, len(DIMENSIONS))
    assert latents.values.dtype == np.float32
    assert [(s.id, s.reason) for s in latents.set_aside] == [("broken.png", "the file is empty")]
    assert (latents.space.encoder, latents.space.key) == ("physical", "key")
    assert [d.id for d in latents.space.dimensions] == IDS


def test_the_same_numbers_with_any_number_of_workers():
    images = image_set({f"{i}": textured(i) for i in range(5)})
    one, four = (Physical(context=Context(workers=n)).encode(images).values for n in (1, 4))
    np.testing.assert_array_equal(one, four)


def test_an_empty_set_gives_no_rows():
    assert Physical().encode(image_set({})).values.shape == (0, len(DIMENSIONS))


def test_progress_is_told_to_the_end():
    told: list[tuple[int, int]] = []
    Physical(context=Context(progress=lambda done, total: told.append((done, total)))).encode(image_set({"a": textured()}, "b"))
    assert told == [(1, 2), (2, 2)]


def test_chosen_attributes_come_in_the_order_asked():
    config = PhysicalConfig(attributes=("noise", "exposure"))
    picture = textured()
    latents = Physical(config).encode(image_set({"a": picture}))
    assert [d.id for d in latents.space.dimensions] == ["noise", "exposure"]
    everything = measure(picture)
    np.testing.assert_allclose(latents.values[0], [everything["noise"], everything["exposure"]], rtol=1e-6)


@pytest.mark.parametrize("names", [("sharpnes",), ("noise", "noise")])
def test_a_config_names_what_is_wrong(names: tuple[str, ...]):
    with pytest.raises(ValidationError, match=names[0]):
        PhysicalConfig(attributes=names)


def test_the_card_leads_to_the_encoder_and_its_config():
    (card,) = shiftlens_encoders()
    assert (card.id, card.version) == ("physical", 1)
    assert card.target.endswith(f"{Physical.__module__.split('shiftlens.')[1]}:{Physical.__name__}")
    assert card.config is not None
    assert card.config.endswith("config:PhysicalConfig")


def test_every_measure_has_a_dimension_with_words_in_both_languages():
    assert list(measure(textured())) == IDS
    for dimension in DIMENSIONS:
        words = dimension.words
        assert words is not None
        assert dimension.unit
        assert dimension.floor > 0
        for text in (words.label, words.more, words.less, words.how, words.action_more, words.action_less):
            assert text is not None
            assert text.en
            assert any(ord(character) > 0x3000 for character in text.ja)


def test_card_and_config_import_no_heavy_library():
    code = (
        "import sys, shiftlens.plugins.physical.plugin, shiftlens.plugins.physical.config\n"
        "print([m for m in ('torch', 'scipy', 'skimage', 'timm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def odd_pictures() -> dict[str, Picture]:
    checker = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    one_bit = (np.random.default_rng(0).random((50, 70)) > 0.5).astype(np.uint8) * 255
    half = np.zeros((60, 80), np.uint8)
    half[:, 40:] = 255
    return {
        "grey": Picture(np.full((100, 120), 128, np.uint8), 255.0),
        "black": Picture(np.zeros((100, 120), np.uint8), 255.0),
        "white": Picture(np.full((100, 120), 255, np.uint8), 255.0),
        "black in colour": Picture(np.zeros((64, 64, 3), np.uint8), 255.0),
        "pure red": Picture(np.full((64, 64, 3), (255, 0, 0), np.uint8), 255.0),
        "8 × 8": textured(shape=(8, 8)),
        "8 × 8 in colour": textured(shape=(8, 8, 3)),
        "one row of blocks": textured(shape=(8, 3000)),
        "one column of blocks": textured(shape=(2500, 9)),
        "1 bit": Picture(one_bit, 255.0),
        "checker": Picture(checker, 255.0),
        "half": Picture(half, 255.0),
        "one bright pixel": Picture(np.eye(1, 4096, 77, dtype=np.uint8).reshape(64, 64) * np.uint8(255), 255.0),
        "12 bit": textured(shape=(70, 90), white=4095.0),
        "16 bit in colour": textured(shape=(70, 90, 3), white=65535.0),
        "wide and large": textured(shape=(130, 1400)),
    }


@pytest.mark.parametrize("name", list(odd_pictures()))
def test_odd_pictures_give_numbers_or_nan_without_a_warning(name: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = measure(odd_pictures()[name])
    assert list(row) == IDS
    assert all(isinstance(value, float) for value in row.values())
    assert not any(np.isinf(value) for value in row.values())


def test_sixteen_bits_read_like_eight():
    eight = textured(3, (200, 240))
    sixteen = Picture(eight.pixels.astype(np.uint16) * np.uint16(257), 65535.0)
    low, high = measure(eight), measure(sixteen)
    for name in IDS:
        assert np.isnan(low[name]) == np.isnan(high[name]), name
        assert np.isnan(low[name]) or low[name] == pytest.approx(high[name], rel=0.01, abs=0.02), name


def test_grey_stored_as_rgb_has_no_colour_and_reads_like_grey():
    grey = textured(4, (200, 240))
    low, high = measure(grey), measure(Picture(grey.rgb8(), 255.0))
    assert all(np.isnan(high[name]) for name in ("colour-temperature", "tint", "saturation"))
    np.testing.assert_allclose(list(low.values()), list(high.values()))


@pytest.mark.parametrize(("name", "value"), [("shadows", 0), ("highlights", 255)])
def test_the_share_of_clipped_pixels_is_counted(name: str, value: int):
    pixels = np.full((100, 100), 120, np.uint8)
    pixels[:7] = value
    assert measure(Picture(pixels, 255.0))[name] == pytest.approx(7.0)


def test_size_and_shape_are_those_of_the_file():
    row = measure(textured(shape=(100, 400)))
    assert 2 ** row["resolution"] == pytest.approx(200)
    assert 2 ** row["aspect"] == pytest.approx(4)


def test_no_part_is_invented_in_a_texture_that_fills_the_frame():
    assert all(np.isnan(measure(textured(seed, (240, 320)))["part-x"]) for seed in range(5))


def test_white_noise_has_neither_period_nor_direction():
    for seed in range(5):
        row = measure(textured(seed, (240, 320)))
        assert np.isnan(row["texture-period"])
        assert np.isnan(row["orientation"])


def test_linear_colours_are_read_as_such():
    """Light of two ratios of red to blue, stored with and without a tone curve, has one temperature."""
    light = textured(shape=(90, 120, 3)).unit() * np.array([1.0, 0.8, 0.6], np.float32)
    linear = Picture(np.rint(light * 65535).astype(np.uint16), 65535.0)
    curved = Picture(np.rint(light ** (1 / 2.2) * 65535).astype(np.uint16), 65535.0)
    read = measure(linear, "linear")["colour-temperature"]
    assert read == pytest.approx(measure(curved)["colour-temperature"], rel=0.01)
    assert read > 1.2 * measure(linear)["colour-temperature"]
    assert PhysicalConfig(tone="linear").tone == "linear"
