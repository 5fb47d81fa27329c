"""The translator: any size, any depth, alpha, tiles that agree, and images given back as they were."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from shiftlens import Text, UsageError
from shiftlens.framework.translation.png import png
from shiftlens.plugin import Context, ImageRef, ImageSet, Picture, Treatment, Unreadable, decode
from shiftlens.plugins.mcdut.cheap import Linear
from shiftlens.plugins.mcdut.config import TranslateConfig, Verdict
from shiftlens.plugins.mcdut.model import Mcdut
from shiftlens.plugins.mcdut.network import Generator
from shiftlens.plugins.mcdut.tiling import padded, tiled
from shiftlens.plugins.mcdut.translator import McdutTranslator, like
from shiftlens.testing import Pictures, TranslatorConformance, sample_images

HALF = Linear(0.5 * np.eye(3), np.zeros(3))


class Through(nn.Module):
    """Stands in for a generator: what comes in goes out, times a gain about black."""

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = gain
        self.seen: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(tuple(x.shape))
        return (x + 1) * self.gain - 1


def model(**values: Any) -> Mcdut:
    return Mcdut(values.pop("generator", Through(0.5)), **values)


def lively(seed: int = 0, **variant: Any) -> Generator:
    torch.manual_seed(seed)
    network = Generator(6, 2, **variant).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        nn.init.normal_(parameter, 0, 0.1 if name.endswith("bias") else 0.15)
    return network.to(memory_format=torch.channels_last)


def translated(images: ImageSet, backbone: Mcdut | None = None, **config: Any) -> ImageSet:
    context = Context(workers=2, backbone_digest="digest")
    with McdutTranslator(TranslateConfig(**config), backbone=backbone or model(), context=context) as translator:
        return translator.translate(images)


def one_image(picture: Picture) -> ImageSet:
    return ImageSet("one", (ImageRef("a.png", "digest", "a", {"lot": "7"}),), Pictures({"a.png": picture}))


def textured(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    draws = np.random.default_rng(seed)
    return np.clip(draws.normal(120, 20, (rows, columns)) + np.linspace(0, 60, columns), 0, 255).astype(np.uint8)


class TestTranslator(TranslatorConformance):
    @pytest.fixture
    def translator(self) -> McdutTranslator:
        return McdutTranslator(backbone=model(generator=lively()), context=Context(workers=2, backbone_digest="digest"))


@pytest.mark.parametrize(("rows", "columns"), [(37, 54), (64, 64), (8, 9), (101, 30)])
def test_images_of_any_size_keep_it(rows: int, columns: int) -> None:
    picture = Picture(np.stack([textured(rows, columns, i) for i in range(3)], axis=-1), 255.0)
    network = Through(0.5)
    made = translated(one_image(picture), model(generator=network))
    assert made.source.picture(made.refs[0]).pixels.shape == (rows, columns, 3)
    assert all(n % 4 == 0 for shape in network.seen for n in shape[2:])


def test_every_image_comes_back_in_order_with_its_depth_and_channels() -> None:
    images = sample_images(9)
    made = translated(images)
    assert [ref.id for ref in made.refs] == [ref.id for ref in images.refs]
    assert [ref.group for ref in made.refs] == [ref.group for ref in images.refs]
    for before, after in zip(images.refs, made.refs, strict=True):
        if before.id == "2.png":
            with pytest.raises(Unreadable, match="planted"):
                made.source.picture(after)
            continue
        a, b = images.source.picture(before), made.source.picture(after)
        assert (b.pixels.shape, b.pixels.dtype, b.white) == (a.pixels.shape, a.pixels.dtype, a.white)
        np.testing.assert_allclose(b.unit(), 0.5 * a.unit(), atol=0.51 / a.white)
        assert after.digest != before.digest
        assert after.treatment.way == "network"


def test_depth_beyond_8_bits_is_kept_and_what_it_is_worth_is_said() -> None:
    ramp = np.linspace(20_000, 40_000, 64 * 64).reshape(64, 64).astype(np.uint16)
    made = translated(one_image(Picture(ramp, 65535.0)))
    after = made.source.picture(made.refs[0])
    assert len(np.unique(after.pixels)) > 2000
    np.testing.assert_allclose(after.pixels, ramp / 2, atol=2)
    assert "more than 8 bits; the depth is kept, but the network was fitted on 8 bits" in made.refs[0].treatment.note.en
    assert "1/255 is its guess" in made.refs[0].treatment.note.en
    assert "1/255 より細かい値は推定" in made.refs[0].treatment.note.ja
    assert translated(one_image(Picture(textured(40, 40), 255.0))).refs[0].treatment.note is None


def rgba(alpha: np.ndarray) -> bytes:
    pixels = np.dstack([textured(40, 48, i) for i in range(3)] + [alpha])
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG")
    return file.getvalue()


def test_alpha_is_kept_and_what_is_transparent_stays_white() -> None:
    alpha = np.full((40, 48), 255, np.uint8)
    alpha[:10], alpha[10:14] = 0, 128
    picture = decode(rgba(alpha))
    made = translated(one_image(picture), gate="off")
    after = made.source.picture(made.refs[0])
    assert after.alpha is not None
    np.testing.assert_array_equal(after.alpha, alpha)
    assert (after.pixels[:10] == 255).all()
    np.testing.assert_allclose(after.pixels[20:], picture.pixels[20:] / 2, atol=0.51)


@pytest.mark.parametrize("gain", [0.5, 0.0, 1.0])
def test_a_half_transparent_pixel_looks_on_white_as_the_network_made_it(gain: float) -> None:
    alpha = np.tile(np.arange(48, dtype=np.uint8) * 5, (40, 1))
    picture = decode(rgba(alpha))
    made = translated(one_image(picture), model(generator=Through(gain)), gate="off")
    after = made.source.picture(made.refs[0])
    darkest = 255.0 - alpha[..., None]  # what white alone gives through such a pixel
    np.testing.assert_allclose(after.pixels, np.maximum(gain * picture.pixels, darkest), atol=0.51)
    np.testing.assert_array_equal(decode(png(after)).pixels, after.pixels)


def test_an_opaque_image_has_no_alpha() -> None:
    assert decode(rgba(np.full((40, 48), 255, np.uint8))).alpha is None


def test_an_image_that_would_lose_or_gain_anything_is_given_back_as_it_was() -> None:
    class Spots(Through):
        def forward(self, x: Tensor) -> Tensor:
            made = x.clone()
            if x.shape[3] == 80:
                made[:, :, 30:36, 30:36] = -1
            return made

    pictures = {f"{n}.png": Picture(np.full((80, n), 128, np.uint8), 255.0) for n in (80, 84)}
    refs = tuple(ImageRef(n, n, n) for n in pictures)
    images = ImageSet("two", refs, Pictures(pictures), note="drawn")
    made = translated(images, model(generator=Spots()))
    held, passed = made.refs
    assert held.treatment.way is None
    assert "that the original does not have" in held.treatment.held_back.en
    assert "元画像にない模様" in held.treatment.held_back.ja
    again = translated(made, gate="off").refs[0]
    assert again.treatment == Treatment(way="network")  # what an earlier translation said is gone
    np.testing.assert_array_equal(made.source.picture(held).pixels, pictures["80.png"].pixels)
    assert passed.treatment == Treatment(way="network")
    assert made.note == "drawn"
    assert translated(images, model(generator=Spots()), gate="off").refs[0].treatment == Treatment(way="network")


REASON = Text(en="defects are lost", ja="欠陥が失われます")


def test_a_translator_that_did_not_pass_gives_everything_back_with_the_reason() -> None:
    picture = Picture(textured(40, 40), 255.0)
    backbone = model(verdict=Verdict(winner=None, reason=REASON))
    made = translated(one_image(picture), backbone)
    assert made.refs[0].meta == {"lot": "7"}
    assert made.refs[0].treatment == Treatment(held_back=REASON)
    np.testing.assert_array_equal(made.source.picture(made.refs[0]).pixels, picture.pixels)
    forced = translated(one_image(picture), backbone, method="network")
    assert forced.refs[0].treatment.way == "network"


def test_the_winner_of_the_measurement_repairs() -> None:
    picture = Picture(textured(40, 40), 255.0)
    backbone = model(generator=Through(1.0), repairs={"affine": HALF}, verdict=Verdict(winner="affine", reason=REASON))
    for config, gain, used in (({}, 0.5, "affine"), ({"method": "network"}, 1.0, "network")):
        made = translated(one_image(picture), backbone, **config)
        assert made.refs[0].treatment.way == used
        np.testing.assert_allclose(made.source.picture(made.refs[0]).pixels, gain * picture.pixels, atol=0.51)


def test_a_repair_that_was_not_fitted_is_named() -> None:
    with pytest.raises(UsageError, match="method: this backbone has no repair 'mtf'"):
        translated(sample_images(2, broken=None), method="mtf")


def test_another_backbone_is_refused() -> None:
    with pytest.raises(UsageError, match="no translator of this family: object"):
        McdutTranslator(backbone=object()).translate(sample_images(1, broken=None))


def test_results_go_when_nobody_uses_them_any_more() -> None:
    made = translated(one_image(Picture(textured(40, 40), 255.0)))
    folder = made.source._folder  # type: ignore[attr-defined]
    assert len(list(Path(folder).iterdir())) == 1
    del made
    assert not folder.exists()


def test_a_picture_beyond_white_is_cut_off_there() -> None:
    made = like(Picture(np.zeros((8, 8, 3), np.uint8), 255.0), np.ones((8, 8, 3), np.float32))
    assert made.pixels.max() == 255


VARIANTS = [{}, {"attention": "released"}, {"attention": "coordinate"}, {"antialias": False}]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_tiles_give_what_one_pass_gives(variant: dict[str, Any]) -> None:
    network = lively(**variant)
    image = torch.rand(1, 3, 100, 148, generator=torch.Generator().manual_seed(0)) * 2 - 1
    image[..., :60] *= 0.2
    whole = network(image)
    assert (tiled(network, image, tile=48) - whole).abs().max() < 2e-3
    alone = torch.cat([network(part) for part in image.split(48, dim=3)[:3]], dim=3)
    assert (alone - whole[..., :144]).abs().mean() > 20 * (tiled(network, image, tile=48) - whole).abs().mean()


def test_a_large_image_is_translated_in_tiles() -> None:
    network = lively()
    image = torch.rand(2, 3, 64, 80) * 2 - 1
    small, large = Mcdut(network), Mcdut(network, largest=1000)
    torch.testing.assert_close(large.translate(image), small.translate(image), atol=2e-3, rtol=0)


def test_padding_mirrors_the_lower_right_end() -> None:
    image = torch.arange(2.0 * 5 * 6).view(1, 2, 5, 6)
    made = padded(image, 4)
    assert made.shape == (1, 2, 8, 8)
    assert torch.equal(made[:, :, :5, 6], image[:, :, :, 4])
    assert torch.equal(made[:, :, 5, :6], image[:, :, 3])
