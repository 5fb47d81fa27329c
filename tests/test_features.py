"""Learned features: the real network gives what is published, any timm network can take its place, maps add up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from shiftlens import BackboneSpec, BackboneUnusable, UsageError
from shiftlens.framework.host.host import discover
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import Context, ImageSet, Latents, Picture, square
from shiftlens.plugins.features import plugin
from shiftlens.plugins.features.config import FeaturesConfig
from shiftlens.plugins.features.encoder import FeaturesEncoder
from shiftlens.plugins.features.family import TimmFamily
from shiftlens.plugins.features.keys import from_lukemelas
from shiftlens.plugins.features.network import TimmFeatures
from shiftlens.plugins.features.operators import declare_missing_operators
from shiftlens.registry.catalogue import Catalogue, locate
from shiftlens.training import load_tensors

GOLDEN = {
    "chelsea.png": {282: 0.393, 285: 0.356, 281: 0.170, 287: 0.014, 904: 0.001},
    "coffee.png": {967: 0.951, 968: 0.015, 925: 0.007, 960: 0.004, 504: 0.003},
    "rocket.jpg": {657: 0.274, 744: 0.189, 540: 0.103, 812: 0.059, 668: 0.017},
    "astronaut.png": {560: 0.162, 450: 0.106, 573: 0.065, 422: 0.046, 747: 0.029},
    "camera.png": {872: 0.939},
    "motorcycle_left.png": {665: 0.537, 670: 0.120, 535: 0.076},
}
"""ImageNet class (from 0): probability, as published for these weights; pictures ship with scikit-image."""


def spec(**values: object) -> BackboneSpec:
    return BackboneSpec.model_validate({"name": "mine", "family": "timm", "source": {"path": "."}, **values})


def loaded(path: Path, model: str, context: Context | None = None, **values: object) -> TimmFeatures:
    options = {"model": model, **values.pop("options", {})}  # type: ignore[dict-item]
    return TimmFamily(context=context).load(spec(options=options, **values), {path.name: path})


@pytest.fixture(scope="session")
def lite0() -> TimmFeatures:
    catalogue = Catalogue(plugin.shiftlens_backbones())
    backbone = catalogue.get("efficientnet-lite0")
    return TimmFamily().load(backbone, catalogue.verified(backbone)[0])


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Save a small random network of timm in the real format."""

    def save(model: str, **arguments: object) -> Path:
        declare_missing_operators()
        import timm

        torch.manual_seed(0)
        path = tmp_path / f"{model}.safetensors"
        save_file(timm.create_model(model, pretrained=False, **arguments).state_dict(), path)
        return path

    return save


def as_published(picture: Image.Image) -> np.ndarray:
    """Bicubic to a short side of 256, the central 224 of it; sides cut down, corners rounded, as torchvision does."""
    picture = picture.convert("RGB")
    short = min(picture.size)
    picture = picture.resize((picture.width * 256 // short, picture.height * 256 // short), Image.Resampling.BICUBIC)
    left, top = round((picture.width - 224) / 2), round((picture.height - 224) / 2)
    return np.array(picture.crop((left, top, left + 224, top + 224)))


@pytest.mark.parametrize("name", GOLDEN)
def test_the_real_network_gives_the_published_classes(lite0: TimmFeatures, name: str) -> None:
    import skimage

    pixels = as_published(Image.open(Path(skimage.__file__).parent / "data" / name))
    with torch.inference_mode():
        p = lite0.network(lite0.normalised(pixels[None])).softmax(1)[0]
    expected = GOLDEN[name]
    assert p.topk(len(expected)).indices.tolist() == list(expected)
    assert [float(p[c]) for c in expected] == pytest.approx(list(expected.values()), abs=0.002)


def test_renaming_gives_the_same_tensors_as_the_order_of_both_dicts(lite0: TimmFeatures) -> None:
    catalogue = Catalogue(plugin.shiftlens_backbones())
    (path,) = locate(catalogue.get("efficientnet-lite0")).values()
    tensors = load_tensors(path)
    renamed, wanted = from_lukemelas(tensors), list(lite0.network.state_dict())
    assert set(renamed) == set(wanted)
    by_order = dict(zip(wanted, tensors.values(), strict=True))
    assert all(torch.equal(renamed[name], by_order[name]) for name in wanted)
    assert all(torch.equal(lite0.network.state_dict()[name], by_order[name]) for name in wanted)


@pytest.mark.parametrize(
    ("model", "size", "layers", "shape"),
    [
        ("resnet18", 64, ("act1", "layer1", "layer2", "layer3", "layer4", "final"), (512, 2, 2)),
        ("mobilenetv3_small_050", 96, ("bn1", "blocks.0", "blocks.1", "blocks.3", "blocks.5", "final"), (288, 3, 3)),
        ("vit_tiny_patch16_224", 64, (*(f"blocks.{i}" for i in range(12)), "final"), (192, 4, 4)),
        ("swin_tiny_patch4_window7_224", 224, ("layers.0", "layers.1", "layers.2", "layers.3", "final"), (768, 7, 7)),
    ],
)
def test_another_network_takes_its_place_by_a_file(
    saved: Callable[..., Path], model: str, size: int, layers: tuple[str, ...], shape: tuple[int, ...]
) -> None:
    arguments = {"img_size": size} if model.startswith("vit") else {}
    found = loaded(saved(model, **arguments), model, input_size=size, input_range="imagenet")
    batch = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), np.uint8)
    assert (found.size, found.layers) == (size, layers)
    assert found.maps(batch, "final").shape == (2, *shape)
    middle = found.maps(batch, layers[len(layers) // 2])
    assert middle.ndim == 4
    assert middle.dtype == np.float32
    assert np.isfinite(middle).all()


def test_tokens_of_a_transformer_lie_where_their_patches_are(saved: Callable[..., Path]) -> None:
    """Changing one patch moves the map most at that patch."""
    found = loaded(saved("vit_tiny_patch16_224", img_size=64), "vit_tiny_patch16_224", input_size=64)
    plain = np.full((1, 64, 64, 3), 90, np.uint8)
    changed = plain.copy()
    changed[:, 16:32, 48:64] = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), np.uint8)
    for layer in ("blocks.0", "final"):
        moved = np.abs(found.maps(changed, layer) - found.maps(plain, layer)).sum(axis=(0, 1))
        assert np.unravel_index(moved.argmax(), moved.shape) == (1, 3)


