"""What plugins may do to each other, and cannot: shared pictures, names that collide, faults that come late."""

from __future__ import annotations

import math
import runpy
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import Field, SecretStr

from shiftlens import ComponentFailed, PromiseBroken, RunOutcome, Spec
from shiftlens.framework.running.sources import open_source
from shiftlens.plugin import (
    Card,
    Encoder,
    Executor,
    ImageRef,
    ImageSet,
    Latents,
    Picture,
    Reader,
    SetAside,
    Space,
    Translator,
)
from shiftlens.testing import sample_images

planted = runpy.run_path(str(Path(__file__).with_name("planted.py")))
host_with, offers, session_of, run_steps, levels_of = (
    planted[name] for name in ("host_with", "offers", "session_of", "run_steps", "levels_of")
)


@dataclass(frozen=True)
class Shades:
    """One grey level for each digest."""

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        return Picture(np.full((40, 48), int(ref.digest), np.uint8), 255.0)


def shades(name: str, *levels: int, source: Any = None, **meta: str) -> ImageSet:
    refs = tuple(ImageRef(f"{i}.png", str(level), group=str(i), meta=meta) for i, level in enumerate(levels))
    return ImageSet(name, refs, source or Shades())


def squares_of(images: ImageSet, look: Callable[[Any], float]) -> Latents:
    values = [look(square) for _, square in images.squares(32)]
    return levels_of(images).model_copy(update={"values": np.array(values, np.float32)[:, None]})


class Squares(Encoder):
    """The mean level of squares."""

    looks_at = 32

    def encode(self, images: ImageSet) -> Latents:
        return squares_of(images, lambda square: float(square.mean()))


class Writing(Squares):
    """Writes into what it is given."""

    def encode(self, images: ImageSet) -> Latents:
        return squares_of(images, lambda square: float(np.subtract(255, square, out=square).mean()))


class Told(Spec):
    key: SecretStr = SecretStr("")
    tags: frozenset[str] = frozenset()
    hidden: int = Field(default=0, exclude=True)
    limit: float = 0.0


class Telling(Encoder):
    """What its options say."""

    config: Told

    def encode(self, images: ImageSet) -> Latents:
        limits = {math.inf: 7, -math.inf: 8}
        told = (
            limits.get(self.config.limit, 0)
            + len(self.config.key.get_secret_value())
            + 100 * self.config.hidden
            + 1000 * len(self.config.tags)
        )
        return levels_of(images).model_copy(update={"values": np.full((len(images), 1), told, np.float32)})


class Meta(Encoder):
    """What is said of an image."""

    def encode(self, images: ImageSet) -> Latents:
        said = [[float(ref.meta["x"])] for ref in images.refs]
        return levels_of(images).model_copy(update={"values": np.array(said, np.float32)})


class Faulty(Encoder):
    fault = ""

    def encode(self, images: ImageSet) -> Latents:
        good: Latents = levels_of(images)
        last = SetAside(id=good.ids[-1], reason="planted")
        piece = int(images.refs[0].id.removesuffix(".png"))
        space = good.space.model_copy(update={"error_limit": float(piece)})
        wide = Space(encoder="a", key="b", dimensions=good.space.dimensions * (1 + piece))
        changes: dict[str, dict[str, Any]] = {
            "lost": {"ids": good.ids[:-1], "groups": good.groups[:-1], "values": good.values[:-1]},
            "both": {"set_aside": (last,)},
            "order": {"ids": good.ids[::-1], "groups": good.groups[::-1]},
            "groups": {"groups": ("x",) * len(good.ids)},
            "limits": {"space": space},
            "some errors": {"error": np.ones(len(good.ids), np.float32) if piece else None},
            "widths": {"space": wide, "values": np.repeat(good.values, 1 + piece, 1)},
        }
        return good.model_copy(update=changes[Faulty.fault])


class Odd(Translator):
    pixels: Any = None

    def translate(self, images: ImageSet) -> ImageSet:
        return images.remade(OddSource())


class OddSource:
    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Any:
        return Picture(Odd.pixels, 255.0) if isinstance(Odd.pixels, np.ndarray) else Odd.pixels


class Mapping(Executor):
    way: Literal["raises", "nothing", "other"] = "raises"

    def map(self, tasks: Any) -> Any:
        rows = list(tasks)
        if Mapping.way == "raises":
            raise ValueError("no workers")
        if Mapping.way == "other":
            yield from ([3] for _ in rows)


class Reading(Reader):
    way = ""

    def read(self, source: str, name: str) -> Any:
        if Reading.way == "raises":
            raise KeyError(source)
        good = shades(name, 3, 4)
        return {
            "nothing": None,
            "number": replace(good, refs=(replace(good.refs[0], meta={"x": 3}), *good.refs[1:])),
            "twice": replace(good, refs=(good.refs[0], good.refs[0])),
        }[Reading.way]


@pytest.fixture
def session(tmp_path: Path) -> Any:
    def card(name: str, **more: Any) -> Card:
        return Card(id=name.lower(), version=1, target=f"planted_guards:{name}", **more)

    told = card("Telling", config="planted_guards:Told")
    own = [Squares, Writing, Telling, Told, Meta, Faulty, Odd, Mapping, Reading]
    hooks = offers(
        encoders=[card("Squares"), card("Writing"), told, card("Meta"), card("Faulty")],
        translators=[card("Odd")], executors=[card("Mapping")], readers=[card("Reading")],
    )  # fmt: skip
    return session_of(host_with("planted_guards", hooks, **{one.__name__: one for one in own}), tmp_path)


def step(use: str, images: str = "site", **options: Any) -> dict[str, Any]:
    return {"use": use, "inputs": {"images": images}, "with": options}


