"""Fine structure: brushed and cast texture, mottle, the weave of the belt, and the engraved code."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

TILE = 256
CELL = 0.25
"""Side of a cell of the tile in mm; the texture repeats after 64 mm, further than a part reaches."""
CODE_LETTERS = "0123456789ABCEHK"
CODE_LENGTH = 3
_FONT = (
    "0E11131519110E", "040C040404040E", "0E11010204081F", "1F02040201110E", "02060A121F0202", "1F101E0101110E",
    "0608101E11110E", "1F010204080808", "0E11110E11110E", "0E11110F01020C", "0E11111F111111", "1E11111E11111E",
    "0E11101010110E", "1F10101E10101F", "1111111F111111", "11121418141211",
)  # fmt: skip
"""Seven rows of five dots a letter, as bits."""


@cache
def _atlas() -> Tensor:
    """Make the periodic tiles ``(1, 3, 257, 514)``: slope along, slope across, mottle; cast left, brushed right.

    Slopes have a standard deviation of 1 (the brushed one across alone), mottle too.
    """
    rng = np.random.default_rng(20240229)
    f = np.fft.fftfreq(TILE, CELL)
    fu, fv = np.meshgrid(f, f)
    radius = np.hypot(fu, fv)

    def made(spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
        values = np.fft.ifft2(np.fft.fft2(rng.normal(size=(TILE, TILE))) * spectrum).real
        return np.asarray(values / values.std())

    pits = np.exp(-((radius / 0.9) ** 2)) * (radius > 0.15) / np.maximum(radius, 0.15)
    height = np.fft.fft2(made(pits))
    along, across = (np.fft.ifft2(2j * np.pi * k * height).real for k in (fu, fv))
    lines = made(np.exp(-((fu * 22) ** 2)) * np.exp(-((fv / 1.5) ** 2)) * (np.abs(fv) > 0.2))
    mottle = made(np.exp(-((radius / 0.12) ** 2)) * (radius > 0))
    cast = np.stack([along / along.std(), across / across.std(), mottle])
    brushed = np.stack([np.zeros_like(lines), lines, mottle])
    sheets = [np.pad(tile, ((0, 0), (0, 1), (0, 1)), mode="wrap") for tile in (cast, brushed)]
    return torch.from_numpy(np.concatenate(sheets, axis=2)).float()[None]


def texture(x: Tensor, y: Tensor, brushed: Tensor) -> Tensor:
    """Give ``(images, 3, rows, columns)``: slope along x, slope across, mottle, at the places ``x``, ``y`` in mm.

    ``brushed`` is ``(images, 1, 1)`` bool; lines run along x.
    """
    column = torch.remainder(x / CELL, TILE) + brushed * (TILE + 1)
    row = torch.remainder(y / CELL, TILE)
    grid = torch.stack([column * (2 / (2 * TILE + 1)) - 1, row * (2 / TILE) - 1], dim=-1)
    return grid_sample(_atlas().expand(len(x), -1, -1, -1), grid, mode="bilinear", align_corners=True)


def weave(x: Tensor, y: Tensor) -> Tensor:
    """Give the brightness of a woven belt around 1: threads over and under each other, 2.4 mm apart."""
    a, b = torch.sin(x * (torch.pi / 1.2)), torch.sin(y * (torch.pi / 1.2))
    return 1 + 0.22 * a * b + 0.05 * (a + b)


def ribs(x: Tensor) -> Tensor:
    """Give the brightness of a tray around 1: shallow ribs along y every 15 mm."""
    wave = torch.cos(x * (2 * torch.pi / 15))
    return 1 + 0.1 * torch.tanh(6 * (wave - 0.8)) * torch.sin(x * (2 * torch.pi / 15)).sign() * (wave > 0.6)


def codes(letters: NDArray[np.int64]) -> Tensor:
    """Give the code of each part as ``(parts, 1, 9, 19)``: 1 where a stroke is, an empty cell around; of ``(parts, 3)``."""
    glyphs = np.zeros((len(CODE_LETTERS), 7, 6), np.float32)
    for i, rows in enumerate(_FONT):
        for row, bits in enumerate(bytes.fromhex(rows)):
            glyphs[i, row, :5] = [bits >> (4 - column) & 1 for column in range(5)]
    lines = np.concatenate(list(np.moveaxis(glyphs[letters], 1, 0)), axis=2)
    return torch.from_numpy(np.pad(lines, ((0, 0), (1, 1), (1, 0))))[:, None]


def engraved(x: Tensor, y: Tensor, bitmap: Tensor, height: Tensor) -> Tensor:
    """Give where strokes are, 0 to 1; ``x`` and ``y`` from the middle of the code, ``height`` of its letters, all in mm."""
    cell = height / 7
    rows, columns = bitmap.shape[-2:]
    grid = torch.stack([x / cell * (2 / columns), -y / cell * (2 / rows)], dim=-1)
    return ((grid_sample(bitmap, grid, align_corners=False) - 0.25) / 0.4).clamp(0, 1)[:, 0]
