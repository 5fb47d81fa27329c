"""The style generator against the straightforward way, one group of a convolution for each image, alternating in one run.

``python benchmarks/style_generator.py [--configs small-64,half-256] [--batches 1,8] [--rounds 7] [--threads 1]``

Both make the same images of the same weights. Times are medians of the rounds; peak memory is that of a process of its own
which makes one batch, less that of one which only loads the weights. The second table is images a second of the encoder
followed by the generator.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from shiftlens.plugins.stylegan2.e4e import E4eEncoder
from shiftlens.plugins.stylegan2.generator import Generator
from shiftlens.plugins.stylegan2.small import SmallEncoder

CONFIGS: dict[str, dict[str, int]] = {
    "small-64": {"size": 64, "w_dim": 128, "mapping": 4, "channel_base": 2048, "channel_max": 128},
    "half-256": {"size": 256, "channel_base": 16384},
    "f-512": {"size": 512},
}


def convolved(x: Tensor, weight: Tensor, style: Tensor, *, up: bool = False, demodulate: bool = True) -> Tensor:
    """Convolve each image with weights of its own, as the papers write it.

    Args:
        x: ``(images, inputs, rows, columns)``.
        weight: ``(outputs, inputs, side, side)``, before the scale of equalised learning rates.
        style: ``(images, inputs)``.
        up: whether to double the resolution.
        demodulate: whether each image's output weights are brought to norm 1.
    """
    images, inputs, rows, columns = x.shape
    outputs, _, side, _ = weight.shape
    own = weight / math.sqrt(inputs * side * side) * style[:, None, :, None, None]
    if demodulate:
        own = own / (own.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).sqrt()
    x = x.reshape(1, images * inputs, rows, columns)
    if not up:
        own = own.reshape(images * outputs, inputs, side, side)
        return F.conv2d(x, own, padding=side // 2, groups=images).view(images, outputs, rows, columns)
    own = own.transpose(1, 2).reshape(images * inputs, outputs, side, side)
    x = F.conv_transpose2d(x, own, stride=2, groups=images).view(images, outputs, 2 * rows + 1, 2 * columns + 1)
    return filtered(F.pad(x, (1, 1, 1, 1)))


def filtered(x: Tensor) -> Tensor:
    """Filter each channel with the outer product of (1, 3, 3, 1)/4 with itself."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
    kernel = torch.outer(taps, taps).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(x, kernel, groups=x.shape[1])


def doubled(picture: Tensor) -> Tensor:
    """Put a zero after each pixel and row, and low-pass."""
    images, channels, rows, columns = picture.shape
    wide = picture.new_zeros(images, channels, 2 * rows, 2 * columns)
    wide[:, :, ::2, ::2] = picture
    return filtered(F.pad(wide, (2, 1, 2, 1)))


