"""A step of ``mcdut`` against CUT's published step written out plainly, alternating in one run; then inference.

``python benchmarks/translation_step.py [--size 256] [--ngf 64] [--blocks 9] [--rounds 5] [--threads 2] [--device cpu]``

The plain step is as published: each image is encoded again for its keys, with a graph that is then thrown away; fake and real
pictures go through the discriminator one after the other; resampling is by grouped and transposed convolutions. All steps
begin with the same weights, and the first losses of ``cut`` must be the plain step's. Times are medians of the rounds after
one that is not counted. Peak memory is that of a process of its own which takes two steps, less that of one which only
makes the networks; on an accelerator it is what torch allocated. Ends with 1 where ``cut`` takes more than 0.8 or
``mcdut-paper`` more than 1.5 of the plain step's time, or losses differ.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from shiftlens.plugins.mcdut.data import Batch
from shiftlens.plugins.mcdut.fit_config import McdutConfig
from shiftlens.plugins.mcdut.network import Generator
from shiftlens.plugins.mcdut.networks import Networks
from shiftlens.plugins.mcdut.step import Step
from shiftlens.plugins.mcdut.tiling import tiled
from shiftlens.plugins.mcdut.views import Window

PATCHES, TEMPERATURE = 256, 0.07
LIMITS = {"cut": 0.8, "mcdut-paper": 1.5}


class Down(nn.Module):
    """Blur and halve, as published."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("filt", torch.zeros(channels, 1, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Give half the map."""
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.filt, stride=2, groups=x.shape[1])  # type: ignore[arg-type]


class Up(nn.Module):
    """Double and blur, as published."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("filt", torch.zeros(channels, 1, 4, 4))

    def forward(self, x: Tensor) -> Tensor:
        """Give twice the map."""
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        wide = F.conv_transpose2d(x, self.filt, stride=2, padding=2, groups=x.shape[1])  # type: ignore[arg-type]
        return wide[:, :, 1:, 1:][:, :, :-1, :-1]


class Residual(nn.Module):
    """Two convolutions and a sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels), nn.ReLU(True),
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Give the sum."""
        return x + self.conv_block(x)


class Plain(nn.Module):
    """The generator; with layers it gives their maps and stops at the last."""

    def __init__(self, ngf: int, blocks: int) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, ngf, 7), nn.InstanceNorm2d(ngf), nn.ReLU(True)]
        for wide in (2 * ngf, 4 * ngf):
            parts += [nn.Conv2d(wide // 2, wide, 3, padding=1), nn.InstanceNorm2d(wide), nn.ReLU(True), Down(wide)]
        parts += [Residual(4 * ngf) for _ in range(blocks)]
        for wide in (2 * ngf, ngf):
            parts += [Up(2 * wide), nn.Conv2d(2 * wide, wide, 3, padding=1), nn.InstanceNorm2d(wide), nn.ReLU(True)]
        self.model = nn.Sequential(*parts, nn.ReflectionPad2d(3), nn.Conv2d(ngf, 3, 7), nn.Tanh())

    def forward(self, x: Tensor, layers: Sequence[int] = ()) -> Any:
        """Give the image, or the maps of ``layers``."""
        found = []
        for place, part in enumerate(self.model):
            x = part(x)
            if place in layers:
                found.append(x)
            if layers and place == max(layers):
                return found
        return x


class PlainJudge(nn.Module):
    """The discriminator."""

    def __init__(self, ndf: int) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Conv2d(3, ndf, 4, 1, 1), nn.LeakyReLU(0.2, True), Down(ndf)]
        for wide in (2 * ndf, 4 * ndf):
            parts += [nn.Conv2d(wide // 2, wide, 4, 1, 1), nn.InstanceNorm2d(wide), nn.LeakyReLU(0.2, True), Down(wide)]
        parts += [nn.Conv2d(4 * ndf, 8 * ndf, 4, 1, 1), nn.InstanceNorm2d(8 * ndf), nn.LeakyReLU(0.2, True)]
        self.model = nn.Sequential(*parts, nn.Conv2d(8 * ndf, 1, 4, 1, 1))

    def forward(self, x: Tensor) -> Any:
        """Give one number a patch."""
        return self.model(x)


class PlainHeads(nn.Module):
    """Two linear layers for each layer, after the sampling of patches."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        for place, inputs in enumerate(channels):
            setattr(self, f"mlp_{place}", nn.Sequential(nn.Linear(inputs, 256), nn.ReLU(), nn.Linear(256, 256)))

    def forward(self, maps: Sequence[Tensor], ids: Sequence[Tensor] | None = None) -> tuple[list[Tensor], list[Tensor]]:
        """Give unit vectors, and the places they are of."""
        found, used = [], []
        for place, one in enumerate(maps):
            flat = one.permute(0, 2, 3, 1).flatten(1, 2)
            chosen = torch.randperm(flat.shape[1])[:PATCHES].to(one.device) if ids is None else ids[place]
            sample = getattr(self, f"mlp_{place}")(flat[:, chosen].flatten(0, 1))
            found.append(sample / (sample.pow(2).sum(1, keepdim=True).sqrt() + 1e-7))
            used.append(chosen)
        return found, used