def run(session: Any, folder: Path, *steps: dict[str, Any], **inputs: ImageSet) -> RunOutcome:
    named = {f"s{number}": one for number, one in enumerate(steps)}
    return run_steps(session, named, inputs, folder)


def levels(outcome: RunOutcome, name: str = "s0") -> list[float]:
    return [round(float(one), 3) for one in outcome.values[name].values[:, 0]]


def test_sets_that_share_a_source_keep_their_own_squares(session: Any, tmp_path: Path) -> None:
    both = run(session, tmp_path, step("squares", "a"), step("squares", "b"), a=shades("a", 10), b=shades("b", 200))
    assert [levels(both, name) for name in ("s0", "s1")] == [[10.0], [200.0]]


def test_a_shared_square_cannot_be_written_into(session: Any, tmp_path: Path) -> None:
    with pytest.raises(ComponentFailed, match=r"'s0': writing of planted_guards .*read-only"):
        run(session, tmp_path, step("writing"), step("squares"), site=shades("site", 100))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([{"key": "a"}, {"key": "abc"}], [1, 3]),
        ([{"hidden": 1}, {"hidden": 2}], [100, 200]),
        ([{"limit": math.inf}, {"limit": -math.inf}, {}], [7, 8, 0]),
        ([{"tags": ["a"]}, {}], [1000, 0]),
    ],
)
def test_every_option_is_in_the_key(session: Any, tmp_path: Path, options: list[dict[str, Any]], told: list[int]) -> None:
    found = [levels(run(session, tmp_path, step("telling", **own), site=shades("site", 9)))[0] for own in options]
    assert found == told


def test_equal_sets_of_options_have_one_key_and_secrets_are_in_no_record(session: Any, tmp_path: Path) -> None:
    keys = set()
    for tags in (["a", "b", "c"], ["c", "b", "a"]):
        ran = run(session, tmp_path, step("telling", tags=tags, key="not to be told"), site=shades("site", 9))
        keys.add(ran.manifest["steps"]["s0"]["key"])
    assert len(keys) == 1
    said = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and b"not to be told" in path.read_bytes()]
    assert not said


def test_what_is_said_of_an_image_is_in_the_key(session: Any, tmp_path: Path) -> None:
    found = [levels(run(session, tmp_path, step("meta"), site=shades("site", 9, x=x))) for x in "15"]
    assert found == [[1.0], [5.0]]


def test_equal_images_under_another_name_are_named_anew(session: Any, tmp_path: Path) -> None:
    names = []
    for name in ("one", "other"):
        outcome = run_steps(session, {"s0": step("squares")}, {"site": shades(name, 9, 8)}, tmp_path)
        names.append(outcome.values["s0"].images)
    assert names == ["one", "other"]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("lost", "'1.png' is neither there nor set aside"),
        ("both", "'1.png' came and is set aside"),
        ("order", "another order"),
        ("groups", "groups: others"),
    ],
)
def test_every_image_has_its_row_or_its_reason(session: Any, tmp_path: Path, fault: str, message: str) -> None:
    Faulty.fault = fault
    with pytest.raises(PromiseBroken, match=f"'s0': faulty of planted_guards .*{message}"):
        run(session, tmp_path, step("faulty"), site=shades("site", 9, 8))


@pytest.mark.parametrize("fault", ["limits", "some errors", "widths"])
def test_pieces_that_do_not_fit_together_are_a_fault_of_their_maker(session: Any, tmp_path: Path, fault: str) -> None:
    Faulty.fault = fault
    with pytest.raises(PromiseBroken, match=r"'s0': faulty of planted_guards .*pieces of one set"):
        run(session, tmp_path, step("faulty"), site=shades("site", *(n % 256 for n in range(300))))


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(4, np.uint8), None, "a picture"],
    ids=["float", "four channels", "empty", "flat", "nothing", "text"],
)
def test_a_picture_that_is_none_is_a_fault_of_its_maker(session: Any, tmp_path: Path, pixels: Any) -> None:
    Odd.pixels = pixels
    with pytest.raises(PromiseBroken, match=r"'s0': odd of planted_guards .*promised"):
        run(session, tmp_path, step("odd"), site=shades("site", 9))


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("raises", "raised ValueError: no workers"),
        ("nothing", "gave 0 results for [0-9]+ tasks"),
        ("other", "something else than one JobResult"),
    ],
)
def test_a_fault_of_an_executor_is_its_own(session: Any, tmp_path: Path, way: Any, message: str) -> None:
    Mapping.way = way
    asked = session_of(session.host, tmp_path, executor="mapping")
    with pytest.raises((ComponentFailed, PromiseBroken), match=f"executor .*Mapping .*{message}"):
        run(asked, tmp_path, step("squares"), site=shades("site", *range(40)))


@pytest.mark.parametrize(
    ("way", "error", "message"),
    [
        ("raises", ComponentFailed, "KeyError"),
        ("nothing", PromiseBroken, "(nothing|NoneType) came, ImageSet was promised"),
        ("number", PromiseBroken, "not all text"),
        ("twice", PromiseBroken, "'0.png' came twice"),
    ],
)
def test_a_fault_of_a_reader_is_its_own(session: Any, way: str, error: Any, message: str) -> None:
    Reading.way = way
    with pytest.raises(error, match=f"site: reading of planted_guards .*{message}"):
        open_source("reading:anything", "site", session.host)


def test_values_cannot_be_written_into() -> None:
    codes = levels_of(sample_images(4))
    for part in (codes, codes.select(codes.ids[:2]), Latents.concatenate([codes.select([id_]) for id_ in codes.ids])):
        with pytest.raises(ValueError, match="read-only"):
            part.values[0] = 1
