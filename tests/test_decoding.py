"""Decoding once: what is shared is what each would see by itself, and no picture is decoded twice."""

from __future__ import annotations

import io
import pickle
import runpy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shiftlens.framework.host.host import discover
from shiftlens.framework.running.decoding import SharedSource, Squares
from shiftlens.framework.running.sources import open_source
from shiftlens.framework.values import pictures
from shiftlens.plugin import ImageSet, Picture, SetAside, Unreadable, decode, decode_looks, square
from shiftlens.testing import sample_images

planted = runpy.run_path(str(Path(__file__).with_name("planted.py")))
SIZES = (64, 96)
TURNED = Image.Exif()
TURNED[0x0112] = 6
RNG = np.random.default_rng(0)
FILES = {
    "grey.png": ("L", (300, 200), {}), "colour.png": ("RGB", (300, 200), {}), "alpha.png": ("RGBA", (150, 170), {}),
    "large.jpg": ("RGB", (800, 700), {"quality": 90}), "grey.jpg": ("L", (800, 700), {}), "small.jpg": ("RGB", (70, 80), {}),
    "deep.tif": ("I;16", (120, 90), {}), "turned.jpg": ("RGB", (800, 500), {"exif": TURNED}),
    "exact.png": ("RGB", (64, 64), {}), "bits.bmp": ("L", (90, 90), {}),
}  # fmt: skip


def file_of(name: str) -> bytes:
    mode, (width, height), how = FILES[name]
    bands = {"L": (), "RGB": (3,), "RGBA": (4,), "I;16": ()}[mode]
    kind = np.uint16 if mode == "I;16" else np.uint8
    ramp = np.linspace(0, 200, width)[None, :, *(None for _ in bands)] + RNG.integers(0, 50, (height, width, *bands))
    buffer = io.BytesIO()
    image = Image.fromarray((ramp * (257 if mode == "I;16" else 1)).astype(kind))
    image.save(buffer, {"jpg": "jpeg", "tif": "tiff"}.get(ending := name.rpartition(".")[2], ending), **how)
    return buffer.getvalue()


@pytest.mark.parametrize("name", FILES)
def test_looks_together_are_looks_apart(name: str) -> None:
    data = file_of(name)
    whole, squares = decode_looks(data, SIZES, whole=True)
    alone = decode(data)
    assert isinstance(whole, Picture)
    np.testing.assert_array_equal(whole.pixels, alone.pixels)
    assert (whole.white, whole.alpha is None) == (alone.white, alone.alpha is None)
    for size, found in zip(SIZES, squares, strict=True):
        np.testing.assert_array_equal(found, square(decode(data, at_least=size), size))
    assert decode_looks(data, SIZES, whole=False)[0] is None


@pytest.mark.parametrize("data", [b"", b"no image", file_of("colour.png")[:900], file_of("large.jpg")[:3000]])
def test_what_cannot_be_decoded_is_so_for_every_look(data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(data)
    whole, squares = decode_looks(data, SIZES, whole=True)
    assert str(whole) == str(caught.value)
    for size, found in zip(SIZES, squares, strict=True):
        with pytest.raises(Unreadable) as caught:
            decode(data, at_least=size)
        assert str(found) == str(caught.value)


@pytest.fixture
def images(folder_of: Callable[..., Path]) -> ImageSet:
    return open_source(str(folder_of("some", 20)), "some", discover())


def test_encoders_of_one_plan_decode_each_picture_once(
    images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shiftlens.framework.running.session import session

    decoded: Counter[bytes] = Counter()
    before = pictures._decoded

    def counted(data: bytes, *more: Any) -> Any:
        decoded[data] += 1
        return before(data, *more)

    monkeypatch.setattr(pictures, "_decoded", counted)
    steps = {use: {"use": use, "inputs": {"images": "some"}} for use in ("physical", "features", "style")}
    planted["run_steps"](session(), steps, {"some": images}, tmp_path)
    assert set(decoded.values()) == {1}
    assert len(decoded) == 20


def test_shared_squares_are_those_of_the_source_in_any_order_and_with_little_room(images: ImageSet) -> None:
    for most in (2**30, 0):
        shared = SharedSource(images.source, SIZES, Squares(most))
        for size in (96, 64, 96):
            for ref in images.refs[:4]:
                np.testing.assert_array_equal(shared.square(ref, size), square(images.source.picture(ref, at_least=size), size))
        np.testing.assert_array_equal(shared.picture(images.refs[0]).pixels, images.source.picture(images.refs[0]).pixels)


def test_a_source_that_knows_nothing_of_looks_is_asked_for_each() -> None:
    own = sample_images(6)
    shared = SharedSource(own.source, SIZES, Squares())
    assert shared.square(own.refs[0], 64).shape == (64, 64, 3)
    assert shared.picture(own.refs[0]).size == own.source.picture(own.refs[0]).size
    for look in (shared.picture, lambda ref: shared.square(ref, 64)):
        with pytest.raises(Unreadable, match="planted"):
            look(own.refs[2])


def test_looking_in_the_thread_that_decodes_gives_the_same(images: ImageSet) -> None:
    means = [found for _, found in images.seen(lambda picture: float(picture.unit().mean()))]
    assert means == [float(p.unit().mean()) for _, p in images.decoded() if not isinstance(p, SetAside)]


@pytest.mark.parametrize("written", ["folder", "list", "parts:osaka?n=3", "parts:sapporo?n=3&size=64"])
def test_every_built_in_source_pickles(written: str, folder_of: Callable[..., Path], tmp_path: Path) -> None:
    place = folder_of("some", 3)
    (tmp_path / "list.csv").write_text("".join(f"some/{i:03d}.png\n" for i in range(3)))
    text = {"folder": str(place), "list": str(tmp_path / "list.csv")}.get(written, written)
    own = open_source(text, "some", discover())
    next(own.decoded())
    there = pickle.loads(pickle.dumps(own))
    assert there == own or [ref.id for ref in there.refs] == [ref.id for ref in own.refs]
    for (_, one), (_, other) in zip(own.decoded(), there.decoded(), strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