class PlainCut:
    """CUT's step (Park et al. 2020), from its published description."""

    def __init__(self, ours: Networks, size: int) -> None:
        config, device = ours.config, ours.accelerator.device
        self.layers, self.size = ours.layers, size
        self.generator, self.judge = Plain(config.ngf, config.blocks).to(device), PlainJudge(config.ndf).to(device)
        self.heads = PlainHeads(ours.generator.widths(ours.layers)).to(device)
        for plain, one in ((self.generator, ours.generator), (self.judge, ours.judge), (self.heads, ours.heads)):
            plain.load_state_dict({name: tensor.contiguous() for name, tensor in one.state_dict().items()})
        self.optimisers = [
            torch.optim.Adam(n.parameters(), lr=2e-4, betas=(0.5, 0.999)) for n in (self.generator, self.heads, self.judge)
        ]

    def step(self, x: Tensor, y: Tensor) -> dict[str, float]:
        """Take one step and give its losses."""
        fake, same = self.generator(torch.cat([x, y])).chunk(2)
        self.judge.requires_grad_(True)
        self.optimisers[2].zero_grad()
        made = (self.judge(fake.detach()) ** 2).mean()
        loss = (made + ((self.judge(y) - 1) ** 2).mean()) * 0.5
        loss.backward()
        self.optimisers[2].step()
        self.judge.requires_grad_(False)
        self.optimisers[0].zero_grad()
        self.optimisers[1].zero_grad()
        gan = ((self.judge(fake) - 1) ** 2).mean()
        nce = (self._nce(x, fake) + self._nce(y, same)) * 0.5
        (gan + nce).backward()
        self.optimisers[0].step()
        self.optimisers[1].step()
        return {name: round(value.item(), 5) for name, value in (("gan", gan), ("nce", nce), ("discriminator", loss))}

    def _nce(self, source: Tensor, made: Tensor) -> Tensor:
        queried = self.generator(made, self.layers)
        keyed = self.generator(source, self.layers)
        keys, ids = self.heads(keyed)
        queries, _ = self.heads(queried, ids)
        total = source.new_zeros(())
        for q, k in zip(queries, keys, strict=True):
            k = k.detach()
            positive = torch.bmm(q[:, None], k[:, :, None])[:, 0]
            against = torch.bmm(q.view(len(source), -1, 256), k.view(len(source), -1, 256).transpose(1, 2))
            against.masked_fill_(torch.eye(against.shape[1], device=q.device, dtype=torch.bool)[None], -10.0)
            logits = torch.cat([positive, against.flatten(0, 1)], dim=1) / TEMPERATURE
            total = total + F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long, device=q.device))
        return total / len(queries)


def pictures(size: int, seed: int = 0) -> list[Tensor]:
    """Make two smooth random pictures, one of each domain."""
    torch.manual_seed(seed)
    return [F.interpolate(torch.rand(1, 3, 16, 16), size, mode="bicubic").clamp(0, 1) * 2 - 1 for _ in range(2)]


def ready(words: argparse.Namespace, way: str) -> Callable[[int], dict[str, float]]:
    """Give one way to take a step, from the same weights and pictures."""
    accelerator = Accelerator(cpu=words.device == "cpu")
    preset = "cut" if way == "plain" else way
    load, last = words.size + words.size // 8, 11 + words.blocks
    layers = [0, 4, 8, 12, min(16, last)]
    config = McdutConfig.model_validate({
        "preset": preset, "load": load, "crop": words.size, "ngf": words.ngf, "ndf": words.ngf, "blocks": words.blocks,
        "layers": layers,
    })  # fmt: skip
    torch.manual_seed(1)
    networks = Networks(config, accelerator)
    loaded, at = pictures(load), Window(0, 0, words.size)
    if way == "plain":
        plain = PlainCut(networks, words.size)
        x, y = (one[:, :, : words.size, : words.size].to(accelerator.device) for one in loaded)
        return lambda _: plain.step(x, y)
    step, given = Step(networks), Batch(*loaded, [at], [at])

    def take(number: int) -> dict[str, float]:
        found = step.step(given, np.random.default_rng(number), number, 0)
        return {name: round(float(loss), 5) for name, loss in found.items()}

    return take


