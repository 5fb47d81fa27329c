"""Hostile and mutated files of every format: nothing of theirs is run, and only errors of ours come out."""

from __future__ import annotations

import os
import pickle
import random
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from shiftlens import BackboneUnusable, ShiftlensError, UnsafeWeights
from shiftlens.framework.fitting.importing import read_file
from shiftlens.plugins.stylegan2.imports import e4e
from shiftlens.registry.restricted import MOST_STEPS

SAMPLES = runpy.run_path(str(Path(__file__).with_name("import_samples.py")))
HOST, hostile = SAMPLES["HOST"], SAMPLES["hostile"]
LEAST_READ = 2**26
TRIES = 4
"""Importers that may look into one file before it is known whose it is."""
Make = Callable[[Path, Any], Path]


def in_module(path: Path, thing: Any) -> Path:
    network = SAMPLES["nvidia_generator"]()
    network.synthesis.b8.conv0.hidden = thing
    return SAMPLES["nvidia_pickle"](path, network)


def as_root(path: Path, thing: Any) -> Path:
    torch.save(thing, path)
    return path


PLACES: dict[str, Make] = {
    "nvidia, beside": lambda path, thing: SAMPLES["nvidia_pickle"](path, augment_pipe=thing),
    "nvidia, in a module": in_module,
    "nvidia, instead": lambda path, thing: SAMPLES["nvidia_pickle"](path, G_ema=thing),
    "rosinality, zip": lambda path, thing: SAMPLES["rosinality_file"](path, args=thing),
    "rosinality, legacy": lambda path, thing: SAMPLES["rosinality_file"](path, args=thing, legacy=True),
    "rosinality, as a tensor": lambda path, thing: SAMPLES["rosinality_file"](path, g_ema={"style.1.weight": thing}),
    "e4e, zip": lambda path, thing: SAMPLES["e4e_file"](path, opts=thing),
    "e4e, legacy": lambda path, thing: SAMPLES["e4e_file"](path, opts=thing, legacy=True),
    "directions, zip": as_root,
    "directions, beside": lambda path, thing: as_root(path, {"mean": torch.zeros(4), "comp": thing, "std": torch.zeros(2)}),
    "a bare pickle": lambda path, thing: path.write_bytes(pickle.dumps(thing)) and path,
}
CALLS = list(hostile(Path("nowhere")))


@pytest.fixture(autouse=True)
def _small_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e4e, "encoder_network", SAMPLES["SmallEncoder"])


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_calls_something_is_refused_and_nothing_runs(tmp_path: Path, place: str, call: str) -> None:
    mark = tmp_path / "ran"
    path = PLACES[place](tmp_path / "file", hostile(mark)[call])
    for format_ in (None, "nvidia", "rosinality", "e4e") if call == "os.system" else (None,):
        with pytest.raises(UnsafeWeights) as error:
            read_file(HOST, path, format_=format_)
        assert str(path) in error.value.message
        assert error.value.hint
    assert not mark.exists()


@pytest.mark.parametrize("call", ["os.system", "exec", "eval", "nested", "pickle in pickle", "path"])
def test_the_hostile_things_of_these_tests_are_really_hostile(tmp_path: Path, call: str) -> None:
    pickle.loads(pickle.dumps(hostile(tmp_path / "ran")[call]))
    assert (tmp_path / "ran").exists()


def test_the_source_that_nvidia_files_carry_is_neither_run_nor_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = f"open({str(tmp_path / 'ran')!r}, 'w').close()"
    monkeypatch.setattr(SAMPLES["Part"], "source", source)
    path = SAMPLES["nvidia_pickle"](tmp_path / "n.pkl")
    assert source.encode() in path.read_bytes()
    _, found = read_file(HOST, path)
    assert not (tmp_path / "ran").exists()
    assert source.encode() not in save(dict(found.files["generator.safetensors"]))
    assert source not in repr((found.options, found.notes))


def characters_read() -> int:
    """What this process has read so far, where the system says so."""
    facts = Path("/proc/self/io")
    return int(facts.read_text().split()[1]) if facts.exists() else 0


