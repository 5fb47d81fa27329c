"""Pictures as PNG and the names of their files: read back by others, and nowhere but below one folder."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from shiftlens.framework.translation.naming import file_names
from shiftlens.framework.translation.png import png
from shiftlens.plugin import Picture, decode


def read_plainly(data: bytes) -> tuple[np.ndarray, int]:
    """Read a PNG after its specification, row by row: samples ``(rows, columns, channels)``, and bits."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, packed, header = 8, b"", b""
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + body)
        header = body if kind == b"IHDR" else header
        packed += body if kind == b"IDAT" else b""
        place += 12 + length
    columns, rows, bits, colour, *rest = struct.unpack(">IIBBBBB", header)
    assert rest == [0, 0, 0]
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(rows, -1)
    above, found = np.zeros(lines.shape[1] - 1, np.uint8), []
    for line in lines:
        assert line[0] == 2  # the difference to the row above
        above = above + line[1:]
        found.append(above)
    return np.stack(found).view(f">u{bits // 8}").reshape(rows, columns, channels), bits


def drawn(bits: int, channels: int, alpha: bool, shape: tuple[int, int] = (40, 30)) -> Picture:
    draws = np.random.default_rng(bits + channels)
    kind = np.uint8 if bits == 8 else np.uint16
    white = 2**bits - 1
    pixels = draws.integers(0, white + 1, (*shape, channels)[: 2 + (channels > 1)]).astype(kind)
    if not alpha:
        return Picture(pixels, float(white))
    share = draws.integers(0, 256, shape).astype(np.uint8)
    share[:8], share[8:16] = 0, 255
    least = (1 - share / 255).reshape(*shape, *[1] * (channels > 1)) * white
    return Picture(np.rint(np.maximum(pixels, least)).astype(kind), float(white), share)


KINDS = [(bits, channels, alpha) for bits in (8, 16) for channels in (1, 3) for alpha in (False, True)]


@pytest.mark.parametrize(("bits", "channels", "alpha"), KINDS)
def test_every_kind_of_picture_is_written_as_it_is(bits: int, channels: int, alpha: bool) -> None:
    picture = drawn(bits, channels, alpha)
    samples, found = read_plainly(png(picture))
    assert (found, samples.shape[2]) == (bits, channels + alpha)
    if not alpha:
        np.testing.assert_array_equal(samples.reshape(picture.pixels.shape), picture.pixels)
        return
    share = samples[..., -1:] / picture.white
    np.testing.assert_array_equal(np.rint(share[..., 0] * 255), picture.alpha)
    laid = samples[..., :-1] * share + picture.white * (1 - share)
    np.testing.assert_allclose(laid.reshape(picture.pixels.shape), picture.pixels, atol=0.51)


@pytest.mark.parametrize(("bits", "channels", "alpha"), KINDS)
def test_others_can_read_every_file(bits: int, channels: int, alpha: bool) -> None:
    picture = drawn(bits, channels, alpha)
    data = png(picture)
    Image.open(io.BytesIO(data)).verify()
    again = decode(data)
    if bits == 16 and (channels == 3 or alpha):  # Pillow keeps the upper 8 bits of these
        kept = read_plainly(data)[0] >> 8
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), kept if alpha is False else with_three(kept))
        return
    assert again.white == picture.white
    np.testing.assert_array_equal(again.pixels, with_three(picture.pixels) if alpha and channels == 1 else picture.pixels)
    assert (again.alpha is None) == (picture.alpha is None)
    if alpha:
        np.testing.assert_array_equal(again.alpha, picture.alpha)


def with_three(samples: np.ndarray) -> np.ndarray:
    """Grey as Pillow gives it where there is alpha: three equal channels."""
    if samples.ndim == 2:
        return np.repeat(samples[..., None], 3, axis=2)
    return np.concatenate([samples[..., :1]] * 3 + [samples[..., 1:]], axis=2) if samples.shape[2] == 2 else samples


