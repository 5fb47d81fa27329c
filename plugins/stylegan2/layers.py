"""The layers of a StyleGAN2 generator: which there are, how wide, and which code styles them.

Facts: Karras et al. 2020 (arXiv 1912.04958) for the layers, Wu, Lischinski and Shechtman 2021 (arXiv 2011.12799) for S.
"""

from __future__ import annotations

from ...plugin import StyleLayer

SMALLEST, LARGEST = 16, 1024


def is_size(size: int) -> bool:
    """Whether generators of this size are known: a power of two, 16 to 1024."""
    return SMALLEST <= size <= LARGEST and size & (size - 1) == 0


def channels(resolution: int, channel_base: int, channel_max: int) -> int:
    """Give the channels of a block: 32768 / resolution, at most 512, in the published config f.

    >>> channels(64, 32768, 512), channels(1024, 32768, 512)
    (512, 32)
    """
    return max(1, min(channel_max, channel_base // resolution))


def even(size: int, channel_base: int) -> bool:
    """Whether every block has ``channel_base / resolution`` channels, exactly: from such widths the base can be read again."""
    return channel_base % size == 0


def resolutions(size: int) -> list[int]:
    """Give the resolutions of the blocks.

    >>> resolutions(32)
    [4, 8, 16, 32]
    """
    return [1 << power for power in range(2, size.bit_length())]


def codes(size: int) -> int:
    """Give the number of codes in W+.

    >>> codes(1024)
    18
    """
    return 2 * (size.bit_length() - 1) - 2


def style_layers(size: int, channel_base: int, channel_max: int) -> tuple[StyleLayer, ...]:
    """Give every modulated layer in the order in which it runs; a toRGB shares its code with the next block's first layer.

    >>> layers = style_layers(1024, 32768, 512)
    >>> len(layers), sum(layer.width for layer in layers), layers[14]
    (26, 9088, StyleLayer(name='b128.conv0', resolution=128, kind='conv', w=9, width=512))
    """
    found: list[StyleLayer] = []
    before = channels(4, channel_base, channel_max)
    for number, resolution in enumerate(resolutions(size)):
        width = channels(resolution, channel_base, channel_max)
        if number:
            found.append(StyleLayer(f"b{resolution}.conv0", resolution, "conv", 2 * number - 1, before))
        found.append(StyleLayer(f"b{resolution}.conv1", resolution, "conv", 2 * number, width))
        found.append(StyleLayer(f"b{resolution}.torgb", resolution, "rgb", 2 * number + 1, width))
        before = width
    return tuple(found)