@pytest.mark.parametrize("place", PLACES)
def test_a_file_beyond_the_limit_is_refused_without_being_read(tmp_path: Path, place: str) -> None:
    path = PLACES[place](tmp_path / "file", None)
    os.truncate(path, 4 * 2**30 + 1)  # with a hole, which takes no space
    before = characters_read()
    with pytest.raises(BackboneUnusable, match="GiB"):
        read_file(HOST, path)
    assert characters_read() - before < LEAST_READ


FILES: dict[str, tuple[int, Callable[[Path], Path]]] = {  # how many mutations of each; together at least 320 a format
    "nvidia": (320, lambda path: SAMPLES["nvidia_pickle"](path, SAMPLES["nvidia_generator"](16))),
    "rosinality-zip": (160, lambda path: SAMPLES["rosinality_file"](path, size=16)),
    "rosinality-legacy": (160, lambda path: SAMPLES["rosinality_file"](path, size=16, legacy=True)),
    "e4e-zip": (160, lambda path: SAMPLES["e4e_file"](path, size=16)),
    "e4e-legacy": (160, lambda path: SAMPLES["e4e_file"](path, size=16, legacy=True)),
    "direction-zip": (160, lambda path: SAMPLES["directions_file"](path)),
    "direction-legacy": (160, lambda path: SAMPLES["directions_file"](path, legacy=True)),
    "ganspace-zip": (160, lambda path: SAMPLES["ganspace_file"](path)),
    "ganspace-legacy": (160, lambda path: SAMPLES["ganspace_file"](path, legacy=True)),
}


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Flip bits, cut, put pieces of the file or of a hostile one elsewhere, or overwrite with telling bytes."""
    result = bytearray(data)
    place = chance.randrange(len(data))
    for _ in range(chance.choice((1, 1, 2, 8))):
        kind = chance.randrange(5)
        near = (
            min(len(result) - 1, int(chance.expovariate(1 / 400))) if chance.random() < 0.5 else chance.randrange(len(result))
        )
        if kind == 0:
            result[near] ^= 1 << chance.randrange(8)
        elif kind == 1:
            result[near : near + 8] = chance.choice((b"\xff" * 8, b"\x00" * 8, b"\x7f" * 4, b"(" * 6, b"\x85R", b"h\x00", b"."))
        elif kind == 2:
            source = chance.choice((data, other))
            begin = chance.randrange(len(source))
            result[near:near] = source[begin : begin + chance.randrange(1, 200)]
        elif kind == 3:
            del result[near : near + chance.randrange(1, 60)]
        elif chance.random() < 0.3:
            del result[max(1, place) :]
    return bytes(result or b"\x00")


@pytest.fixture
def base(tmp_path: Path) -> dict[str, Path]:
    generator = {name: t for name, t in SAMPLES["rosinality_generator"]().items() if "kernel" not in name}
    path = tmp_path / "generator.safetensors"
    path.write_bytes(save({**generator, "latent_avg": torch.zeros(SAMPLES["W"])}))
    return {path.name: path}


def outcome(path: Path, into: dict[str, Path] | None) -> ShiftlensError | None:
    try:
        read_file(HOST, path, into=into)
    except ShiftlensError as error:
        return error
    return None


@pytest.mark.parametrize("name", FILES)
def test_mutated_files_end_in_errors_of_ours_or_in_a_backbone(
    tmp_path: Path, name: str, base: dict[str, Path], steps: Callable[[], int]
) -> None:
    chance = random.Random(name)
    mark = tmp_path / "ran"
    count, make = FILES[name]
    data = make(tmp_path / "whole").read_bytes()
    others = [pickle.dumps(thing, protocol=2) for thing in hostile(mark).values()]
    into = base if name.startswith(("direction", "ganspace")) else None
    assert outcome(tmp_path / "whole", into) is None
    refused = 0
    for number in range(count):
        path = tmp_path / f"{number}"
        path.write_bytes(mutated(data, chance.choice(others), chance))
        before = steps()
        error = outcome(path, into)
        assert steps() - before <= TRIES * MOST_STEPS, number
        assert error is None or str(path) in error.message
        refused += error is not None
        path.unlink()
    assert refused > count / 4
    assert not mark.exists()
