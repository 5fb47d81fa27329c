"""The restricted reader: what torch wrote comes back bit for bit, anything else is refused, and limits hold."""

from __future__ import annotations

import argparse
import io
import pickle
import runpy
import struct
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from shiftlens import BackboneUnusable, UnsafeWeights
from shiftlens.registry import checkpoints, restricted, stored
from shiftlens.registry.restricted import MOST_STEPS, Budget, unpickle
from shiftlens.training import Record, StoredObject, read_checkpoint, read_stored

SAMPLES = runpy.run_path(str(Path(__file__).with_name("import_samples.py")))
BASE = torch.arange(40.0)
TENSORS = {
    "float": torch.randn(3, 4), "half": torch.randn(3).half(), "brain": torch.randn(3).bfloat16(),
    "double": torch.randn(2).double(), "long": torch.arange(5), "int": torch.arange(5).int(), "short": torch.arange(5).short(),
    "char": torch.arange(5).char(), "byte": torch.arange(5).byte(), "bool": torch.tensor([True, False]),
    "empty": torch.empty(0, 3), "scalar": torch.tensor(3.5), "parameter": torch.nn.Parameter(torch.randn(2)),
    "view": BASE[5:25].view(4, 5).t(), "shared": BASE[:3],
}  # fmt: skip
PLAIN = {
    "text": "ü" * 300, "numbers": [0, 1, -1, 255, 256, 65536, 2**31, -(2**63), 2**200, 1.5, float("inf")], "none": None,
    "yes": True, "no": False, "tuples": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)), "set": {1, "a"},
    "deep": [[[[{"a": [1]}]]]], 3: {None: 1, 2.5: 2}, "again": ["x", "x"],
}  # fmt: skip


def read_pickle(data: bytes, **allowed: Any) -> Any:
    return unpickle(memoryview(data), "here", allowed, Budget())[0]


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_come_back_as_python_reads_them(protocol: int, tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(pickle.dumps(PLAIN, protocol=protocol))
    assert read_checkpoint(tmp_path / "plain") == PLAIN


@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_are_those_that_torch_reads(tmp_path: Path, legacy: bool) -> None:
    torch.save(TENSORS, tmp_path / "t.pt", _use_new_zipfile_serialization=not legacy)
    wanted = torch.load(tmp_path / "t.pt", weights_only=True)
    found = read_stored("here", read_checkpoint(tmp_path / "t.pt"))
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor), name


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_tensors_in_a_bare_pickle_are_those_that_were_pickled(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "t.pkl").write_bytes(pickle.dumps(TENSORS, protocol=protocol))
    found = read_stored("here", read_checkpoint(tmp_path / "t.pkl"))
    assert all(torch.equal(found[name], tensor) for name, tensor in TENSORS.items())


@pytest.mark.parametrize("legacy", [False, True])
def test_options_arrays_and_metadata_are_inert_records(tmp_path: Path, legacy: bool) -> None:
    layer = torch.nn.Linear(1, 1)
    content = {
        "args": argparse.Namespace(size=32), "p": np.float64(0.5), "a": np.arange(3), "model": layer.state_dict(),
        "optimizer": torch.optim.Adam(layer.parameters()).state_dict(), "o": OrderedDict(a=1),
    }  # fmt: skip
    torch.save(content, tmp_path / "c.pt", _use_new_zipfile_serialization=not legacy)
    found = read_checkpoint(tmp_path / "c.pt")
    assert isinstance(found["args"], Record)
    assert found["args"].state == {"size": 32}
    assert isinstance(found["p"], Record)
    assert isinstance(found["a"], Record)
    assert isinstance(found["model"]["weight"], StoredObject)
    assert found["o"] == {"a": 1}


@pytest.mark.parametrize("protocol", range(6))
def test_a_name_that_is_not_allowed_is_given_in_the_error(protocol: int) -> None:
    with pytest.raises(UnsafeWeights, match=r"posix\.system|nt\.system") as error:
        read_pickle(pickle.dumps({"a": SAMPLES["Calls"](__import__("os").system, "true")}, protocol=protocol))
    assert "nothing was run" in error.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"(S'true'\nios\nsystem\n.",  # the oldest way of writing objects
        b"\x80\x02c__builtin__\neval\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x04\x8c\x08builtins\x8c\x0egetattr.__self\x93.",
    ],
)
def test_every_way_of_naming_is_refused(data: bytes) -> None:
    with pytest.raises(UnsafeWeights):
        read_pickle(data)


def test_what_is_allowed_is_recorded_and_never_called(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"cos\nsystem\n(Vtouch ran\ntR.")
    found = read_checkpoint(tmp_path / "f", records=("os.system",))
    assert (found.name, found.arguments) == ("os.system", ("touch ran",))
    assert not Path("ran").exists()


