"""The world of parts: sites, shifts, draws, the source and its folders."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from pydantic import ValidationError

from shiftlens import DatasetSpec, OutputUnusable, ShiftlensError, UnknownName, UsageError
from shiftlens.framework.host.host import discover
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import Context, ImageSet
from shiftlens.plugins.parts import plugin
from shiftlens.plugins.parts.config import PartsSite, SourceOptions
from shiftlens.plugins.parts.draws import lot_of
from shiftlens.plugins.parts.factors import DEFECTS, FACTORS, FAMILIES
from shiftlens.plugins.parts.renderer import World, render
from shiftlens.plugins.parts.shift import Shift, shifted
from shiftlens.plugins.parts.sites import SITES
from shiftlens.plugins.parts.source import PartsReader, options_of, world_of
from shiftlens.plugins.parts.synth import synth
from shiftlens.plugins.parts.truth import truths

OSAKA = SITES["osaka"]


def opened(text: str, name: str = "development") -> ImageSet:
    source = DatasetSpec.parse(text)
    return PartsReader(SourceOptions.model_validate(source.options), context=Context(workers=2)).read(source, name)


def changed(**factors: object) -> dict[str, Any]:
    data = OSAKA.model_dump()
    data["factors"] |= factors
    return data


def test_every_named_site_has_a_story_and_is_possible() -> None:
    assert {"osaka", "nagoya"} <= set(SITES)
    assert len(SITES) >= 5
    assert all(site.story for site in SITES.values())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (changed(expozure=1), "factors.expozure: no such factor"),
        (changed(exposure=9), "factors.exposure: 9 EV is outside of -5 to 3 EV"),
        (changed(roughness=[0.2, 0.1]), "factors.roughness: with a spread of 0.1"),
        (changed(thickness=-2), "factors.thickness: -2 mm is outside"),
        (changed(defocus={"mean": 1, "spread": -0.1}), "factors.defocus.spread"),
        (changed(haze=float("nan")), "factors.haze.mean"),
        (OSAKA.model_dump() | {"families": {"gear": 0.0}}, "families: no family"),
        (OSAKA.model_dump() | {"families": {"gear": -1.0}}, "families.gear: a weight is not negative"),
        (OSAKA.model_dump() | {"families": {"cup": 1.0}}, "families.cup"),
        (OSAKA.model_dump() | {"defects": {"crack": 1.5}}, "defects.crack: a share is 0 to 1"),
        (OSAKA.model_dump() | {"factors": {}}, "factors.reflectance: missing"),
        (OSAKA.model_dump() | {"brushed": 2}, "brushed"),
    ],
)
def test_an_impossible_site_is_refused_with_the_field_named(data: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        PartsSite.model_validate(data)
    places = [".".join(map(str, one["loc"])) + ": " + one["msg"] for one in error.value.errors()]
    assert said in " ".join(places)


@pytest.mark.parametrize(
    ("text", "mean"),
    [
        ("4000", 4000),
        ("+300", 5800),
        (" 300", 5800),
        ("-300", 5200),
        ("*1.1", 6050),
        ("+1sd", 5560),
        ("-2sd", 5380),
        ("=4e3", 4000),
    ],
)
def test_a_change_sets_adds_scales_or_counts_in_spreads(text: str, mean: float) -> None:
    site = shifted(OSAKA, [Shift.parse("lamp_temperature", text)])
    assert site.factors["lamp_temperature"].mean == pytest.approx(mean)
    assert site.factors["lamp_temperature"].spread == OSAKA.factors["lamp_temperature"].spread


@pytest.mark.parametrize("text", ["", "warm", "++3", "*1sd", "3sd", "+-3", "1,5", "nan", "inf"])
def test_a_change_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="lamp_temperature"):
        Shift.parse("lamp_temperature", text)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ([("exposure", "+1"), ("exposure", "-1")], "exposure: is shifted twice"),
        ([("brightness", "+1")], "'brightness': no such factor"),
        ([("exposure.mean", "+1")], "'exposure.mean': no such factor"),
        ([("defects.hole", "+1")], "'defects.hole': no such factor"),
        ([("white_balance", "+1sd")], "white_balance: has no spread"),
        ([("fill_power", "0"), ("fill_power.spread", "0"), ("fill_azimuth", "+9")], "fill_azimuth: shows nothing"),
        ([("brushed", "0"), ("brushing_angle", "+9")], "brushing_angle: shows nothing"),
        ([("full_well", "*-1")], "factors.full_well"),
    ],
)
def test_a_contradictory_shift_is_refused_with_the_field_named(changes: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(UsageError) as error:
        shifted(OSAKA, [Shift.parse(*change) for change in changes])
    assert field in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parts:osaka?n=0", "n: "),
        ("parts:osaka?size=-64", "size: "),
        ("parts:osaka?size=513", "size: "),
        ("parts:osaka?views=0", "views: "),
        ("parts:osaka?seed=-1", "seed: "),
        ("parts:osaka?exposur=1", "did you mean 'exposure'"),
        ("parts:osaka?defects.crak=1", "did you mean 'defects.crack'"),
        ("parts:osaka?exposure=99", "factors.exposure"),
        ("parts:osaca", "known: osaka"),
        ("parts:osaka?like=kyoto", "like: no site"),
        ("parts:nagoya?like=osaka&rotation=+3", "rotation: shows nothing"),
        ("parts:nagoya?like=osaka&defects.crack=1", "defects.crack: shows nothing"),
        ("folder:osaka", "'folder' is not rendered"),
    ],
)
def test_a_wrong_source_is_refused_with_the_option_named(text: str, said: str) -> None:
    with pytest.raises((UsageError, UnknownName)) as error:
        world_of(*options_of(text, {})[:2])
    assert said in str(error.value)


def test_draws_have_the_stated_mean_and_spread_and_stay_in_bounds() -> None:
    lot = lot_of(OSAKA, 7, np.arange(20_000))
    for name, own in OSAKA.factors.items():
        drawn = lot.factors[name]
        assert drawn.mean() == pytest.approx(own.mean, abs=4 * own.spread / 141 + 1e-9), name
        assert drawn.std() == pytest.approx(own.spread, rel=0.03, abs=1e-9), name
        assert FACTORS[name].least <= drawn.min() <= drawn.max() <= FACTORS[name].most, name


def test_rates_and_families_come_as_often_as_stated() -> None:
    lot = lot_of(OSAKA, 3, np.arange(20_000))
    assert np.bincount(lot.family, minlength=len(FAMILIES))[:6] == pytest.approx(20_000 / 6, rel=0.06)
    assert (lot.family != FAMILIES.index("plate")).all()
    assert {name: lot.defects[name].mean() for name in DEFECTS} == pytest.approx(OSAKA.defects, abs=0.006)
    assert lot.brushed.mean() == pytest.approx(OSAKA.brushed, abs=0.015)


def test_factors_are_drawn_independently() -> None:
    lot = lot_of(OSAKA, 5, np.arange(4000))
    table = np.stack([lot.factors[name] for name in FACTORS if OSAKA.factors[name].spread])
    apart = np.corrcoef(table) - np.eye(len(table))
    assert np.abs(apart).max() < 5 / np.sqrt(4000)


@pytest.mark.parametrize("name", ["exposure", "thickness", "rotation"])
def test_changing_one_factor_leaves_all_other_draws_alone(name: str) -> None:
    before, after = (lot_of(site, 1, np.arange(50)) for site in (OSAKA, shifted(OSAKA, [Shift(of=name, amount=0.5)])))
    differ = [other for other in FACTORS if not np.array_equal(before.factors[other], after.factors[other])]
    assert differ == [name]
    assert np.allclose(after.factors[name] - before.factors[name], 0.5)
    assert np.array_equal(before.family, after.family)
    assert all(np.array_equal(before.defects[d], after.defects[d]) for d in DEFECTS)


def test_an_image_is_the_same_in_every_company() -> None:
    world = World(OSAKA, seed=2, size=64)
    many = render(world, range(20))
    few = render(world, [13, 5])
    assert np.array_equal(few.pixels, many.pixels[[13, 5]])
    assert np.array_equal(few.part, many.part[[13, 5]])


@pytest.mark.parametrize("size", [64, 65, 101])
def test_any_size_is_rendered(size: int) -> None:
    assert render(World(OSAKA, size=size), [0]).pixels.shape == (1, size, size, 3)


def test_the_source_gives_the_rendered_pixels_from_several_threads_in_any_order() -> None:
    images = opened("parts:osaka?n=30&seed=3&size=64")
    plain = render(World(OSAKA, seed=3, size=64), range(30)).pixels
    order = np.random.default_rng(0).permutation(30)
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda i: images.source.picture(images.refs[i]), order))
    assert all(np.array_equal(picture.pixels, plain[i]) for picture, i in zip(pictures, order, strict=True))
    assert images.note == "synthetic"


def test_the_source_keeps_few_blocks() -> None:
    images = opened("parts:osaka?n=216&size=64")
    for ref in images.refs[::8]:
        images.source.picture(ref)
    assert len(images.source._blocks) <= 24  # type: ignore[attr-defined]


def test_listing_many_images_renders_none_and_names_each_once() -> None:
    images = opened("parts:sendai?n=5000&views=4&seed=9")
    assert len({ref.id for ref in images.refs}) == len({ref.digest for ref in images.refs}) == 5000
    assert len({ref.group for ref in images.refs}) == 1250
    assert images.refs[0].id.startswith("sendai/")
    assert images.refs[0].id.endswith(".jpg")
    assert {ref.meta["label"] for ref in images.refs} == {"OK", "NG"}


def test_digests_follow_what_is_rendered_and_not_how_many() -> None:
    few, many, other = (opened(f"parts:osaka?{o}").refs[4].digest for o in ("n=5", "n=50", "n=5&exposure=+0.1"))
    assert few == many != other


def test_views_of_a_part_share_the_part_and_differ_in_pose() -> None:
    first, second, third = truths(World(OSAKA, views=2), range(3))
    assert (first.dims, first.code, first.group, first.defects) == (second.dims, second.code, second.group, second.defects)
    assert first.factors["rotation"] != second.factors["rotation"]
    assert third.group != first.group


def test_the_same_parts_at_two_sites_have_the_same_geometry() -> None:
    nagoya = SITES["nagoya"]
    for here, there in zip(truths(World(OSAKA, 3), range(30)), truths(World(nagoya, 3), range(30)), strict=True):
        assert (here.family, here.dims, here.code, here.defects) == (there.family, there.dims, there.code, there.defects)
        assert [(p.name, p.on_part) for p in here.keypoints] == [(p.name, p.on_part) for p in there.keypoints]
        assert here.group == there.group
        assert here.id != there.id


def test_pairs_differ_in_light_and_camera_alone() -> None:
    pair = World(SITES["sapporo"].model_copy(update={"ground": "belt"}), 3, like=OSAKA)
    for here, there in zip(truths(World(OSAKA, 3), range(20)), truths(pair, range(20)), strict=True):
        differ = {name for name in FACTORS if here.factors[name] != there.factors[name]}
        assert {FACTORS[name].of for name in differ} == {"light", "camera"}


def test_captions_say_what_is_there() -> None:
    world = World(shifted(OSAKA, [Shift.parse("defects.crack", "1")]), 3)
    for truth in truths(world, range(6)):
        assert truth.family.removeprefix("washer") in truth.caption.en
        assert truth.code in truth.caption.en
        assert "crack" in truth.caption.en
        assert "クラック" in truth.caption.ja


def test_cards_and_options_are_read_without_torch() -> None:
    code = "import sys, shiftlens.plugins.parts.plugin, shiftlens.plugins.parts.sites; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert [card.id for card in (*plugin.shiftlens_readers(), *plugin.shiftlens_commands())] == ["parts", "synth"]


def written(folder: Path, *words: str) -> Path:
    result = CliRunner().invoke(synth, [*words, "--size", "64", "-o", str(folder), "--quiet"], catch_exceptions=False)
    assert result.exit_code == 0
    return folder


def test_synth_writes_images_masks_keypoints_and_truth_that_agree(tmp_path: Path) -> None:
    folder = written(tmp_path / "良品", "parts:sendai?defects.stain=0.5", "-n", "12", "--seed", "4")
    data = (folder / "truth.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
    coco = json.loads((folder / "keypoints.json").read_text(encoding="utf-8"))
    assert len(rows) == len(coco["images"]) == 12
    for row, image in zip(rows, coco["images"], strict=True):
        assert row["file"] == image["file_name"]
        assert Image.open(folder / row["file"]).size == (64, 64)
        mask = np.asarray(Image.open(folder / "masks" / "part" / f"{Path(row['file']).stem}_mask.png")) > 0
        part = next(a for a in coco["annotations"] if a["image_id"] == image["id"] and "keypoints" in a)
        assert part["area"] == mask.sum()
        counts = part["segmentation"]["counts"]
        assert np.array_equal(np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(64, 64).T, mask)
        category = coco["categories"][part["category_id"] - 1]
        assert len(part["keypoints"]) == 3 * len(category["keypoints"])
        assert (row["label"] == "NG") == bool(row["defects"]) == (Path(row["file"]).parts[1] != "good")
        if row["defects"]:
            assert (folder / "ground_truth" / Path(row["file"]).parts[1] / f"{Path(row['file']).stem}_mask.png").is_file()


def test_a_folder_of_synth_is_read_as_images_with_labels_and_masks_set_aside(tmp_path: Path) -> None:
    folder = written(tmp_path / "out", "parts:osaka?defects.crack=0.5", "-n", "8")
    images = open_source(str(folder), "development", discover())
    assert len(images) == 8
    pictures = {ref.id.rpartition("/")[2]: picture for ref, picture in images.decoded()}
    direct = opened("parts:osaka?defects.crack=0.5&n=8&size=64")
    assert all(
        np.array_equal(pictures[ref.id.rpartition("/")[2]].pixels, picture.pixels)  # type: ignore[union-attr]
        for ref, picture in direct.decoded()
    )


def test_synth_replaces_its_own_folder_and_refuses_any_other(tmp_path: Path) -> None:
    ours = written(tmp_path / "out", "parts:osaka", "-n", "3")
    written(ours, "parts:osaka", "-n", "2")
    assert len(list(ours.glob("test/*/*"))) == 2
    (ours / "notes.txt").write_text("mine")
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "photo.png").write_bytes(b"x")
    for folder, named in ((ours, "notes.txt"), (theirs, "theirs")):
        with pytest.raises(OutputUnusable, match=named):
            CliRunner().invoke(synth, ["parts:osaka", "-n", "1", "-o", str(folder)], catch_exceptions=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "theirs"]


def test_the_host_opens_parts_and_finds_the_command() -> None:
    points = [EntryPoint(name="parts", value="shiftlens.plugins.parts.plugin", group="shiftlens")]
    host = discover(points=points)
    assert [offer.card.id for offer in host.of_role("command")] == ["synth"]
    assert len(open_source("parts:osaka?n=7&exposure=%2B1sd&defects.crack=1", "site", host)) == 7
    with pytest.raises(UsageError, match="did you mean 'exposure'"):
        open_source("parts:osaka?exposur=1", "site", host)


def test_errors_of_parts_are_ours() -> None:
    with pytest.raises(ShiftlensError) as error:
        opened("parts:osaka?exposure=bright")
    assert error.value.exit_code == 2