def test_what_is_read_is_written_so_that_it_is_read_again_for_every_colour_and_alpha() -> None:
    colour, alpha = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    file = io.BytesIO()
    Image.fromarray(np.dstack([colour, 255 - colour, colour // 2, alpha]), "RGBA").save(file, "PNG")
    first = decode(file.getvalue())
    again = decode(png(first))
    np.testing.assert_array_equal(again.pixels, first.pixels)
    np.testing.assert_array_equal(again.alpha, first.alpha)


def test_a_picture_of_many_bands_is_whole() -> None:
    picture = drawn(16, 3, False, (1100, 500))
    np.testing.assert_array_equal(read_plainly(png(picture))[0], picture.pixels)


def test_values_of_twelve_bits_stay_what_they_are() -> None:
    values = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    again = decode(png(Picture(values, 4095.0)), depth=12)
    np.testing.assert_array_equal(again.pixels, values)
    assert again.white == 4095


def test_a_file_is_about_as_small_as_that_of_pillow() -> None:
    ramp = np.linspace(60, 180, 600)[None] + np.random.default_rng(0).normal(0, 3, (400, 600))
    grey, other = np.clip(ramp, 0, 255).astype(np.uint8), io.BytesIO()
    Image.fromarray(grey).save(other, "PNG")
    assert len(png(Picture(grey, 255.0))) < 1.15 * len(other.getvalue())


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["lot/a.JPG", "lot/b.png"], ["lot/a.png", "lot/b.png"]),
        (["a.jpg", "a.png"], ["a.jpg.png", "a.png"]),
        (["a.jpg", "a.bmp"], ["a.jpg.png", "a.bmp.png"]),
        (["a.png", "A.PNG"], ["a.png", "A.PNG.png"]),
        (["a.jpg", "a.bmp", "a.jpg.png"], ["a~2.jpg.png", "a.bmp.png", "a.jpg.png"]),
        (["part.0001", "part.0002"], ["part.0001.png", "part.0002.png"]),
        (["../../etc/a.png", "/etc/a.png"], ["etc/a.png", "etc/a.png.png"]),
        (["..", "x/../y.tif"], ["_.png", "x/y.png"]),
        (["CON.png", "aux/b.png", "nul.v1.jpg"], ["_CON.png", "_aux/b.png", "_nul.v1.png"]),
        (['a:b*"c?.png', "e .jpg", "dir. /x.png"], ["a_b__c_.png", "e.png", "dir/x.png"]),
        (["bild\\n.png", "b\u202egnp.jpg", "c\udce9.png"], ["bild_n.png", "b_gnp.png", "c_.png"]),
        (["run.json/a.png", "良品/ア.bmp"], ["run.json_/a.png", "良品/ア.png"]),
        (["a.png/b.png", "a.jpg"], ["a.png/b.png", "a.jpg.png"]),
        (["\u00e9.png", "e\u0301.jpg"], ["\u00e9.png", "e\u0301.jpg.png"]),
    ],
)
def test_names_are_valid_everywhere_and_no_two_are_one_file(ids: list[str], names: list[str]) -> None:
    assert list(file_names(ids, taken=["run.json"]).values()) == names


def test_who_is_called_what_does_not_depend_on_the_order() -> None:
    ids = ["a.jpg", "a.png", "b.bmp", "b.tif", "c/d.png"]
    assert file_names(ids) == dict(sorted(file_names(ids[::-1]).items()))


def test_a_name_that_is_too_long_is_cut_and_stays_its_own() -> None:
    names = list(file_names([f"{'長' * 120}{n}.jpg" for n in range(3)]).values())
    assert len(set(names)) == 3
    assert all(len(name.encode()) < 230 for name in names)


def test_nothing_leaves_the_folder(tmp_path: Path) -> None:
    ids = [
        "../a.png",
        "/b.png",
        "c/../../../d.png",
        "./../e.png",
        "C:\\f.png",
        "\\\\host\\g.png",
        "..\\h.png",
        "~/i.png",
        ". /j.png",
    ]
    for name in file_names(ids).values():
        path = PurePosixPath(name)
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert (tmp_path / name).resolve().is_relative_to(tmp_path.resolve())
        assert "\\" not in name