def nested_tuples(levels: int) -> bytes:
    """A dictionary whose key is a tuple of the same tuple twice, and so on: its hash takes 2**levels steps."""
    return b"\x80\x02}" + b")" + b"q\x00h\x00\x86" * levels + b"Ns."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x80\x02N0" + b"N0" * 600_000 + b"N.", "steps"),
        (b"\x80\x02" + b"(" * 1_001 + b"N.", "deep"),
        (b"\x80\x02\x8b\xff\xff\xff\x7fN.", "integer"),
        (b"\x80\x02\x8a\xff" + b"\x01" * 255 + b".", "integer"),
        (b"\x80\x04B\xff\xff\xff\xff.", "ends in the middle"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b".", "ends in the middle"),
        (b"\x80\x05\x96" + struct.pack("<Q", 2**63) + b".", "ends in the middle"),
        (b"\x80\x04X\xff\xff\xff\xff.", "text"),
        (nested_tuples(60), "key of type tuple"),
        (b"\x80\x02h\x07.", "KeyError"),
        (b"\x80\x02}.0", ""),
        (b"\x80\x02.", "IndexError"),
        (b"\x80\x02]R.", "no name|IndexError"),
        (b"\x80\x02NNb.", "NoneType"),
        (b"\x80\x02Na.", "IndexError"),
        (b"\x80\x02NNa.", "no list"),
        (b"\x80\x02N(NNu.", "no dictionary"),
        (b"\x80\x02\x82\x01.", "step"),
        (b"\x80\x09N.", "newer"),
        (b"\x80\x02U\x01aQ.", "outside"),
        (b"\x80\x02I" + b"9" * 990 + b"\n" + b"I" + b"9" * 2_000, "line"),
        (b"<html>404</html>", "step"),
        (b"", "IndexError"),
    ],
)
def test_limits_and_nonsense_end_in_an_error_of_ours(data: bytes, said: str, steps: Callable[[], int]) -> None:
    if said:
        with pytest.raises(BackboneUnusable, match=said):
            read_pickle(data)
    else:
        assert read_pickle(data) == {}
    assert steps() <= MOST_STEPS


def test_a_list_that_holds_itself_is_read() -> None:
    found = read_pickle(b"\x80\x02]q\x00h\x00a.")
    assert found[0] is found


def test_text_has_a_limit_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restricted, "MOST_TEXT", 100)
    with pytest.raises(BackboneUnusable, match="text"):
        read_pickle(pickle.dumps(["a" * 60, "b" * 60]))


