"""The readers: every file is taken or named; folders, lists and layouts as people have them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from shiftlens import InputUnusable, UsageError
from shiftlens.framework.host.host import discover
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import ImageSet


def opened(text: object, name: str = "development") -> ImageSet:
    return open_source(str(text), name, discover())


def save(path: Path, shade: int = 100, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.effect_noise((32, 32), 20).point(lambda v: min(255, max(0, v + shade - 128)))
    image.convert(mode).save(path)


def test_a_folder_is_read_recursively_in_the_order_of_its_paths(tmp_path: Path) -> None:
    for name in ("b/2.png", "a/1.bmp", "a/0.tif", "c.jpeg", "d.webp"):
        save(tmp_path / name)
    assert [r.id for r in opened(tmp_path).refs] == ["a/0.tif", "a/1.bmp", "b/2.png", "c.jpeg", "d.webp"]


def test_japanese_and_odd_names_are_read(tmp_path: Path) -> None:
    names = ["良品/画像 1.png", "<script>alert(1)</script>.png", 'quote"and\nnewline.png', "全角スペース　.png", "a?b=c.png"]
    names = [n.replace("/script", "script") if n.startswith("<") else n for n in names]
    for name in names:
        save(tmp_path / name)
    images = opened(tmp_path)
    assert sorted(r.id for r in images.refs) == sorted(names)
    assert all(picture.size == (32, 32) for _, picture in images.decoded())


@pytest.mark.skipif(os.name == "nt", reason="Windows file names are always Unicode")
def test_a_name_that_is_no_unicode_is_shown_escaped_and_still_read(tmp_path: Path) -> None:
    save(tmp_path / "x.png")
    (tmp_path / "x.png").rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.png"))
    images = opened(tmp_path)
    assert images.refs[0].id == "\\xe9.png"
    assert [picture.size for _, picture in images.decoded()] == [(32, 32)]


def test_masks_hidden_files_and_others_are_set_aside_by_name(tmp_path: Path) -> None:
    save(tmp_path / "Imgs/1.jpg")
    save(tmp_path / "Imgs/1.png", 0)
    save(tmp_path / "ground_truth/scratch/003_mask.png")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    save(tmp_path / "._1.jpg.png")
    images = opened(tmp_path)
    assert [r.id for r in images.refs] == ["Imgs/1.jpg"]
    assert {s.id: s.kind for s in images.set_aside} == {
        "Imgs/1.png": "mask",
        "ground_truth/scratch/003_mask.png": "mask",
        "Thumbs.db": "not-an-image",
        "._1.jpg.png": "not-an-image",
    }


def test_a_colour_png_beside_a_jpeg_is_an_image(tmp_path: Path) -> None:
    save(tmp_path / "1.jpg", 90, "RGB")
    save(tmp_path / "1.png", 120, "RGB")
    assert len(opened(tmp_path)) == 2


def test_the_same_file_twice_counts_once(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    images = opened(tmp_path)
    assert len(images) == 1
    assert images.set_aside[0].reason == "the same file as a.png"


@pytest.mark.parametrize(
    ("path", "meta"),
    [
        ("train/good/1.png", {"split": "train", "label": "OK"}),
        ("test/crack/1.png", {"split": "test", "label": "NG", "defect": "crack"}),
        ("NG/1.png", {"label": "NG"}),
        ("不良品/1.png", {"label": "NG"}),
        ("ＯＫ/1.png", {"label": "OK"}),
        ("lot/1.png", {}),
    ],
)
def test_layouts_are_read_as_metadata(tmp_path: Path, path: str, meta: dict[str, str]) -> None:
    save(tmp_path / path)
    assert opened(tmp_path).refs[0].meta == meta


def test_options_that_change_pixels_change_the_digest_and_others_do_not(tmp_path: Path) -> None:
    save(tmp_path / "x.png")
    plain = opened(tmp_path).digest()
    assert opened(f"{tmp_path}?note=synthetic&match=*.png").digest() == plain
    assert len({plain, opened(f"{tmp_path}?depth=12").digest(), opened(f"{tmp_path}?cut=keep").digest()}) == 3


def test_match_and_group_choose_and_group(tmp_path: Path) -> None:
    for name in ("exp1_num_7.png", "exp1_num_8.png", "exp2_num_7.png"):
        save(tmp_path / name)
    images = opened(rf"{tmp_path}?match=exp1_*&group=num_(\d%2B)")
    assert [(r.id, r.group) for r in images.refs] == [("exp1_num_7.png", "7"), ("exp1_num_8.png", "8")]


def test_equal_names_in_two_sets_are_no_pair(tmp_path: Path) -> None:
    save(tmp_path / "1.png")
    assert opened(tmp_path, "development").refs[0].group != opened(tmp_path, "site").refs[0].group


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_list_gives_paths_groups_and_columns(tmp_path: Path, encoding: str) -> None:
    save(tmp_path / "画像/1.png")
    save(tmp_path / "画像/2.png")
    text = "path,group,lot\n画像/1.png,A,ロット7\n画像/2.png,A,\n画像/3.png,B,\n画像/1.png,A,\n"
    (tmp_path / "list.csv").write_bytes(text.encode(encoding))
    images = opened(tmp_path / "list.csv")
    assert [(r.id, r.group, r.meta) for r in images.refs] == [("画像/1.png", "A", {"lot": "ロット7"}), ("画像/2.png", "A", {})]
    assert {s.id: s.reason.split(":")[0] for s in images.set_aside} == {
        "画像/3.png": "cannot be read",
        "画像/1.png": "listed twice",
    }


def test_a_list_needs_no_header(tmp_path: Path) -> None:
    save(tmp_path / "1.png")
    (tmp_path / "list.csv").write_text("1.png,A\n")
    assert opened(tmp_path / "list.csv").refs[0].group == "A"


@pytest.mark.parametrize("what", ["missing", "empty", "file", "words", "empty.csv"])
def test_a_place_without_images_is_an_error_that_says_where(tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "words").mkdir()
    (tmp_path / "words/a.txt").write_text("x")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputUnusable, match="development") as caught:
        opened(tmp_path / what)
    assert caught.value.hint
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("options", ["?depth=13", "?matsch=x", "?group=(", "?group=nobracket", "?x", "?depth=12&depth=14"])
def test_a_wrong_option_is_named(tmp_path: Path, options: str) -> None:
    save(tmp_path / "1.png")
    with pytest.raises(UsageError):
        opened(f"{tmp_path}{options}")


def test_an_unknown_scheme_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'foldr'") as caught:
        opened(f"foldr:{tmp_path}")
    assert "'folder'" in caught.value.hint


def test_decoding_runs_ahead_but_never_far(tmp_path: Path) -> None:
    for i in range(60):
        save(tmp_path / f"{i:02d}.png", i)
    images = opened(tmp_path)
    seen: list[str] = []
    original = type(images.source).picture

    def counting(self, ref, *, at_least=None):  # type: ignore[no-untyped-def]
        seen.append(ref.id)
        return original(self, ref, at_least=at_least)

    type(images.source).picture = counting  # type: ignore[method-assign]
    try:
        stream = images.decoded()
        for _ in range(3):
            next(stream)
        assert len(seen) < 30
        stream.close()  # type: ignore[attr-defined]
    finally:
        type(images.source).picture = original  # type: ignore[method-assign]


def test_links_in_a_circle_end(tmp_path: Path, folder_of: Callable[..., Path]) -> None:
    place = folder_of("a", 2)
    (place / "loop").symlink_to(place)
    assert len(opened(place)) == 2
