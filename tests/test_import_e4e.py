"""Import of e4e and SDIC, of directions, and telling formats apart by their content."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from shiftlens import BackboneUnusable, UsageError
from shiftlens.plugin import ImportedBackbone
from shiftlens.plugins.stylegan2.imports import e4e

SAMPLES = runpy.run_path(str(Path(__file__).with_name("import_samples.py")))
nvidia_pickle, e4e_file = SAMPLES["nvidia_pickle"], SAMPLES["e4e_file"]
rosinality_generator, rosinality_file = SAMPLES["rosinality_generator"], SAMPLES["rosinality_file"]
imported, generator_of, assert_equal = (SAMPLES[name] for name in ("imported", "generator_of", "assert_equal"))
HOST, W, SMALL = SAMPLES["HOST"], SAMPLES["W"], SAMPLES["SMALL"]


@pytest.fixture
def small_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e4e, "encoder_network", SAMPLES["SmallEncoder"])


# e4e and SDIC


@pytest.mark.usefixtures("small_encoder")
@pytest.mark.parametrize("legacy", [False, True])
def test_e4e_gives_a_generator_with_its_encoder(tmp_path: Path, legacy: bool) -> None:
    found = imported(e4e_file(tmp_path / "e.pt", legacy=legacy))
    assert found.provides == {"style-generator", "style-encoder"}
    assert found.options == {"encoder": "e4e"}
    assert found.notes == ()
    assert_equal(dict(found.files["encoder.safetensors"]), SAMPLES["SmallEncoder"](8).state_dict())
    assert torch.equal(generator_of(found)["latent_avg"], torch.arange(SMALL).float())


def test_the_encoder_is_that_of_the_published_description() -> None:
    wanted = {name: tuple(tensor.shape) for name, tensor in e4e.encoder_network(18).state_dict().items()}
    assert SAMPLES["e4e_encoder"](18, small=None) == wanted
    assert len(wanted) == 621


@pytest.mark.usefixtures("small_encoder")
@pytest.mark.parametrize("names", [("SAF", "DIP"), ("residue", "CGI")])
def test_of_an_sdic_file_the_compensators_wait_and_the_losses_go(tmp_path: Path, names: tuple[str, str]) -> None:
    others = {f"{names[0]}.a": torch.zeros(1), f"{names[1]}.b": torch.zeros(1), f"{names[1]}.c": torch.zeros(1),
              "id_loss.net.w": torch.zeros(1), "lpips_loss.w": torch.zeros(1)}  # fmt: skip
    found = imported(e4e_file(tmp_path / "s.pt", other_parts=others))
    assert found.notes == (
        "DIP (2 tensors) and SAF (1 tensors) of SDIC await their compensator and are left out",
        "left out: id_loss (1 tensors), lpips_loss (1 tensors)",
    )
    assert set(found.files) == {"generator.safetensors", "encoder.safetensors"}


def codes_of(found: ImportedBackbone) -> Tensor:
    """Where the codes of an encoder start: its last biases and the mean."""
    encoder = found.files["encoder.safetensors"]
    first = encoder["styles.0.linear.bias"]
    deltas = [torch.zeros(SMALL), *(encoder[f"styles.{i}.linear.bias"] for i in range(1, 8))]
    return torch.stack([generator_of(found)["latent_avg"] + first + delta for delta in deltas])


@pytest.mark.usefixtures("small_encoder")
@pytest.mark.parametrize("case", ["rows differ", "start at zero", "one row", "missing"])
def test_codes_start_where_the_original_starts_them(tmp_path: Path, case: str) -> None:
    rows = torch.randn(8, SMALL, generator=torch.Generator().manual_seed(0))
    content: dict[str, Any] = {
        "rows differ": {"latent_avg": rows},
        "start at zero": {"latent_avg": rows[0], "opts": {"start_from_latent_avg": False}},
        "one row": {"latent_avg": rows[:1]},
        "missing": {"latent_avg": None},
    }[case]
    found = imported(e4e_file(tmp_path / "e.pt", **content))
    offsets = torch.tensor([0.5] + [1.0] * 7)[:, None]  # every bias of the sample is 0.5
    starts = {"rows differ": rows, "start at zero": torch.zeros(8, SMALL), "one row": rows[:1].expand(8, -1),
              "missing": generator_of(found)["latent_avg"].expand(8, -1)}[case]  # fmt: skip
    torch.testing.assert_close(codes_of(found), starts + offsets)
    assert bool(found.notes) == (case != "one row")
    assert ("latent_avg" in found.options) == (case == "missing")


@pytest.mark.usefixtures("small_encoder")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"opts": {"encoder_type": "GradualStyleEncoder"}}, "GradualStyleEncoder"), ({"opts": "text"}, "opts"),
        ({"latent_avg": torch.arange(3 * SMALL).view(3, SMALL).float()}, "3 rows for 8 codes"),
        ({"other_parts": {"encoder.odd": torch.zeros(1)}}, "'odd' is not known"),
        ({"other_parts": {"encoder.body.0.res_layer.1.weight": torch.zeros(2)}}, "body.0.res_layer.1.weight is"),
        ({"state_dict": {"encoder.a": torch.zeros(1)}}, "no decoder"),
        ({"state_dict": {"decoder.a": torch.zeros(1)}}, "no encoder"),
    ],
)  # fmt: skip
def test_e4e_files_that_do_not_fit_are_refused(tmp_path: Path, content: dict[str, Any], said: str) -> None:
    with pytest.raises(BackboneUnusable, match=said):
        imported(e4e_file(tmp_path / "e.pt", **content))


@pytest.mark.usefixtures("small_encoder")
def test_an_encoder_of_other_codes_than_the_generators_is_refused(tmp_path: Path) -> None:
    state = {f"encoder.{name}": tensor for name, tensor in SAMPLES["SmallEncoder"](8).state_dict().items()}
    state |= {f"decoder.{name}": tensor for name, tensor in rosinality_generator(w_dim=2 * SMALL).items()}
    with pytest.raises(BackboneUnusable, match="codes of 4 numbers, the generator takes 8"):
        imported(e4e_file(tmp_path / "e.pt", state_dict=state, latent_avg=torch.zeros(2 * SMALL)))


# which format it is


@pytest.mark.usefixtures("small_encoder")
def test_a_format_is_known_by_its_content_not_by_its_name(tmp_path: Path) -> None:
    made = {
        "nvidia": nvidia_pickle(tmp_path / "a.pt"), "rosinality": rosinality_file(tmp_path / "b.pkl"),
        "e4e": e4e_file(tmp_path / "c.bin"), "directions": SAMPLES["directions_file"](tmp_path / "d.pkl"),
    }  # fmt: skip
    for name, path in made.items():
        recognised = [offer.card.id for offer in HOST.offers if _importer(offer).recognises(path)]
        assert recognised == [name]


def _importer(offer: Any) -> Any:
    from shiftlens.framework.host.targets import target_class

    return target_class(offer)()


def test_what_nothing_recognises_is_said_with_the_formats(tmp_path: Path) -> None:
    torch.save({"model": {"a": torch.zeros(1)}}, tmp_path / "m.pt")
    with pytest.raises(BackboneUnusable, match="directions, e4e, nvidia, rosinality"):
        imported(tmp_path / "m.pt")


@pytest.mark.parametrize("format_", ["nvidia", "rosinality", "e4e"])
def test_a_format_that_is_insisted_on_says_what_is_missing(tmp_path: Path, format_: str) -> None:
    torch.save({"model": {"a": torch.zeros(1)}}, tmp_path / "m.pt")
    with pytest.raises(BackboneUnusable, match="no "):
        imported(tmp_path / "m.pt", format_=format_)


# directions


@pytest.fixture
def base(tmp_path: Path) -> dict[str, Path]:
    from safetensors.torch import save_file

    generator = {k: v for k, v in rosinality_generator().items() if "kernel" not in k}
    save_file({**generator, "latent_avg": torch.zeros(W)}, tmp_path / "generator.safetensors")
    return {"generator.safetensors": tmp_path / "generator.safetensors"}


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("rows", [1, 8])
def test_an_interfacegan_direction_is_added_to_a_backbone(
    tmp_path: Path, base: dict[str, Path], rows: int, legacy: bool
) -> None:
    path = SAMPLES["directions_file"](tmp_path / "Age 2.pt", rows=rows, legacy=legacy)
    found = imported(path, into=base)
    assert set(found.files) == {"generator.safetensors", "directions.safetensors"}
    (direction,) = found.files["directions.safetensors"].items()
    assert direction[0] == "age-2"
    assert torch.equal(direction[1], torch.load(path, weights_only=True).flatten()[:W])


def test_rows_of_a_direction_that_differ_are_kept(tmp_path: Path, base: dict[str, Path]) -> None:
    rows = torch.randn(1, 8, W)
    torch.save(rows, tmp_path / "pose.pt")
    assert torch.equal(imported(tmp_path / "pose.pt", into=base).files["directions.safetensors"]["pose"], rows[0])


def test_ganspace_components_are_added_to_a_backbone(tmp_path: Path, base: dict[str, Path]) -> None:
    found = imported(SAMPLES["ganspace_file"](tmp_path / "pca.pt"), into=base).files["directions.safetensors"]
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == {
        "pca.mean": (W,), "pca.comp": (5, W), "pca.std": (5,)
    }  # fmt: skip
    torch.testing.assert_close(found["pca.comp"] @ found["pca.comp"].T, torch.eye(5), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (torch.zeros(1, W + 1), "for 8 codes"), (torch.zeros(1, 7, W), "for 8 codes"), (torch.zeros(1, W) / 0, "NaN"),
        ({"mean": torch.zeros(1, W + 1), "comp": torch.zeros(5, 1, W), "std": torch.ones(5)}, "components belong"),
        ({"mean": torch.zeros(1, W), "comp": torch.zeros(4, 1, W), "std": torch.ones(5)}, "components belong"),
        ({"mean": torch.zeros(1, W), "comp": torch.tensor(1.0), "std": torch.ones(5)}, "components belong"),
        ({"mean": torch.zeros(1, W), "comp": torch.zeros(5, 1, W), "std": torch.zeros(5)}, "std"),
    ],
)  # fmt: skip
def test_directions_of_another_generator_are_refused(tmp_path: Path, base: dict[str, Path], content: Any, said: str) -> None:
    torch.save(content, tmp_path / "d.pt")
    with pytest.raises(BackboneUnusable, match=said):
        imported(tmp_path / "d.pt", into=base)


def test_directions_need_a_backbone_and_backbones_need_none(tmp_path: Path, base: dict[str, Path]) -> None:
    path = SAMPLES["directions_file"](tmp_path / "age.pt")
    with pytest.raises(UsageError, match="added to a backbone"):
        imported(path)
    with pytest.raises(UsageError, match="of its own"):
        imported(nvidia_pickle(tmp_path / "n.pkl"), into=base)
    with pytest.raises(UsageError, match="has none"):
        imported(path, into={})


def test_a_direction_of_the_same_name_is_not_replaced(tmp_path: Path, base: dict[str, Path]) -> None:
    from safetensors.torch import save_file

    path = SAMPLES["directions_file"](tmp_path / "age.pt")
    save_file(dict(imported(path, into=base).files["directions.safetensors"]), tmp_path / "directions.safetensors")
    with pytest.raises(UsageError, match="'age' already"):
        imported(path, into={**base, "directions.safetensors": tmp_path / "directions.safetensors"})