def seconds(work: Callable[[], object], device: str) -> float:
    began = time.perf_counter()
    work()
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def one(words: argparse.Namespace) -> str:
    """Measure memory or inference; run in a process of its own."""
    if words.one in ("whole", "tiled"):
        torch.manual_seed(0)
        network = Generator(words.ngf, words.blocks).eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        image = pictures(2 * words.size)[0].contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            made = network(image) if words.one == "whole" else tiled(network, image, words.size)
        return f"{peak(words.device)} {float(made.abs().mean())}"
    take = ready(words, words.one.removeprefix("networks-"))
    for number in () if words.one.startswith("networks-") else (1, 2):
        take(number)
    return str(peak(words.device))


def peak(device: str) -> float:
    """Give the peak memory of this process in MiB."""
    if device != "cpu":
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says begins with the peak of the process that started this one
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) / 2**10  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def measured(words: argparse.Namespace, what: str) -> list[float]:
    """Measure one thing in a process of its own."""
    options = {name: value for name, value in vars(words).items() if name != "one"}
    command = [
        sys.executable,
        __file__,
        "--one",
        what,
        *(part for name, value in options.items() for part in (f"--{name}", str(value))),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


def inference(words: argparse.Namespace) -> None:
    """Print the table of inference."""
    torch.manual_seed(0)
    network = Generator(words.ngf, words.blocks).eval().requires_grad_(False)
    plain = Plain(words.ngf, words.blocks).eval().requires_grad_(False)
    plain.load_state_dict(network.state_dict())
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    small, large = (pictures(n * words.size)[0] for n in (1, 2))
    laid, wide = (x.contiguous(memory_format=torch.channels_last) for x in (small, large))
    with torch.inference_mode():
        apart = float((tiled(network, wide, words.size) - network(wide)).abs().max())
        naive = torch.cat([network(part) for part in wide.split(words.size, dim=3)], dim=3)
        alone = float((naive - network(wide)).abs().max())
        ways = {
            f"ours, {words.size} px": lambda: network(laid), f"plain, {words.size} px": lambda: plain(small),
            f"ours, {2 * words.size} px": lambda: network(wide),
            f"ours in tiles, {2 * words.size} px": lambda: tiled(network, wide, words.size),
        }  # fmt: skip
        took = {name: [seconds(work, "cpu") for _ in range(words.rounds + 1)][1:] for name, work in ways.items()}
    memory = {"whole": measured(words, "whole")[0], "tiled": measured(words, "tiled")[0]}
    print("\n| inference on the CPU | images/s |\n|---|---|")
    for name, some in took.items():
        print(f"| {name} | {1 / statistics.median(some):.2f} |")
    print(f"\nTiles differ from one pass by at most {apart:.1e}; tiles with norms of their own by {alone:.1e}.")
    print(f"Peak memory of a process: {memory['whole']:.0f} MiB whole, {memory['tiled']:.0f} MiB in tiles.")


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("size", 256), ("ngf", 64), ("blocks", 9), ("rounds", 5), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    if words.one:
        print(one(words))
        return 0
    where = (
        torch.cuda.get_device_name() if words.device == "cuda" else f"{words.threads} threads, load {os.getloadavg()[0]:.1f}"
    )
    print(f"torch {torch.__version__}, {where}; {words.size} px, {words.ngf} channels, {words.blocks} blocks, batch 1\n")
    ways = {way: ready(words, way) for way in ("plain", "cut", "mcdut-paper")}
    first = {way: take(1) for way, take in ways.items()}
    took: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(2, words.rounds + 2):
        for way, take in ways.items():
            took[way].append(seconds(lambda t=take, n=number: t(n), words.device))  # type: ignore[misc]
    times = {way: statistics.median(some) for way, some in took.items()}
    memory = {way: measured(words, way)[0] - measured(words, f"networks-{way}")[0] for way in ways}
    print("| step | ms | of plain | memory, MiB | of plain |\n|---|---|---|---|---|")
    for way, seconds_ in times.items():
        shares = f"{seconds_ / times['plain']:.2f} | {memory[way]:.0f} | {memory[way] / memory['plain']:.2f}"
        print(f"| {way} | {1e3 * seconds_:.0f} | {shares} |")
    same = abs(first["cut"]["discriminator"] - first["plain"]["discriminator"]) < 1e-3 * first["plain"]["discriminator"]
    same &= abs(first["cut"]["nce"] - first["plain"]["nce"]) < 0.05 * first["plain"]["nce"]  # patches are drawn differently
    print(f"\nFirst losses, plain: {first['plain']}, cut: {first['cut']}")
    if words.device == "cpu":
        inference(words)
    return 0 if same and all(times[way] <= limit * times["plain"] for way, limit in LIMITS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
