"""What values promise: every field of every type is held against its shape, and the plugin at fault is named."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftlens import ComponentFailed, PromiseBroken, RunOutcome
from shiftlens.framework.values.value import Axes, Value, promises
from shiftlens.plugin import (
    AttentionExplainer,
    AttentionMaps,
    AttributeScores,
    Card,
    ImageSet,
    Inversion,
    Keypoints,
    Latents,
)
from shiftlens.testing import sample_images, sample_latents

planted = runpy.run_path(str(Path(__file__).with_name("planted.py")))
host_with, offers, session_of, run_steps = (planted[name] for name in ("host_with", "offers", "session_of", "run_steps"))
IDS = ("0.png", "1.png")


def latents() -> Latents:
    return sample_latents(count=4, dimensions=3)


def maps() -> AttentionMaps:
    return AttentionMaps(images="sample", ids=IDS, maps=np.zeros((2, 3, 4), np.float32), low=0.0, high=1.0)


def keypoints() -> Keypoints:
    return Keypoints(
        images="sample", ids=IDS, names=("a", "b", "c"), points=np.zeros((2, 3, 2), np.float32),
        visible=np.ones((2, 3), bool), scores=np.ones((2, 3), np.float32), sizes=np.full((2, 2), 64),
    )  # fmt: skip


def inversion() -> Inversion:
    space = latents().space
    return Inversion(
        space=space, images="sample", ids=IDS, codes=np.zeros((2, 3), np.float32), layer="b8",
        discrepancy=np.zeros((2, 1, 8, 8), np.float16), error=np.zeros(2, np.float32),
    )  # fmt: skip


def scores() -> AttributeScores:
    return AttributeScores.of(latents(), latents(), effect=np.ones(3), p_single=np.ones(3))


MADE = [latents, maps, keypoints, inversion, scores]


def fields(value: Value, within: str = "") -> Iterator[tuple[str, Axes, Any]]:
    """Every array of a value and of its parts, with its promise."""
    for name, axes in promises(type(value)).items():
        if isinstance(found := getattr(value, name), np.ndarray):
            yield f"{within}{name}", axes, found
    for name in type(value).model_fields:
        if isinstance(inner := getattr(value, name), Value):
            yield from fields(inner, f"{within}{name}.")


def broken(axes: Axes, found: Any) -> Iterator[tuple[str, Any]]:
    """What may be wrong with an array, and the array that is wrong so."""
    yield "shape", found[..., None]
    if found.shape[0] and axes.names[0] not in ("levels", "rows"):
        yield "shape", found[:-1]
    yield "was promised", found.astype(str)
    if axes.kind == "float":
        wrong = found.astype(float).copy()
        wrong.flat[0] = np.inf
        yield "infinite", wrong
        if not axes.nan:
            wrong = found.astype(float).copy()
            wrong.flat[0] = np.nan
            yield "NaN came", wrong


CASES = [
    pytest.param(make, name, message, wrong, id=f"{make.__name__}-{name}-{message}-{number}")
    for make in MADE
    for name, axes, found in fields(make())
    for number, (message, wrong) in enumerate(broken(axes, found))
]


def with_field(value: Any, name: str, wrong: Any) -> Any:
    first, _, rest = name.partition(".")
    inner = with_field(getattr(value, first), rest, wrong) if rest else wrong
    return value.model_copy(update={first: inner})  # which pydantic does not check


@pytest.mark.parametrize(("make", "name", "message", "wrong"), CASES)
def test_a_field_that_breaks_its_promise_is_named(make: Any, name: str, message: str, wrong: Any) -> None:
    with pytest.raises(PromiseBroken, match=message) as caught:
        with_field(make(), name, wrong).check()
    assert f"{type(make()).__name__}." in caught.value.message


@pytest.mark.parametrize("make", MADE)
def test_every_array_of_a_value_promises_a_shape(make: Any) -> None:
    value = make()
    arrays = set(value.parts()[1])
    assert arrays == {name for name, _, _ in fields(value)}


@pytest.mark.parametrize("make", MADE)
def test_a_value_survives_its_storage(make: Any) -> None:
    data, arrays = make().parts()
    assert not [name for name, one in _leaves(data) if isinstance(one, list) and one and isinstance(one[0], float)]
    assert type(make()).join(data, arrays).digest() == make().digest()


def _leaves(data: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    for key, one in data.items():
        if isinstance(one, dict):
            yield from _leaves(one, f"{at}{key}.")
        else:
            yield f"{at}{key}", one


def test_a_piece_has_the_entries_of_its_images_and_pieces_come_together_again() -> None:
    whole = keypoints()
    parts = [whole.select([id_]) for id_ in IDS]
    assert [part.points.shape for part in parts] == [(1, 3, 2)] * 2
    assert Keypoints.concatenate(parts).digest() == whole.digest()


def test_an_inversion_may_not_hold_a_whole_residual() -> None:
    with pytest.raises(PromiseBroken, match="MiB an image came"):
        with_field(inversion(), "discrepancy", np.zeros((2, 512, 64, 64), np.float32)).check()


class Explaining(AttentionExplainer):
    fault = ""

    def explain(self, images: ImageSet) -> AttentionMaps:
        ids = tuple(ref.id for ref in images.refs)
        good = {"images": images.name, "ids": ids, "maps": np.zeros((len(ids), 4, 4), np.float32), "low": 0.0, "high": 1.0}
        if Explaining.fault == "exit":
            raise SystemExit(3)
        if Explaining.fault == "missing":
            del good["low"]
        wrong = {
            "flat": {"maps": np.zeros((len(ids), 4), np.float32)},
            "short": {"maps": good["maps"][:-1]},
            "nan": {"maps": good["maps"] * np.nan},
            "text": {"maps": np.full((len(ids), 4, 4), "hot")},
            "ragged": {"maps": [[1.0], [1.0, 2.0]]},
            "stranger": {"ids": ("nobody.png", *ids[1:])},
            "twice": {"ids": (ids[1], *ids[1:])},
            "name": {"images": "another set"},
        }
        return AttentionMaps(**{**good, **wrong.get(Explaining.fault, {})})


@pytest.fixture
def session(tmp_path: Path) -> Any:
    hooks = offers(attention_explainers=[Card(id="explaining", version=1, target="planted_promises:Explaining")])
    return session_of(host_with("planted_promises", hooks, Explaining=Explaining), tmp_path)


def run(session: Any, folder: Path) -> RunOutcome:
    steps = {"where": {"use": "explaining", "inputs": {"images": "site"}}}
    return run_steps(session, steps, {"site": sample_images(6, name="site", broken=None)}, folder)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("flat", r"AttentionMaps.maps: shape \(6, 4\) came, \(images = 6, rows, columns\) was promised"),
        ("short", r"AttentionMaps.maps: shape \(5, 4, 4\) came"),
        ("nan", r"AttentionMaps.maps: NaN came"),
        ("text", r"AttentionMaps.maps: <U3 came, float was promised"),
        ("ragged", r"AttentionMaps.maps"),
        ("missing", r"AttentionMaps.low: Field required"),
        ("stranger", r"ids: 'nobody.png' came, which was not among its images"),
        ("twice", r"ids: an image came twice"),
        ("name", r"images: 'another set' came"),
        ("exit", r"raised SystemExit: 3"),
    ],
)
def test_the_plugin_the_field_what_came_and_what_was_promised_are_named(
    session: Any, tmp_path: Path, fault: str, message: str
) -> None:
    Explaining.fault = fault
    with pytest.raises(ComponentFailed, match=f"step 'where': explaining of planted_promises unknown.*{message}") as caught:
        run(session, tmp_path)
    assert caught.value.exit_code == 4
    assert caught.value.step == "where"


def test_a_value_that_keeps_its_promise_goes_through(session: Any, tmp_path: Path) -> None:
    Explaining.fault = ""
    assert run(session, tmp_path).values["where"].maps.shape == (6, 4, 4)