def grouped(tensors: dict[str, Tensor], w: Tensor) -> Tensor:
    """Make the images of codes ``w`` ``(images, codes, length)`` from the weights alone, with the generator's fixed noise."""

    def styled(name: str, code: int) -> Tensor:
        weight = tensors[f"{name}.conv.modulation.weight"]
        return F.linear(w[:, code], weight / math.sqrt(weight.shape[1]), tensors[f"{name}.conv.modulation.bias"])

    def conv(x: Tensor, name: str, code: int, noise: int, up: bool = False) -> Tensor:
        x = convolved(x, tensors[f"{name}.conv.weight"][0], styled(name, code), up=up)
        x = x + tensors[f"{name}.noise.weight"] * tensors[f"noises.noise_{noise}"]
        return F.leaky_relu(x + tensors[f"{name}.activate.bias"][None, :, None, None], 0.2) * math.sqrt(2)

    def rgb(x: Tensor, name: str, code: int) -> Tensor:
        made = convolved(x, tensors[f"{name}.conv.weight"][0], styled(name, code), demodulate=False)
        return made + tensors[f"{name}.bias"]

    x = conv(tensors["input.input"].expand(len(w), -1, -1, -1), "conv1", 0, 0)
    picture = rgb(x, "to_rgb1", 1)
    for block in range((w.shape[1] - 2) // 2):
        x = conv(x, f"convs.{2 * block}", 2 * block + 1, 2 * block + 1, up=True)
        x = conv(x, f"convs.{2 * block + 1}", 2 * block + 2, 2 * block + 2)
        picture = doubled(picture) + rgb(x, f"to_rgbs.{block}", 2 * block + 3)
    return picture


def ready(config: str, batch: int) -> tuple[dict[str, Callable[[], Tensor]], Callable[[], Tensor]]:
    """Give the two ways to make one batch, and the encoder followed by the generator."""
    torch.manual_seed(0)
    values = CONFIGS[config]
    network = Generator(**values).eval().requires_grad_(False)
    for strength in (m for name, m in network.named_parameters() if name.endswith("noise.weight")):
        strength.fill_(0.1)
    tensors = dict(network.state_dict())
    w = torch.randn(batch, network.n_w, network.w_dim)
    ways = {"ours": lambda: network.synthesis(w=w).images, "grouped": lambda: grouped(tensors, w)}

    def through() -> Tensor:
        encoder = _encoder(values, network.n_w)
        images = torch.rand(batch, 3, encoder.size, encoder.size) * 2 - 1
        return _timed(lambda: network.synthesis(w=encoder.encode(images)).images, batch)

    return ways, through


def _encoder(values: dict[str, int], n_w: int) -> SmallEncoder | E4eEncoder:
    if "w_dim" not in values:
        return E4eEncoder(n_w).eval().requires_grad_(False)
    shape = {key: values[key] for key in ("channel_base", "channel_max")}
    return SmallEncoder(values["size"], values["w_dim"], **shape).eval().requires_grad_(False)


def _timed(work: Callable[[], Tensor], batch: int) -> Tensor:
    work()
    took = [_seconds(work) for _ in range(5)]
    return torch.tensor(batch / statistics.median(took))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@torch.inference_mode()
def one(config: str, batch: int, way: str, rounds: int) -> str:
    """Measure one thing; run in a process of its own."""
    ways, through = ready(config, batch)
    if way == "times":
        apart = float((ways["ours"]() - ways["grouped"]()).abs().max() / ways["grouped"]().abs().max())
        took = [[_seconds(work) for work in ways.values()] for _ in range(rounds)]
        ours, plain = (statistics.median(column) for column in zip(*took, strict=True))
        return f"{ours} {plain} {apart}"
    if way == "rate":
        return str(float(through()))
    if way in ways:
        ways[way]()
    return str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10))


def main() -> int:
    """Print both tables; end with 1 where ours is slower at any row, or the images differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configs", default="small-64,half-256")
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--one", nargs=3, metavar=("CONFIG", "BATCH", "WAY"), help=argparse.SUPPRESS)
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    if words.one:
        print(one(words.one[0], int(words.one[1]), words.one[2], words.rounds))
        return 0

    def measured(*what: object) -> list[float]:
        command = [sys.executable, __file__, "--rounds", words.rounds, "--threads", words.threads, "--one", *what]
        done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
        return [float(number) for number in done.stdout.split()]

    print(f"torch {torch.__version__}, {words.threads} threads, load {os.getloadavg()[0]:.1f}\n")
    print("| generator | batch | ours, ms | grouped, ms | faster by | differs by | ours, MiB | grouped, MiB |")
    print("|---|---|---|---|---|---|---|---|")
    held, rates = True, []
    for config in words.configs.split(","):
        for batch in map(int, words.batches.split(",")):
            ours, plain, apart = measured(config, batch, "times")
            memory = {way: measured(config, batch, way)[0] for way in ("nothing", "ours", "grouped")}
            peaks = " | ".join(f"{memory[way] - memory['nothing']:.0f}" for way in ("ours", "grouped"))
            print(f"| {config} | {batch} | {1e3 * ours:.1f} | {1e3 * plain:.1f} | {plain / ours:.2f} | {apart:.0e} | {peaks} |")
            rates.append((config, batch, measured(config, batch, "rate")[0]))
            held &= plain >= ours and apart < 1e-4
    print("\n| encoder and generator | batch | images/s |\n|---|---|---|")
    for config, batch, rate in rates:
        encoder = "small" if "w_dim" in CONFIGS[config] else "e4e"
        print(f"| {encoder}, {config} | {batch} | {rate:.1f} |")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
