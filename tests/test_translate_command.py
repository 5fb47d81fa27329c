"""``shiftlens translate``: one file an image under its own name, every reason in the table, kills that do no harm."""

from __future__ import annotations

import errno
import json
import os
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from shiftlens import InputUnusable, OutputUnusable, SpecError, Text, UsageError
from shiftlens.framework.cli.translate import translate as command
from shiftlens.framework.files.lock import locked
from shiftlens.plugin import ImageRef, ImageSet, Picture, decode
from shiftlens.plugins.mcdut import translator
from shiftlens.plugins.mcdut.gate import Judgement, judge
from shiftlens.testing import Pictures

SAMPLE = runpy.run_path(str(Path(__file__).with_name("translate_sample.py")))
saved, here = SAMPLE["saved"], SAMPLE["here"]
surface, site, table, pictures, run = (SAMPLE[name] for name in ("surface", "site", "table", "pictures", "run"))
FILES = {"colour.jpg.png", "colour.png", "deep.png", "twin.png", *(f"lot1/良品/{i:02d}.png" for i in range(3))}


def said(*words: str) -> str:
    done = CliRunner().invoke(command, [*words, "--quiet", "--workers", "2"], standalone_mode=False, catch_exceptions=False)
    return done.stdout


# what comes out


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site whose image ``lot1/良品/01.bmp`` the gate holds back."""
    marked = float(surface(1).astype(np.uint8).mean() / 255)

    def planted(before: Any, after: Any, limits: Any, **words: Any) -> Judgement:
        found = judge(before, after, limits, **words)
        return found._replace(reason=Text(en="=planted", ja="埋め込み")) if abs(before.mean() - marked) < 1e-6 else found

    monkeypatch.setattr(translator, "judge", planted)
    return site(tmp_path / "site")


def test_every_image_lies_under_its_own_name_with_its_depth_and_channels(suite: Path, here: Path) -> None:
    made = run(suite)
    out = here / "out"
    assert set(pictures(out)) == FILES
    for name, source, gain in (
        ("lot1/良品/00.png", "lot1/良品/00.bmp", 0.5), ("lot1/良品/01.png", "lot1/良品/01.bmp", 1.0),
        ("deep.png", "deep.tif", 0.5), ("colour.jpg.png", "colour.jpg", 0.5), ("twin.png", "twin.bmp", 0.5),
    ):  # fmt: skip
        before, after = (decode((folder / one).read_bytes()) for folder, one in ((suite, source), (out, name)))
        assert (after.pixels.shape, after.pixels.dtype) == (before.pixels.shape, before.pixels.dtype)
        np.testing.assert_allclose(after.pixels, before.pixels * gain, atol=0.51 if gain < 1 else 0, err_msg=name)
    assert (made.repaired, made.held_back, made.set_aside) == ({"affine": 6}, 1, 2)


def test_the_table_says_what_was_done_to_each(suite: Path, here: Path) -> None:
    run(suite)
    rows = table(here / "out")
    assert set(rows) == {*(f"lot1/良品/{i:02d}.bmp" for i in range(3)), "colour.jpg", "colour.png", "deep.tif", "twin.bmp",
                         "broken.png", "notes.txt"}  # fmt: skip
    held = rows["lot1/良品/01.bmp"]
    assert (held["repair"], held["held_back"], held["held_back_ja"]) == ("none", "'=planted", "埋め込み")
    assert held["file"] == "lot1/良品/01.png"
    good = rows["colour.jpg"]
    assert (good["file"], good["repair"], good["held_back"], good["set_aside"]) == ("colour.jpg.png", "affine", "", "")
    assert good["group"] == "images:colour.jpg"
    assert rows["twin.bmp"]["repair"] == "affine"
    broken = rows["broken.png"]
    assert (broken["file"], broken["repair"]) == ("", "")
    assert broken["set_aside"] == "not an image of a known format"
    assert "'.txt'" in rows["notes.txt"]["set_aside"]


def test_the_record_says_what_fixed_the_numbers(suite: Path, here: Path) -> None:
    run(suite, seed=3)
    record = json.loads((here / "out/run.json").read_text(encoding="utf-8"))
    assert record["spec"]["steps"]["translate"]["with"] == {"method": "winner", "gate": "each", "limits": None}
    assert record["spec"]["steps"]["translate"]["use"].startswith("translator@")
    assert (record["seed"], record["device"], record["inputs"]["images"]["images"]) == (3, "cpu", 7)
    assert len(record["inputs"]["images"]["digest"]) == len(record["backbones"]["half"]["digest"]) == 64
    assert record["versions"]["torch"]
    assert record["translated"]["repaired"] == {"affine": 6}
    assert record["started"] < record["finished"]


def test_the_last_line_counts_in_both_languages(suite: Path) -> None:
    words = [str(suite), "--with", "half", "-o"]
    assert said(*words, "en").splitlines()[-1] == (
        "6 repaired by affine, 1 given back as they were, 2 set aside (reasons in translated.csv)"
    )
    assert said(*words, "ja", "--lang", "ja").splitlines()[-1] == (
        "affine で 6 枚を補正、1 枚は元のまま出力、2 枚は除外（理由は translated.csv）"
    )
    facts = json.loads(said(*words, "json", "--json"))
    assert facts["folder"] == "json"
    assert (facts["repaired"], facts["held_back"], facts["set_aside"]) == ({"affine": 6}, 1, 2)
    assert facts["said"]["en"].startswith("6 repaired by affine")


def test_a_translator_that_did_not_pass_writes_everything_as_it_was_and_says_why(here: Path) -> None:
    folder = site(here / "site")
    lines = said(str(folder), "--with", "shut", "-o", "out").splitlines()
    assert lines == [
        "7 images: defects are lost", "0 repaired, 7 given back as they were, 2 set aside (reasons in translated.csv)",
    ]  # fmt: skip
    np.testing.assert_array_equal(np.asarray(Image.open("out/deep.png")), np.asarray(Image.open(folder / "deep.tif")))
    assert table(here / "out")["deep.tif"]["held_back_ja"] == "欠陥が失われます"
    lines = said(str(folder), "--with", "shut", "--method", "network", "--set", "gate=off", "-o", "out").splitlines()
    assert lines[0].startswith("1 images: more than 8 bits; the depth is kept, but the network was fitted on 8 bits")
    assert lines[1].startswith("7 repaired by network, 2 set aside")


def test_alpha_is_written_as_it_came(here: Path) -> None:
    (here / "site").mkdir()
    alpha = np.tile(np.arange(0, 240, 6, dtype=np.uint8), (48, 1))
    alpha[:8] = 255
    image = Image.fromarray(np.dstack([surface(1, (48, 40, 3)).astype(np.uint8), alpha]), "RGBA")
    image.save(here / "site/a.png")
    run(here / "site", backbone="shut")
    kept = Image.open(here / "out/a.png")
    assert kept.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(kept)[..., 3], alpha)
    np.testing.assert_array_equal(np.asarray(kept)[:8], np.asarray(image)[:8])
    before = decode((here / "site/a.png").read_bytes())
    np.testing.assert_array_equal(decode((here / "out/a.png").read_bytes()).pixels, before.pixels)
    run(here / "site", out="half", options={"gate": "off"})
    after = decode((here / "half/a.png").read_bytes())
    np.testing.assert_allclose(after.pixels, np.maximum(before.pixels / 2, 255.0 - alpha[..., None]), atol=1)


def test_an_image_set_of_ones_own_keeps_colour_of_sixteen_bits(here: Path) -> None:
    deep = (surface(1, (48, 40, 3)) * 257).astype(np.uint16)
    images = ImageSet("own", (ImageRef("a", "digest", "a"),), Pictures({"a": Picture(deep, 65535.0)}))
    run(images, backbone="shut")
    data = (here / "out/a.png").read_bytes()
    assert data[24:26] == bytes([16, 2])  # 16 bits, colour
    assert set(pictures(here / "out")) == {"a.png"}


# names


def test_paths_that_lead_elsewhere_stay_in_the_folder(here: Path) -> None:
    (here / "deep/list").mkdir(parents=True)
    for i, name in enumerate(("up.png", "deep/aside.jpg", "absolute.png")):
        Image.fromarray(surface(i).astype(np.uint8)).save(here / name)
    rows = ["path", "../../up.png", "../aside.jpg", str(here / "absolute.png")]
    (here / "deep/list/images.csv").write_text("\n".join(rows), encoding="utf-8")
    before = set(here.rglob("*"))
    run("deep/list/images.csv", out="a/b/out")
    new = {path for path in set(here.rglob("*")) - before if path.is_file()}
    assert all(path.is_relative_to(here / "a/b/out") for path in new)
    found = table(here / "a/b/out")
    assert found["../../up.png"]["file"] == "up.png"
    assert found["../aside.jpg"]["file"] == "aside.png"
    assert found[str(here / "absolute.png")]["file"].endswith("/absolute.png")


# what is refused


@pytest.mark.parametrize(("out", "what"), [("site", "is"), ("site/x/y", "lies in"), (".", "holds"), ("link/out", "lies in")])
def test_results_do_not_go_among_the_images(here: Path, out: str, what: str) -> None:
    site(here / "site")
    (here / "link").symlink_to("site")
    with pytest.raises(UsageError, match=f"-o '{out}' {what} the folder of images 'site'"):
        run("site", out=out)
    assert not (here / "site/x").exists()


def test_a_folder_of_somebody_else_is_left_alone(here: Path) -> None:
    folder = site(here / "site")
    (here / "mine").mkdir()
    (here / "mine/a.png").write_bytes(b"mine")
    (here / "report").mkdir()
    (here / "report/run.json").write_text('{"spec": {"pipeline": "compare"}}')
    (here / "file").write_text("")
    for out in ("mine", "report"):
        with pytest.raises(OutputUnusable, match=f"{out} is not empty and was not written by translate"):
            run(folder, out=out)
    with pytest.raises(OutputUnusable, match="file is a file"):
        run(folder, out="file")
    assert [path.name for path in (here / "mine").iterdir()] == ["a.png"]
    (here / "empty").mkdir()
    assert run(folder, out="empty").repaired
    (here / "empty/Thumbs.db").write_bytes(b"-")
    assert run(folder, out="empty").repaired
    (here / "empty/lot1/result.csv").write_bytes(b"-")
    with pytest.raises(OutputUnusable, match=r"empty holds 'lot1/result.csv', which translate did not write"):
        run(folder, out="empty")


def test_nothing_is_written_for_a_source_or_words_that_do_not_hold(here: Path) -> None:
    folder = site(here / "site")
    for words, match in (
        ({"backbone": "hal"}, "backbone: no backbone 'hal'; did you mean 'half'"),
        ({"backbone": "efficientnet-lite0"}, "backbone: 'efficientnet-lite0' provides features, translator needs translator"),
        ({"backbone": None}, "no backbone is chosen for the slot 'translator'"),
        ({"options": {"gates": 1}}, "- gates: unknown key; did you mean 'gate'"),
    ):
        with pytest.raises(SpecError, match=match):
            run(folder, **words)
    with pytest.raises(UsageError, match="no translator but of the role encoder"):
        run(folder, use="physical", backbone=None)
    with pytest.raises(UsageError, match="method 'network': the options have one, too"):
        run(folder, method="network", options={"method": "affine"})
    with pytest.raises(InputUnusable, match="'nosuch' does not exist"):
        run("nosuch")
    assert not (here / "out").exists()


def test_a_site_may_choose_the_translator(here: Path) -> None:
    (here / "plant.yaml").write_text("site: plant\nbackbones: {translator: half}\n", encoding="utf-8")
    assert run(site(here / "site"), backbone=None, site="plant.yaml").repaired == {"affine": 7}


def test_images_of_which_none_can_be_read_are_an_error_after_the_table(here: Path) -> None:
    (here / "site").mkdir()
    (here / "site/a.png").write_bytes(b"nothing")
    with pytest.raises(InputUnusable, match=r"images: none of 1 can be read; the first: a.png: not an image"):
        run("site")
    assert table(here / "out")["a.png"]["set_aside"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_place_that_cannot_be_written_is_named(here: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    folder, real, calls = site(here / "site"), os.fsync, []

    def full(file: int) -> None:
        calls.append(file)
        if len(calls) > 3:
            raise OSError(code, os.strerror(code))
        real(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputUnusable, match=os.strerror(code)) as error:
        run(folder)
    assert error.value.exit_code == 3
    assert "free space there" in error.value.hint
    assert not list((here / "out").rglob("*.part"))
    monkeypatch.undo()


def test_two_runs_do_not_write_into_one_folder(here: Path) -> None:
    folder = site(here / "site")
    with locked(here / "out", lock=".translate.lock", doing="writing"), pytest.raises(UsageError, match="process is writing"):
        run(folder)
    assert run(folder).repaired