def test_the_input_is_scaled_as_the_spec_says(saved: Callable[..., Path]) -> None:
    path = saved("resnet18")
    pixels = np.full((1, 32, 32, 3), 51, np.uint8)
    given = {
        r: loaded(path, "resnet18", input_size=32, input_range=r).normalised(pixels)[0, :, 0, 0]
        for r in ("0..1", "-1..1", "imagenet")
    }
    assert given["0..1"].tolist() == pytest.approx([0.2] * 3)
    assert given["-1..1"].tolist() == pytest.approx([-0.6] * 3)
    assert given["imagenet"].tolist() == pytest.approx(
        [(0.2 - m) / s for m, s in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))]
    )


def test_missing_unexpected_and_misshapen_tensors_are_named(saved: Callable[..., Path], tmp_path: Path) -> None:
    tensors = load_tensors(saved("resnet18"))
    tensors["strange.weight"] = tensors.pop("conv1.weight")
    tensors["fc.bias"] = torch.zeros(7)
    save_file(tensors, tmp_path / "wrong.safetensors")
    with pytest.raises(BackboneUnusable) as error:
        loaded(tmp_path / "wrong.safetensors", "resnet18")
    for said in ("1 missing (conv1.weight)", "1 unexpected (strange.weight)", "fc.bias (7,) for (1000,)"):
        assert said in error.value.message


def test_a_network_saved_without_its_classifier_is_taken_when_the_spec_says_so(saved: Callable[..., Path]) -> None:
    path = saved("resnet18", num_classes=0)
    with pytest.raises(BackboneUnusable, match=r"2 missing \(fc.bias, fc.weight\)"):
        loaded(path, "resnet18")
    assert loaded(path, "resnet18", options={"classes": 0}).size == 224


def test_weights_that_are_not_numbers_are_refused(saved: Callable[..., Path], tmp_path: Path) -> None:
    tensors = load_tensors(saved("resnet18"))
    tensors["fc.bias"][3] = torch.nan
    save_file(tensors, tmp_path / "nan.safetensors")
    with pytest.raises(BackboneUnusable, match=r"'fc\.bias'"):
        loaded(tmp_path / "nan.safetensors", "resnet18")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "resnet1"}, "no model 'resnet1'"),
        ({"model": "hf_hub:somebody/something"}, "no model"),
        ({}, "options.model"),
        ({"model": "resnet18", "pretrained": True}, "options.pretrained"),
    ],
)
def test_a_backbone_that_cannot_be_built_is_explained(
    saved: Callable[..., Path], options: Mapping[str, object], said: str
) -> None:
    path = saved("resnet18")
    with pytest.raises(BackboneUnusable, match=said):
        TimmFamily().load(spec(options=options), {path.name: path})


def test_several_weight_files_need_a_choice(saved: Callable[..., Path]) -> None:
    path = saved("resnet18")
    with pytest.raises(BackboneUnusable, match="found 2"):
        TimmFamily().load(spec(options={"model": "resnet18"}), {"a.safetensors": path, "b.safetensors": path})


def encoded(network: TimmFeatures, images: ImageSet, layer: str = "final") -> Latents:
    context = Context(space_key="k", backbone_digest="d")
    return FeaturesEncoder(FeaturesConfig(layer=layer), backbone=network, context=context).encode(images)


@pytest.fixture
def small(saved: Callable[..., Path]) -> TimmFeatures:
    return loaded(saved("resnet18"), "resnet18", input_size=64)


