"""Images that steps make: their identity comes from the engine, they are kept as images, and resumed."""

from __future__ import annotations

import runpy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftlens import PromiseBroken, RunOutcome, Text
from shiftlens.framework.running.store import Store, picture_key
from shiftlens.plugin import (
    Card,
    Editor,
    Encoder,
    ImageRef,
    ImageSet,
    ImageSource,
    Latents,
    Picture,
    Translator,
    Treatment,
    Unreadable,
)
from shiftlens.testing import sample_images

planted = runpy.run_path(str(Path(__file__).with_name("planted.py")))
host_with, offers, session_of, run_steps, levels_of = (
    planted[name] for name in ("host_with", "offers", "session_of", "run_steps", "levels_of")
)
IMAGES = 70


class Level(Encoder):
    """The mean level."""

    def encode(self, images: ImageSet) -> Latents:
        made: Latents = levels_of(images)
        return made


@dataclass(frozen=True)
class Times:
    """Pictures times a factor."""

    source: ImageSource
    factor: float

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        picture = self.source.picture(ref)
        return Picture((picture.pixels * self.factor).astype(picture.pixels.dtype), picture.white)


class Halving(Translator):
    """Halves every pixel, in one of several ways to say so."""

    way = "remade"
    factor = 0.5
    calls: list[int] = []

    def translate(self, images: ImageSet) -> ImageSet:
        Halving.calls.append(len(images))
        source = Times(images.source, Halving.factor)
        if Halving.way == "replace":
            return replace(images, source=source)
        if Halving.way == "own digests":
            return replace(images, source=source, refs=tuple(replace(ref, digest=f"mine {ref.digest}") for ref in images.refs))
        if Halving.way == "new set":
            return ImageSet(images.name, images.refs, source)
        if Halving.way == "digests alone":
            return replace(images, refs=tuple(replace(ref, digest="x") for ref in images.refs))
        if Halving.way == "nothing":
            return images
        if Halving.way == "forged":
            return replace(images, source=source, is_remade=True)
        return images.remade(source, {images.refs[0].id: Treatment(held_back=Text(en="dark", ja="暗い"))})


class Whole(Editor):
    """Divides by the mean of all images: not image by image."""

    calls: list[int] = []

    def edit(self, images: ImageSet) -> ImageSet:
        Whole.calls.append(len(images))
        levels = [picture.unit().mean() for _, picture in images.decoded() if isinstance(picture, Picture)]
        return images.remade(Times(images.source, 0.1 / float(np.mean(levels))))


@pytest.fixture
def session(tmp_path: Path) -> Any:
    Halving.way, Halving.factor, Halving.calls, Whole.calls = "remade", 0.5, [], []
    hooks = offers(
        encoders=[Card(id="level", version=1, target="planted_made:Level")],
        translators=[Card(id="halving", version=1, target="planted_made:Halving")],
        editors=[Card(id="whole", version=1, target="planted_made:Whole")],
    )
    return session_of(host_with("planted_made", hooks, Level=Level, Halving=Halving, Whole=Whole), tmp_path)


STEPS = {
    "before": {"use": "level", "inputs": {"images": "site"}},
    "made": {"use": "halving", "inputs": {"images": "site"}},
    "after": {"use": "level", "inputs": {"images": "made"}},
}


def run(session: Any, folder: Path, steps: Any = STEPS, **more: Any) -> RunOutcome:
    return run_steps(session, steps, {"site": sample_images(IMAGES, name="site")}, folder, **more)


@pytest.mark.parametrize("way", ["remade", "forged"])
def test_a_used_store_gives_what_an_empty_one_gives(session: Any, tmp_path: Path, way: str) -> None:
    run(session, tmp_path, {"before": STEPS["before"]})  # the originals' codes lie in the store
    Halving.way = way
    used = run(session, tmp_path)
    empty = run(session, tmp_path / "other", store=tmp_path / "empty")
    assert used.values["after"].digest() == empty.values["after"].digest()
    ratio = used.values["after"].values / used.values["before"].values
    np.testing.assert_allclose(ratio, 0.5, atol=0.01)


