"""One decoded image, and the decoding of bytes into it; what cannot be trusted is set aside by name."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_PIXELS = 178_000_000
"""Larger pictures are taken for decompression bombs; it is where Pillow draws the line, too."""
LEAST_SIDE = 8
_CUT_SHARE = 1 / 12
_GREY_FILL = (126, 130)
_Size = tuple[int, int]
Square = NDArray[np.uint8]
"""A picture scaled to ``(size, size, 3)``."""
_JPEG = b"\xff\xd8"
_STRIP = 2**22
"""Bytes that are taken out of Pillow at a time."""
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError)
"""What Pillow raises of files that are not whole."""


class Unreadable(Exception):  # a verdict on a file, not an error of the run
    """Why one image cannot be used, in words; caught per image, never ends a run."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels as they were stored, upright.

    ``pixels`` is ``(height, width)`` for grey or ``(height, width, 3)`` for RGB, ``uint8`` or
    ``uint16``; ``white`` is the value of full scale (255, 4095, 65535). ``alpha`` is ``(height, width)``
    ``uint8`` where a file is not opaque everywhere; ``pixels`` are then what it looks like on white.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    white: float
    alpha: NDArray[np.uint8] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def is_grey(self) -> bool:
        """Whether the file stored one channel."""
        return self.pixels.ndim == 2

    def unit(self) -> NDArray[np.float32]:
        """Pixels as ``float32`` in 0..1, shape as stored."""
        unit: NDArray[np.float32] = np.minimum(self.pixels.astype(np.float32) / np.float32(self.white), np.float32(1))
        return unit

    def rgb8(self) -> NDArray[np.uint8]:
        """Pixels as ``(height, width, 3)`` ``uint8``, grey repeated."""
        if self.pixels.dtype == np.uint8:
            eight = self.pixels
        else:
            eight = np.rint(self.unit() * np.float32(255)).astype(np.uint8)
        return np.repeat(eight[..., None], 3, axis=2) if self.is_grey else eight  # type: ignore[return-value]


def decode(data: bytes, *, depth: int | None = None, at_least: int | None = None, keep_cut: bool = False) -> Picture:
    """Decode the bytes of one image file: the first frame, upright, alpha laid on white.

    Args:
        data: the whole file.
        depth: bits that a 16-bit file really uses (10, 12, 14); 16 where nothing is said.
        at_least: a JPEG may be decoded at a reduced scale whose short side is not below this.
        keep_cut: keep pictures that end in an even grey or black block.

    Raises:
        Unreadable: no image, damaged, cut off, too large or too small; the message says which.
    """
    return _decoded(data, _reduced(data, at_least)[0], depth, keep_cut)[0]


def decode_looks(
    data: bytes, sizes: Sequence[int], *, whole: bool, depth: int | None = None, keep_cut: bool = False
) -> tuple[Picture | Unreadable | None, list[Square | Unreadable]]:
    """Decode the bytes of one image file once for several looks at it.

    Args:
        data: the whole file.
        sizes: sides of squares; each is what :func:`square` makes of ``decode(data, at_least=size)``.
        whole: whether the whole picture is wanted as well.
        depth: as in :func:`decode`.
        keep_cut: as in :func:`decode`.

    Returns:
        the picture, and the squares; in the place of each what :func:`decode` would raise.
    """
    asked = {size: _reduced(data, size) for size in sizes}
    together: dict[_Size | None, tuple[_Size | None, list[int]]] = {None: (None, [])} if whole else {}
    for size, (wanted, reduced) in asked.items():
        together.setdefault(reduced, (wanted, []))[1].append(size)
    pictures: dict[_Size | None, Picture | Unreadable] = {}
    found: dict[int, Square | Unreadable] = {}
    for reduced, (wanted, some) in together.items():
        try:
            pictures[reduced], squares = _decoded(data, wanted, depth, keep_cut, some)
            found |= squares
        except Unreadable as reason:
            pictures[reduced] = reason
            found |= dict.fromkeys(some, reason)
    return pictures.get(None) if whole else None, [found[size] for size in sizes]


def _reduced(data: bytes, at_least: int | None) -> tuple[_Size | None, _Size | None]:
    """Give the size to ask a JPEG for and the one it then has, nothing where it is decoded whole; damage shows later."""
    if not at_least or not data.startswith(_JPEG):
        return None, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
    except (*_DAMAGE, Image.DecompressionBombError):
        return None, None
    whole, scale = image.size, min(image.size) / at_least
    if image.format != "JPEG" or scale <= 1:
        return None, None
    wanted = int(image.width / scale), int(image.height / scale)
    image.draft(None, wanted)
    return (None, None) if image.size == whole else (wanted, image.size)


