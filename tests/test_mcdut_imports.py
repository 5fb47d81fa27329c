"""Published checkpoints of CUT and its descendants become backbones; what they are is told from their tensors."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from shiftlens import BackboneSpec, BackboneUnusable, UnsafeWeights
from shiftlens.framework.fitting.importing import read_file, save_imported
from shiftlens.framework.host.host import Host, Offer
from shiftlens.framework.host.targets import config_model, target_class
from shiftlens.plugins.mcdut import plugin
from shiftlens.plugins.mcdut.discriminator import Discriminator
from shiftlens.plugins.mcdut.family import McdutFamily
from shiftlens.plugins.mcdut.heads import PatchHeads
from shiftlens.plugins.mcdut.model import Mcdut
from shiftlens.plugins.mcdut.network import LAYERS, Generator
from shiftlens.training import load_tensors, save_backbone

SAMPLES = runpy.run_path(str(Path(__file__).with_name("import_samples.py")))
OURS = tuple(Offer(card, "importer", "shiftlens", "0") for card in plugin.shiftlens_importers())
HOST = Host((), (*OURS, *SAMPLES["HOST"].offers), (), None)
VARIANTS: dict[str, tuple[dict[str, Any], str]] = {
    "cut": ({}, "6 channels, 2 blocks"),
    "attention": ({"attention": "released"}, "dual coordinate attention as released"),
    "cyclegan": ({"antialias": False}, "strided convolutions (as CycleGAN's)"),
    "dropout": ({"dropout": True}, "dropout"),
}


def drawn(network: nn.Module) -> dict[str, Tensor]:
    torch.manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0, 0.1)
    return network.state_dict()


def published(folder: Path, tensors: dict[str, Tensor], *, legacy: bool = False, name: str = "latest_net_G.pth") -> Path:
    torch.save(tensors, folder / name, _use_new_zipfile_serialization=not legacy)
    return folder / name


def loaded(spec: BackboneSpec) -> Mcdut:
    return McdutFamily().load(spec, {name: Path(spec.source.path or "") / name for name in spec.files})


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_checkpoint_becomes_a_backbone_bit_by_bit(variant: str, legacy: bool, tmp_path: Path) -> None:
    values, said = VARIANTS[variant]
    network = Generator(6, 2, **values)
    tensors = drawn(network)
    path = published(tmp_path, tensors, legacy=legacy)
    format_, read = read_file(HOST, path)
    assert format_ == "cut"
    assert said in read.notes[-1]
    spec = save_imported(read, tmp_path / "made", path=path, name="made", format_=format_, licence=None, base=None)
    assert spec.provides == {"translator"}
    model, image = loaded(spec), torch.rand(1, 3, 32, 32) * 2 - 1
    assert all(torch.equal(tensors[name], now) for name, now in model.generator.state_dict().items())
    torch.testing.assert_close(model.translate(image), network.eval()(image), atol=1e-5, rtol=0)
    assert model.verdict is None


def test_heads_and_discriminator_beside_it_come_along(tmp_path: Path) -> None:
    generator = Generator(6, 5)
    path = published(tmp_path, drawn(generator))
    heads, judge = PatchHeads(generator.widths(LAYERS), 8), Discriminator(4)
    published(tmp_path, drawn(heads), name="latest_net_F.pth")
    published(tmp_path, drawn(judge), name="latest_net_D.pth")
    files = read_file(HOST, path)[1].files
    assert set(files) == {"generator.safetensors", "heads.safetensors", "discriminator.safetensors"}
    assert all(torch.equal(heads.state_dict()[name], tensor) for name, tensor in files["heads.safetensors"].items())


def test_what_lies_beside_it_and_does_not_fit_is_left_out_and_named(tmp_path: Path) -> None:
    path = published(tmp_path, drawn(Generator(6, 1)))
    published(tmp_path, {"model.0.weight": torch.zeros(4, 3, 4, 4)}, name="latest_net_D.pth")
    (tmp_path / "latest_net_F.pth").write_bytes(b"no checkpoint")
    read = read_file(HOST, path)[1]
    assert set(read.files) == {"generator.safetensors"}
    assert [note.partition(" is left out")[0] for note in read.notes[1:]] == ["latest_net_F.pth", "latest_net_D.pth"]


def test_statistics_of_old_norms_are_left_out_and_said(tmp_path: Path) -> None:
    old = {**drawn(Generator(6, 1)), "model.2.running_mean": torch.zeros(6), "model.2.running_var": torch.ones(6)}
    read = read_file(HOST, published(tmp_path, old))[1]
    assert read.notes[0] == "left out: 2 statistics of norms, which were never used"
    assert read.files["generator.safetensors"].keys() == Generator(6, 1).state_dict().keys()


def test_a_file_with_code_in_it_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for name, thing in SAMPLES["hostile"](mark).items():
        with pytest.raises((UnsafeWeights, BackboneUnusable)):
            read_file(HOST, published(tmp_path, {**drawn(Generator(6, 1)), "extra": thing}))
        assert not mark.exists(), name


def test_generators_of_other_kinds_are_named(tmp_path: Path) -> None:
    unet = published(tmp_path, {"model.model.0.weight": torch.zeros(64, 3, 4, 4)})
    with pytest.raises(BackboneUnusable, match="not recognised"):
        read_file(HOST, unet)
    with pytest.raises(BackboneUnusable, match="no generator of the ResNet kind"):
        read_file(HOST, unet, format_="cut")
    affine = {**drawn(Generator(6, 1)), "model.2.weight": torch.ones(6)}
    with pytest.raises(BackboneUnusable, match=r"'model.2.weight' is not known"):
        read_file(HOST, published(tmp_path, affine))


def test_files_of_other_formats_are_left_to_their_own_importers(tmp_path: Path) -> None:
    assert read_file(HOST, SAMPLES["nvidia_pickle"](tmp_path / "style.pkl"))[0] == "nvidia"
    assert read_file(HOST, SAMPLES["rosinality_file"](tmp_path / "style.pt"))[0] == "rosinality"


def test_a_published_file_loads_as_it_is(tmp_path: Path) -> None:
    tensors = drawn(Generator(6, 1))
    path = published(tmp_path, tensors)
    spec = BackboneSpec.model_validate(
        {"name": "h2z", "family": "mcdut", "source": {"path": str(tmp_path)}, "provides": ["translator"]}
    )
    model = McdutFamily().load(spec, {path.name: path})
    assert all(torch.equal(tensors[name], now) for name, now in model.generator.state_dict().items())


def card(folder: Path, **values: Any) -> BackboneSpec:
    return save_backbone(
        folder, name="one", family="mcdut", files={"generator.safetensors": drawn(Generator(6, 1))}, provides=["translator"],
        licence="", input_size=32, quality={}, **{"options": {}, **values},
    )  # fmt: skip


def test_cards_that_do_not_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BackboneUnusable, match=r"options.verdict.winner"):
        loaded(card(tmp_path, options={"verdict": {"winner": "magic", "reason": {"en": "", "ja": ""}}}))
    with pytest.raises(BackboneUnusable, match=r"its winner is 'affine', but repairs.safetensors does not hold it"):
        loaded(card(tmp_path, options={"verdict": {"winner": "affine", "reason": {"en": "", "ja": ""}}}))
    with pytest.raises(BackboneUnusable, match=r"images of this family are -1..1, not 0..1"):
        loaded(card(tmp_path, input_range="0..1"))
    with pytest.raises(BackboneUnusable, match="one generator is expected, 0 found"):
        McdutFamily().load(card(tmp_path), {})
    torch.save({"model.1.weight": torch.zeros(3)}, tmp_path / "x_net_G.pth")
    with pytest.raises(BackboneUnusable, match="backbone 'one': no generator of the ResNet kind"):
        McdutFamily().load(card(tmp_path), {"x_net_G.pth": tmp_path / "x_net_G.pth"})


def test_every_card_leads_to_what_it_says() -> None:
    offered = {
        "translator": plugin.shiftlens_translators(), "fitter": plugin.shiftlens_fitters(),
        "backbone-family": plugin.shiftlens_backbone_families(), "importer": plugin.shiftlens_importers(),
    }  # fmt: skip
    for role, cards in offered.items():
        for one in cards:
            offer = Offer(one, role, "shiftlens", "0")  # type: ignore[arg-type]
            assert target_class(offer).__name__
            if one.config is not None:
                assert config_model(offer)()


def test_saved_tensors_are_those_of_the_generator(tmp_path: Path) -> None:
    spec = card(tmp_path)
    assert load_tensors(tmp_path / "generator.safetensors").keys() == loaded(spec).generator.state_dict().keys()