def test_a_code_is_the_spatial_mean_of_the_map_in_the_order_of_the_images(
    small: TimmFeatures, folder_of: Callable[..., Path]
) -> None:
    images = open_source(str(folder_of("dev", 11)), "dev", discover())
    latents = encoded(small, images, "layer3")
    assert latents.values.shape == (11, 256)
    assert latents.values.dtype == np.float32
    assert latents.ids == tuple(ref.id for ref in images.refs)
    assert [d.id for d in latents.space.dimensions][:2] == ["layer3.0000", "layer3.0001"]
    assert {d.layer for d in latents.space.dimensions} == {"layer3"}
    assert (latents.space.encoder, latents.space.key, latents.space.backbone) == ("features", "k", "d")
    for ref, row in zip(images.refs, latents.values, strict=True):
        pixels = square(images.source.picture(ref), 64)[None]
        plain = [sum(map(float, channel.ravel())) / channel.size for channel in small.maps(pixels, "layer3")[0]]
        assert row == pytest.approx(plain, abs=1e-5)


def test_a_row_does_not_depend_on_its_companions(lite0: TimmFeatures, folder_of: Callable[..., Path]) -> None:
    images = open_source(str(folder_of("dev", 9)), "dev", discover())
    together = encoded(lite0, images)
    alone = Latents.concatenate([encoded(lite0, shard) for shard in images.shards(4)])
    assert alone.ids == together.ids
    assert alone.values == pytest.approx(together.values, abs=1e-5)


def test_what_cannot_be_read_is_set_aside_by_name(small: TimmFeatures, folder_of: Callable[..., Path]) -> None:
    place = folder_of("dev", 4)
    (place / "002.png").write_bytes((place / "002.png").read_bytes()[:300])
    latents = encoded(small, open_source(str(place), "dev", discover()))
    assert len(latents.ids) == 3
    assert [s.id for s in latents.set_aside] == ["002.png"]


def test_no_image_at_all_gives_no_row(small: TimmFeatures, folder_of: Callable[..., Path]) -> None:
    images = open_source(str(folder_of("dev", 1)), "dev", discover()).select(())
    assert encoded(small, images).values.shape == (0, 512)


def test_an_unknown_layer_names_those_that_exist(small: TimmFeatures, folder_of: Callable[..., Path]) -> None:
    images = open_source(str(folder_of("dev", 1)), "dev", discover())
    with pytest.raises(UsageError) as error:
        encoded(small, images, "layer9")
    assert "layer4, final" in error.value.hint


@pytest.mark.parametrize("white", [255, 65535])
def test_a_square_shows_the_whole_frame_without_aliasing(white: int) -> None:
    """A fine checkerboard becomes its mean, and both ends of a long picture are there."""
    board = (np.indices((400, 800)).sum(0) % 2 * white).astype(np.uint8 if white == 255 else np.uint16)
    board[:, -100:] = white
    found = square(Picture(board, white), 64)
    assert found.shape == (64, 64, 3)
    assert np.abs(found[:, :54].astype(float) - 127.5).max() < 3
    assert (found[:, -6:] > 250).all()


def test_cards_are_read_without_a_model_library(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from shiftlens.plugins.features import plugin, config;"
        "plugin.shiftlens_encoders(), plugin.shiftlens_backbones();"
        "print(sorted({'torch', 'timm', 'torchvision', 'skimage', 'scipy', 'PIL'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path).stdout.strip() == "[]"


def test_the_pinned_digest_is_that_of_the_installed_file() -> None:
    catalogue = Catalogue(plugin.shiftlens_backbones())
    backbone = catalogue.get("efficientnet-lite0")
    (path,) = locate(backbone).values()
    assert hashlib.sha256(path.read_bytes()).hexdigest() in backbone.files.values()


def test_timm_can_be_imported_beside_any_build_of_torch(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "from shiftlens.plugins.features.operators import declare_missing_operators as declare;"
        "kept = declare(); import torchvision, timm; assert declare() is kept; print('fine')"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert found.stdout.strip() == "fine", found.stderr


def test_a_device_that_is_not_there_is_explained(saved: Callable[..., Path]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(UsageError, match="'cuda:3' cannot be used"):
        loaded(saved("resnet18"), "resnet18", Context(device="cuda:3"))


@pytest.mark.parametrize("workers", [1, 3])
def test_codes_do_not_depend_on_the_number_of_workers(
    small: TimmFeatures, folder_of: Callable[..., Path], workers: int
) -> None:
    images = open_source(str(folder_of("dev", 27)), "dev", discover())
    before = torch.get_num_threads()
    found = FeaturesEncoder(None, backbone=small, context=Context(workers=workers)).encode(images)
    assert found.ids == tuple(ref.id for ref in images.refs)
    assert np.array_equal(found.values, encoded(small, images).values)
    assert torch.get_num_threads() == before