def _decoded(
    data: bytes, wanted: _Size | None, depth: int | None, keep_cut: bool, sizes: Sequence[int] = ()
) -> tuple[Picture, dict[int, Square]]:
    if not data:
        raise Unreadable("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            _check_size(image)
            if wanted is not None:
                image.draft(None, wanted)
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            alpha = _alpha(image)
            pixels, white = _pixels(image, depth)
            squares = {size: _square_of(image, size) for size in sizes} if image.mode in ("L", "RGB") else {}
    except Unreadable:
        raise
    except UnidentifiedImageError:
        raise Unreadable("not an image of a known format") from None
    except Image.DecompressionBombError:
        raise Unreadable(f"over {MOST_PIXELS // 1_000_000} megapixels") from None
    except _DAMAGE as error:
        raise Unreadable(f"damaged: {_first_line(error)}") from None
    except MemoryError:
        raise Unreadable("does not fit in memory") from None
    if not keep_cut and (rows := cut_off_rows(pixels)):
        raise Unreadable(f"cut off: the lowest {rows} of {pixels.shape[0]} rows are one even block")
    picture = Picture(pixels, white, alpha)
    return picture, {size: squares[size] if size in squares else square(picture, size) for size in sizes}


def square(picture: Picture, size: int) -> Square:
    """Scale the whole frame to ``(size, size, 3)`` ``uint8``, antialiased; the aspect is not kept.

    Nothing is cropped, because what differs may lie at the border, and all sets are scaled alike.
    """
    pixels = picture.rgb8()
    return pixels if pixels.shape[:2] == (size, size) else _square_of(Image.fromarray(pixels), size)


def _square_of(image: Image.Image, size: int) -> Square:
    """Scale a grey or RGB image; one of the size asked for stays as it is."""
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0)
    pixels = np.asarray(image)
    return np.repeat(pixels[..., None], 3, axis=2) if image.mode == "L" else pixels


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise Unreadable(f"{image.width} × {image.height} is over {MOST_PIXELS // 1_000_000} megapixels")
    if min(image.size) < LEAST_SIDE:
        raise Unreadable(f"{image.width} × {image.height} is below {LEAST_SIDE} × {LEAST_SIDE} pixels")


def _pixels(image: Image.Image, depth: int | None) -> tuple[NDArray[np.uint8] | NDArray[np.uint16], float]:
    if image.mode.startswith("I;16") or image.mode == "I":
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise Unreadable("32-bit integers beyond 16 bits are not supported")
        return values.astype(np.uint16), float(2 ** (depth or 16) - 1)
    if image.mode == "F":
        raise Unreadable("floating-point pixels have no stated full scale")
    if image.mode in ("1", "L"):
        return _stored(image if image.mode == "L" else image.convert("L")), 255.0
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    if image.mode == "LA":
        return _stored(image.convert("L")), 255.0
    return _stored(image if image.mode == "RGB" else image.convert("RGB")), 255.0


def _stored(image: Image.Image) -> NDArray[np.uint8]:
    """Give the pixels of an ``L`` or ``RGB`` image, strip by strip: Pillow gives a whole one as many pieces, then joined."""
    shape = (image.height, image.width) if image.mode == "L" else (image.height, image.width, 3)
    pixels = np.empty(shape, np.uint8)
    rows = max(1, _STRIP // (image.width * (pixels.size // (image.width * image.height))))
    for top in range(0, image.height, rows):
        below = min(image.height, top + rows)
        pixels[top:below] = np.asarray(image.crop((0, top, image.width, below)))
    pixels.flags.writeable = False
    return pixels


def _alpha(image: Image.Image) -> NDArray[np.uint8] | None:
    if image.mode.startswith("I") or ("A" not in image.getbands() and "transparency" not in image.info):
        return None
    alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    return None if (alpha == 255).all() else alpha


def cut_off_rows(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> int:
    """Count the rows of an even black or mid-grey block that a broken transfer left below.

    Only a block across the whole width counts, a twelfth of the height or more, which begins where
    nearly every pixel was something else: a part that lies on a black ground ends gradually.

    >>> cut_off_rows(np.zeros((64, 64), np.uint8))
    0
    """
    height = pixels.shape[0]
    rows = pixels.reshape(height, -1)
    if rows.dtype != np.uint8 or not _is_fill(rows[-1]):
        return 0
    fill = rows[-1].astype(np.int16).mean()
    near = np.abs(rows.astype(np.int16) - fill) <= 2
    even = near.all(axis=1)
    count = height if even.all() else int(np.argmin(even[::-1]))
    if count < max(2, height * _CUT_SHARE) or count == height:
        return 0
    first = height - count
    above = near[max(0, first - 32) : max(1, first - 16)]
    return count if above.mean() < 0.1 else 0


def _is_fill(row: NDArray[np.uint8]) -> bool:
    low, high = int(row.min()), int(row.max())
    return high <= 2 or (low >= _GREY_FILL[0] and high <= _GREY_FILL[1])


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
