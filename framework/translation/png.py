"""Pictures as PNG files, lossless, of 8 or 16 bits. Written here, since Pillow cannot write colour of 16 bits."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..values.pictures import Picture

Samples = NDArray[np.uint8] | NDArray[np.uint16]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
_UP = 2
_LEVEL = 4
_BAND = 2**20
"""Bytes that are packed at a time."""


def png(picture: Picture) -> bytes:
    """Give a picture as it is, as the bytes of a file: grey or colour, 8 or 16 bits, with its alpha where it has one.

    Values are those of ``pixels``, so 4095 stays 4095 where that is white. Where there is alpha, white is taken out of the
    colours again, as PNG has them: laid on white they are ``pixels``; what is fully transparent is white. There is no colour
    profile and no gamma, since nothing is known of either.
    """
    samples = _samples(picture)
    rows, columns, channels = samples.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8 * samples.itemsize, _COLOUR_TYPE[channels], 0, 0, 0)
    data = b"".join(_chunk(b"IDAT", part) for part in _packed(samples))
    return _SIGNATURE + _chunk(b"IHDR", header) + data + _chunk(b"IEND", b"")


def _samples(picture: Picture) -> Samples:
    """Give ``(rows, columns, channels)``, colours as they are without white below them."""
    shape = *picture.pixels.shape[:2], 1 if picture.is_grey else 3
    pixels: Samples = picture.pixels.reshape(shape)
    if picture.alpha is None:
        return pixels
    alpha = picture.alpha[..., None]
    share = alpha / 255
    bare = (pixels - (1 - share) * picture.white) / np.maximum(share, 1 / 255)
    colours = np.where(alpha == 0, picture.white, np.rint(bare)).clip(0, picture.white)
    samples: Samples = np.empty((*shape[:2], shape[2] + 1), pixels.dtype)
    samples[..., :-1] = colours
    samples[..., -1:] = alpha * np.float64(np.iinfo(pixels.dtype).max // 255)
    return samples


def _packed(samples: Samples) -> Iterator[bytes]:
    """Give the packed rows, each as what it differs by from the one above."""
    lines = np.ascontiguousarray(samples, samples.dtype.newbyteorder(">")).view(np.uint8).reshape(len(samples), -1)
    packer = zlib.compressobj(_LEVEL, strategy=zlib.Z_FILTERED)
    above = np.zeros_like(lines[:1])
    many = max(1, _BAND // lines.shape[1])
    for first in range(0, len(lines), many):
        band = lines[first : first + many]
        told = np.full((len(band), lines.shape[1] + 1), _UP, np.uint8)
        told[:, 1:] = band - np.concatenate([above, band[:-1]])
        above = band[-1:]
        if data := packer.compress(told.data):
            yield data
    yield packer.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
