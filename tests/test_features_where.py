"""Difference maps: a map's mean is the image's projection, a planted region is hot, one scale for both sets."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shiftlens import SpacesDiffer, UsageError
from shiftlens.framework.host.host import discover
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import AttentionMaps, AttributeScores, Context, ImageSet, Latents
from shiftlens.plugins.features import plugin
from shiftlens.plugins.features.config import DifferenceMapConfig, FeaturesConfig
from shiftlens.plugins.features.encoder import FeaturesEncoder
from shiftlens.plugins.features.explainer import DifferenceMap
from shiftlens.plugins.features.family import TimmFamily
from shiftlens.plugins.features.network import TimmFeatures
from shiftlens.plugins.stylediff.config import StyleDiffConfig
from shiftlens.plugins.stylediff.scorer import StyleDiff
from shiftlens.registry.catalogue import Catalogue, locate

changed = runpy.run_path(str(Path(__file__).with_name("score_fields.py")))["changed"]

CONTEXT = Context(space_key="k", backbone_digest="d")
LAYER = "blocks.4"


class Compared:
    """Two sets, of which the second has a bright scratch in the upper right quarter."""

    def __init__(self, place: Path) -> None:
        catalogue = Catalogue(plugin.shiftlens_backbones())
        spec = catalogue.get("efficientnet-lite0").model_copy(update={"input_size": 128})
        self.network: TimmFeatures = TimmFamily().load(spec, locate(spec))
        self.sets = {name: _plates(place / name, 24, seed, name == "site") for seed, name in enumerate(("dev", "site"))}
        self.latents = {name: self.encoded(images) for name, images in self.sets.items()}
        config = StyleDiffConfig(permutations=100, bootstrap=50, self_splits=1, permutations_self=99)
        self.scores = StyleDiff(config, context=CONTEXT).score(self.latents["dev"], self.latents["site"])

    def encoded(self, images: ImageSet) -> Latents:
        return FeaturesEncoder(FeaturesConfig(layer=LAYER), backbone=self.network, context=CONTEXT).encode(images)

    def maps(self, name: str, about: AttributeScores | None = None, most: int = 6, context: Context = CONTEXT) -> AttentionMaps:
        explainer = DifferenceMap(DifferenceMapConfig(most=most), backbone=self.network, context=context)
        return explainer.explain(self.sets[name], about or self.scores)


def _plates(place: Path, count: int, seed: int, scratched: bool) -> ImageSet:
    place.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for i in range(count):
        pixels = rng.normal(120, 6, (128, 128))
        if scratched:
            top = int(rng.integers(18, 30))
            for step in range(26):
                pixels[top + step : top + step + 3, 80 + step : 84 + step] = 240
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(place / f"{i:02d}.png")
    return open_source(str(place), place.name, discover())


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    return Compared(tmp_path_factory.mktemp("plates"))


def test_the_mean_of_a_map_is_the_projection_of_its_image(compared: Compared) -> None:
    scores = compared.scores
    for name in ("dev", "site"):
        maps, latents = compared.maps(name, most=24), compared.latents[name]
        values = dict(zip(latents.ids, latents.values.astype(np.float64), strict=True))
        for image, heat in zip(maps.ids, maps.maps, strict=True):
            parts = [
                w * (x - m) / s
                for w, x, m, s, on in zip(
                    scores.joint.weights,
                    values[image],
                    scores.effects.mean,
                    scores.effects.sigma,
                    scores.effects.measured,
                    strict=True,
                )
                if on
            ]
            assert heat.mean() == pytest.approx(sum(parts), abs=2e-3)


def test_the_planted_place_is_the_hottest(compared: Compared) -> None:
    site = compared.maps("site").maps
    rows, columns = site.shape[1:]
    hottest = [np.unravel_index(heat.argmax(), heat.shape) for heat in site]
    assert all(row < rows / 2 and column >= columns / 2 for row, column in hottest)


def test_the_images_that_carry_the_difference_most_are_chosen(compared: Compared) -> None:
    scores = compared.scores
    for name, ids, projection in (
        ("dev", scores.reference_ids, -scores.joint.reference_projection),
        ("site", scores.target_ids, scores.joint.target_projection),
    ):
        farthest = {ids[i] for i in np.argsort(-projection)[:6]}
        assert set(compared.maps(name).ids) == farthest


def test_both_sets_share_one_scale_around_zero(compared: Compared) -> None:
    dev, site = compared.maps("dev", most=2), compared.maps("site", most=5)
    assert (dev.low, dev.high) == (site.low, site.high)
    assert dev.low == -dev.high
    assert (len(dev.ids), len(site.ids)) == (2, 5)


def test_dimensions_that_were_not_measured_take_no_part(compared: Compared) -> None:
    measured = compared.scores.effects.measured.copy()
    first = int(np.flatnonzero(measured)[0])
    measured[first] = False
    spoilt = compared.scores.joint.weights.copy()
    spoilt[first] = np.nan
    sigma = compared.scores.effects.sigma.copy()
    sigma[first] = 0
    about = changed(compared.scores, measured=measured, weights=spoilt, sigma=sigma)
    assert np.isfinite(compared.maps("site", about).maps).all()


def test_an_image_that_cannot_be_read_any_more_is_set_aside(compared: Compared, tmp_path: Path) -> None:
    images = _plates(tmp_path / "site", 24, 1, True)
    gone = compared.maps("site").ids[0]
    (tmp_path / "site" / gone).write_bytes(b"")
    explainer = DifferenceMap(DifferenceMapConfig(), backbone=compared.network, context=CONTEXT)
    maps = explainer.explain(images, compared.scores)
    assert [s.id for s in maps.set_aside] == [gone]
    assert len(maps.ids) == len(maps.maps) == 5


def test_images_of_another_comparison_are_refused(compared: Compared, folder_of: Callable[..., Path]) -> None:
    others = open_source(str(folder_of("others", 3)), "others", discover())
    explainer = DifferenceMap(DifferenceMapConfig(), backbone=compared.network, context=CONTEXT)
    with pytest.raises(UsageError, match="'others'"):
        explainer.explain(others, compared.scores)


def test_scores_of_another_backbone_are_refused(compared: Compared) -> None:
    with pytest.raises(SpacesDiffer, match="backbone d, this one is e"):
        compared.maps("dev", context=Context(backbone_digest="e"))


def test_scores_of_another_encoder_are_refused(compared: Compared) -> None:
    space = compared.scores.space.model_copy(update={"encoder": "physical"})
    with pytest.raises(SpacesDiffer, match="physical"):
        compared.maps("dev", compared.scores.model_copy(update={"space": space}))
