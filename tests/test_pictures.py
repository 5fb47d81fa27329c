"""Decoding: what can be trusted is upright and of a known scale; the rest is refused with its reason."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from shiftlens.framework.values.pictures import cut_off_rows
from shiftlens.plugin import Unreadable, decode


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(40, 200, (48, 64), dtype=np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "JPEG"])
def test_every_format_keeps_size_and_level(kind: str, noise: np.ndarray) -> None:
    picture = decode(encoded(Image.fromarray(noise), kind))
    assert picture.size == (64, 48)
    assert abs(float(picture.unit().mean()) * 255 - noise.mean()) < 2


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "LA"])
def test_every_mode_becomes_grey_or_rgb(mode: str, noise: np.ndarray) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    picture = decode(encoded(Image.fromarray(noise).convert("RGB").convert(mode), kind))
    assert picture.rgb8().shape == (48, 64, 3)
    assert picture.is_grey == (mode in ("1", "L"))


def test_sixteen_bits_are_kept_and_scaled_by_the_stated_depth() -> None:
    values = np.full((16, 16), 2048, np.uint16)
    values[0, 0] = 4095
    data = encoded(Image.fromarray(values), "TIFF")
    assert decode(data, depth=12).unit()[5, 5] == pytest.approx(2048 / 4095)
    assert decode(data).unit()[5, 5] == pytest.approx(2048 / 65535)
    assert decode(data, depth=12).rgb8()[5, 5, 0] == 128


def test_exif_orientation_is_applied(noise: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode(encoded(Image.fromarray(noise), "JPEG", exif=exif, quality=95))
    assert picture.size == (48, 64)


def test_the_first_of_many_frames_is_taken(noise: np.ndarray) -> None:
    first, second = Image.fromarray(noise), Image.fromarray(noise // 2)
    picture = decode(encoded(first, "TIFF", save_all=True, append_images=[second]))
    np.testing.assert_array_equal(picture.pixels, noise)


def test_transparent_pixels_show_white() -> None:
    image = Image.new("RGBA", (16, 16), (10, 20, 30, 0))
    assert decode(encoded(image)).pixels.min() == 255


def test_a_jpeg_may_be_decoded_smaller_but_not_below_what_is_asked() -> None:
    large = Image.fromarray(np.random.default_rng(0).integers(0, 255, (800, 1200), dtype=np.uint8))
    small = decode(encoded(large, "JPEG"), at_least=180)
    assert 180 <= min(small.size) < 800


def _bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(60_000))) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(Unreadable, match="megapixels"):
        decode(_bomb())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"just words\n" * 40, "not an image"),
        (encoded(Image.new("L", (1, 1))), "below 8"),
        (encoded(Image.new("F", (16, 16)), "TIFF"), "floating-point"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(kind: str, share: float, noise: np.ndarray) -> None:
    data = encoded(Image.fromarray(np.tile(noise, (4, 4))), kind)
    with pytest.raises(Unreadable):
        decode(data[: int(len(data) * share)])


def test_no_mutation_of_a_file_raises_anything_else(noise: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    originals = [encoded(Image.fromarray(noise), kind) for kind in ("PNG", "JPEG", "TIFF", "BMP", "WEBP")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(400):
            data = bytearray(originals[rng.integers(len(originals))])
            for _ in range(rng.integers(1, 12)):
                data[rng.integers(len(data))] = rng.integers(256)
            try:
                decode(bytes(data))
            except Unreadable:
                continue


@pytest.mark.parametrize("fill", [0, 128])
@pytest.mark.parametrize("share", [0.15, 0.5])
def test_a_cut_off_picture_that_opens_is_refused(fill: int, share: float) -> None:
    whole = np.random.default_rng(0).integers(60, 200, (160, 120, 3), dtype=np.uint8)
    whole[int(160 * (1 - share)) :] = fill
    with pytest.raises(Unreadable, match="cut off"):
        decode(encoded(Image.fromarray(whole)))
    assert decode(encoded(Image.fromarray(whole)), keep_cut=True).size == (120, 160)


def test_a_part_on_a_black_ground_is_not_taken_for_cut_off() -> None:
    y, x = np.mgrid[:160, :160]
    disc = np.where(np.hypot(x - 80, y - 60) < 50, 150, 0).astype(np.uint8)
    assert cut_off_rows(disc) == 0


def test_an_even_picture_is_not_taken_for_cut_off() -> None:
    assert cut_off_rows(np.full((64, 64), 128, np.uint8)) == 0