class Tensor:
    """Pickled as a call of torch's function that puts tensors together."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return torch._utils._rebuild_tensor_v2, self.arguments


@pytest.mark.parametrize(
    ("offset", "shape", "stride"),
    [
        (0, (7,), (1,)), (1, (6,), (1,)), (0, (2, 3), (4, 1)), (0, (2**40,), (0,)), (0, (2**40, 2**40), (1, 1)),
        (-1, (2,), (1,)), (0, (-2,), (1,)), (0, (2,), (-1,)), (0, (2,), (1, 1)), (0, [6], [1]), (0, (6.0,), (1,)),
        (2**70, (1,), (1,)), (0, (1,) * 9, (1,) * 9), (0, (True,), (1,)), (None, (1,), (1,)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["zip", "legacy", "pickle"])
def test_a_tensor_beyond_its_storage_is_refused(tmp_path: Path, kind: str, offset: Any, shape: Any, stride: Any) -> None:
    storage = torch.storage.TypedStorage(wrap_storage=torch.arange(6.0).untyped_storage(), dtype=torch.float32, _internal=True)
    content = {"a": Tensor(storage, offset, shape, stride, False, OrderedDict())}
    path = tmp_path / "t"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind == "zip")
    with pytest.raises(BackboneUnusable):
        read_stored("here", read_checkpoint(path))


def test_a_storage_that_claims_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(3)}, tmp_path / "l", _use_new_zipfile_serialization=False)
    whole = (tmp_path / "l").read_bytes()
    grown = whole.replace(b"K\x03N", b"J\xff\xff\xff\x7fN").replace(b"K\x03\x85", b"J\xff\xff\xff\x7f\x85")
    assert grown != whole
    (tmp_path / "l").write_bytes(grown)
    with pytest.raises(BackboneUnusable, match="not whole"):
        read_checkpoint(tmp_path / "l")


@pytest.mark.filterwarnings("ignore:TypedStorage")
def test_storages_that_are_read_again_and_again_use_up_the_steps_of_the_file(tmp_path: Path, steps: Callable[[], int]) -> None:
    storage = SAMPLES["legacy_bytes"](torch.storage.TypedStorage([1.0])).replace(
        b"\x80\x02M\xe9\x03.", b"N0" * 20_000 + b"M\xe9\x03."
    )
    begin = b"\x80\x04ctorch.storage\n_load_from_bytes\nq\x00B" + struct.pack("<I", len(storage)) + storage + b"\x85q\x01R0"
    (tmp_path / "f").write_bytes(begin + b"h\x00h\x01R0" * 200_000 + b"N.")
    with pytest.raises(BackboneUnusable, match="steps"):
        read_checkpoint(tmp_path / "f")
    assert steps() <= MOST_STEPS + 1


@pytest.mark.parametrize("name", ["MOST_BYTES", "MOST_DECODED"])
def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(checkpoints if name == "MOST_BYTES" else stored, name, 1_000)
    torch.save({"a": torch.zeros(300)}, tmp_path / "t.pt")
    with pytest.raises(BackboneUnusable, match="GiB"):
        read_stored("here", read_checkpoint(tmp_path / "t.pt"))


def test_one_storage_shown_many_times_counts_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MOST_DECODED", 100_000)
    one = torch.zeros(1_000)
    torch.save({str(i): one for i in range(100)}, tmp_path / "t.pt")
    assert (tmp_path / "t.pt").stat().st_size < 100_000
    with pytest.raises(BackboneUnusable, match="GiB"):
        read_stored("here", read_checkpoint(tmp_path / "t.pt"))


def test_a_tensor_that_is_spread_over_a_large_storage_counts_as_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MOST_DECODED", 10_000)
    torch.save({"a": torch.zeros(5_000)[::4_999]}, tmp_path / "t.pt")
    with pytest.raises(BackboneUnusable, match="GiB"):
        read_stored("here", read_checkpoint(tmp_path / "t.pt"))


def rewritten(path: Path, change: Callable[[str, bytes], tuple[str, bytes] | None], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            if (kept := change(name, data)) is not None:
                archive.writestr(*kept)
    return path


@pytest.mark.parametrize(
    ("change", "method", "said"),
    [
        (lambda n, d: (n, d), zipfile.ZIP_DEFLATED, "compressed"),
        (lambda n, d: None if n.endswith("data.pkl") else (n, d), zipfile.ZIP_STORED, "0 data.pkl"),
        (lambda n, d: None if n.endswith("data/0") else (n, d), zipfile.ZIP_STORED, "KeyError"),
        (lambda n, d: (n, d[:-4] if n.endswith("data/0") else d), zipfile.ZIP_STORED, "bytes for"),
        (lambda n, d: (n, b"big" if n.endswith("byteorder") else d), zipfile.ZIP_STORED, "big-endian"),
        (lambda n, d: (n, b"garbage" if n.endswith("data.pkl") else d), zipfile.ZIP_STORED, "line"),
    ],
)  # fmt: skip
def test_a_zip_that_torch_did_not_write_is_refused(tmp_path: Path, change: Any, method: int, said: str) -> None:
    torch.save({"a": torch.zeros(64)}, tmp_path / "t.pt")
    with pytest.raises(BackboneUnusable, match=said):
        read_stored("here", read_checkpoint(rewritten(tmp_path / "t.pt", change, method)))


def test_a_zip_rewritten_as_it_was_is_read(tmp_path: Path) -> None:
    torch.save({"a": torch.arange(64)}, tmp_path / "t.pt")
    found = read_checkpoint(rewritten(tmp_path / "t.pt", lambda n, d: (n, d)))
    assert torch.equal(found["a"].tensor(), torch.arange(64))


def test_a_changed_number_in_a_zip_is_found_by_its_checksum(tmp_path: Path) -> None:
    torch.save({"a": torch.full((64,), 3.25)}, tmp_path / "t.pt")
    data = (tmp_path / "t.pt").read_bytes()
    (tmp_path / "t.pt").write_bytes(data.replace(struct.pack("<f", 3.25), struct.pack("<f", 3.5), 1))
    with pytest.raises(BackboneUnusable, match="checksum"):
        read_stored("here", read_checkpoint(tmp_path / "t.pt"))


def test_a_list_of_files_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "_MOST_LISTED", 1_000)
    with zipfile.ZipFile(tmp_path / "t.pt", "w") as archive:
        for i in range(100):
            archive.writestr(f"a/data/{i}", b"")
    with pytest.raises(BackboneUnusable, match="too long"):
        read_checkpoint(tmp_path / "t.pt")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_script_archive_is_refused_by_name(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "script.pt")
    with pytest.raises(UnsafeWeights, match="TorchScript"):
        read_checkpoint(tmp_path / "script.pt")


def test_the_oldest_format_of_torch_is_refused_by_name(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "t.pt", "w") as archive:
        info = tarfile.TarInfo("sys_info")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    with pytest.raises(BackboneUnusable, match="oldest format"):
        read_checkpoint(tmp_path / "t.pt")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    for name, said in (("empty", "empty"), ("nothing", "No such file"), (".", "directory")):
        with pytest.raises(BackboneUnusable, match=said):
            read_checkpoint(tmp_path / name)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_named(tmp_path: Path, value: float) -> None:
    torch.save({"good": torch.zeros(2), "bad": torch.tensor([value])}, tmp_path / "t.pt")
    with pytest.raises(BackboneUnusable, match="'bad'"):
        read_stored("here", read_checkpoint(tmp_path / "t.pt"))