@pytest.mark.parametrize("way", ["replace", "own digests", "new set", "digests alone"])
def test_other_pixels_in_any_other_way_are_refused(session: Any, tmp_path: Path, way: str) -> None:
    Halving.way = way
    with pytest.raises(PromiseBroken, match=r"step 'made': halving of planted_made unknown: .*remade"):
        run(session, tmp_path)


def test_images_given_back_untouched_are_those_that_were_given(session: Any, tmp_path: Path) -> None:
    Halving.way = "nothing"
    outcome = run(session, tmp_path)
    assert outcome.images["made"].digest() == outcome.images["site"].digest()
    assert outcome.values["after"].digest() == outcome.values["before"].digest()


def test_what_identifies_made_pixels_follows_from_the_engine_alone(session: Any, tmp_path: Path) -> None:
    first = [ref.digest for ref in run(session, tmp_path).images["made"].refs]
    again = [ref.digest for ref in run(session, tmp_path / "b", store=tmp_path / "other").images["made"].refs]
    assert first == again
    assert not set(first) & {ref.digest for ref in sample_images(IMAGES, name="site").refs}


def test_made_images_are_kept_and_not_made_again(session: Any, tmp_path: Path) -> None:
    first = run(session, tmp_path)
    calls = len(Halving.calls)
    second = run(session, tmp_path)
    assert len(Halving.calls) == calls == 3  # pieces of 32 images
    assert second.manifest["steps"]["made"]["reused"]
    for one, other in zip(first.images["made"].decoded(), second.images["made"].decoded(), strict=True):
        assert one[0] == other[0]
        if isinstance(one[1], Picture):
            np.testing.assert_array_equal(one[1].pixels, other[1].pixels)


def test_only_what_a_killed_run_lacks_is_made(session: Any, tmp_path: Path) -> None:
    made = run(session, tmp_path).images["made"]
    Store(tmp_path / "store").path(picture_key(made.refs[40].digest)).unlink()
    Halving.calls.clear()
    run(session, tmp_path)
    assert Halving.calls == [32]


def test_a_step_that_looks_at_all_images_is_kept_whole(session: Any, tmp_path: Path) -> None:
    steps = {"made": {"use": "whole", "inputs": {"images": "site"}}}
    run(session, tmp_path, steps)
    run(session, tmp_path, steps)
    assert Whole.calls == [IMAGES]


def test_what_cannot_be_read_stays_so_and_keeps_its_reason(session: Any, tmp_path: Path) -> None:
    made = run(session, tmp_path).images["made"]
    with pytest.raises(Unreadable, match="planted: no picture"):
        made.source.picture(made.refs[2])


def test_what_was_done_travels_with_each_image(session: Any, tmp_path: Path) -> None:
    run(session, tmp_path)
    refs = run(session, tmp_path).images["made"].refs
    assert refs[0].treatment == Treatment(held_back=Text(en="dark", ja="暗い"))
    assert refs[1].treatment == Treatment(way="halving")


def test_made_images_count_in_the_limit_of_the_store(session: Any, tmp_path: Path) -> None:
    run(session, tmp_path)
    store = Store(tmp_path / "store")
    assert store.prune(0) > sum(p.pixels.nbytes for _, p in sample_images(IMAGES).decoded() if isinstance(p, Picture))
    assert run(session, tmp_path).values["after"].ids


def test_a_space_is_named_by_the_run_whatever_the_encoder_says(session: Any, tmp_path: Path) -> None:
    outcome = run(session, tmp_path)
    space = outcome.values["after"].space
    assert (space.encoder, space.key == "its own") == ("level", False)
    assert space.key == outcome.values["before"].space.key
