"""Plugins written before a role grew go on working, and what a component cannot do without is said before a run."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftlens import ComponentFailed, SpecError, UnknownName, fit
from shiftlens.framework.contract.ports import CLASS_OF_ROLE, ports_of
from shiftlens.framework.host.host import discover
from shiftlens.framework.host.signatures import required_ports
from shiftlens.framework.running.planner import make_plan
from shiftlens.framework.running.session import session as planned_session
from shiftlens.plugin import AttentionExplainer, AttentionMaps, Card, ImageSet
from shiftlens.testing import sample_images

planted = runpy.run_path(str(Path(__file__).with_name("planted.py")))
host_with, offers, session_of, run_steps = (planted[name] for name in ("host_with", "offers", "session_of", "run_steps"))


def maps_of(images: ImageSet) -> AttentionMaps:
    ids = tuple(ref.id for ref in images.refs)
    return AttentionMaps(images=images.name, ids=ids, maps=np.zeros((len(ids), 2, 2), np.float32), low=0.0, high=1.0)


def explained(session: Any, folder: Path, steps: dict[str, Any]) -> Any:
    return run_steps(session, steps, {"site": sample_images(4, name="site")}, folder)


def step(use: str, **inputs: str) -> dict[str, Any]:
    return {"use": use, "inputs": {"images": "site", **inputs}}


class Images(AttentionExplainer):
    def explain(self, images):  # type: ignore[no-untyped-def, override]
        return maps_of(images)


class Keywords(AttentionExplainer):
    def explain(self, images, **ports):  # type: ignore[no-untyped-def, override]
        assert set(ports) == set(ports_of("attention-explainer").inputs) - {"images"}
        return maps_of(images)


class Unfed(AttentionExplainer):
    def explain(self, images, about=None, *, keypoints=None):  # type: ignore[no-untyped-def, override]
        assert about is None
        return maps_of(images)


class Demanding(AttentionExplainer):
    def explain(self, images, wishes):  # type: ignore[no-untyped-def, override]
        raise AssertionError("never called")


KINDS = {"images": Images, "keywords": Keywords, "unfed": Unfed, "demanding": Demanding}


@pytest.fixture
def session(tmp_path: Path) -> Any:
    cards = [Card(id=name, version=1, target=f"planted_old:{kind.__name__}") for name, kind in KINDS.items()]
    members = {kind.__name__: kind for kind in KINDS.values()}
    return session_of(host_with("planted_old", offers(attention_explainers=cards), **members), tmp_path)


@pytest.mark.parametrize("use", ["images", "keywords", "unfed"])
def test_only_ports_that_a_component_names_are_passed(session: Any, tmp_path: Path, use: str) -> None:
    outcome = run_steps(
        session, {"w": {"use": use, "inputs": {"images": "site"}}}, {"site": sample_images(4, name="site")}, tmp_path
    )
    assert len(outcome.values["w"].ids) == 4


def test_a_parameter_that_is_no_port_is_named(session: Any, tmp_path: Path) -> None:
    with pytest.raises(
        ComponentFailed, match="demanding of planted_old unknown asks for 'wishes', which is no input of its role"
    ):
        run_steps(
            session,
            {"w": {"use": "demanding", "inputs": {"images": "site"}}},
            {"site": sample_images(4, name="site")},
            tmp_path,
        )


def test_an_input_that_nothing_takes_is_a_problem(session: Any, tmp_path: Path) -> None:
    steps = {
        "one": {"use": "images", "inputs": {"images": "site"}},
        "w": {"use": "images", "inputs": {"images": "site", "about": "one"}},
    }
    with pytest.raises(SpecError, match=r"steps.w.inputs.about: images makes no use of it"):
        run_steps(session, steps, {"site": sample_images(4, name="site")}, tmp_path)


def test_check_names_a_required_port_without_importing_the_component() -> None:
    current = planned_session()
    data = {
        "pipeline": "p", "inputs": {"site": "images"},
        "steps": {"where": {"use": "difference-map", "inputs": {"images": "site"}}},
    }  # fmt: skip
    known = set(sys.modules)
    with pytest.raises(SpecError, match=r"steps.where.inputs: 'about' \(AttributeScores\) is missing"):
        make_plan(data, current.host, current.layers, current.catalogue)
    assert "shiftlens.plugins.features.explainer" not in set(sys.modules) - known


def test_source_and_class_say_the_same_of_every_built_in_component() -> None:
    from shiftlens.framework.host.signatures import _of_class, _of_source
    from shiftlens.framework.host.targets import target_class

    steps = [offer for offer in discover().offers if offer.role in CLASS_OF_ROLE]
    assert len(steps) > 8
    for offer in steps:
        module, _, name = offer.card.target.partition(":")
        method = CLASS_OF_ROLE[offer.role].method
        assert _of_source(module, name, method) == _of_class(target_class(offer), method) == required_ports(offer), name


@pytest.mark.parametrize("wanted", ["mcdut@x", "mcdut@", "mcdut@1.0", "stylediff@-1"])
def test_a_version_that_is_no_number_is_an_error_of_ours(wanted: str) -> None:
    with pytest.raises(UnknownName, match="a version is a number"):
        fit(wanted, {})


def test_names_of_before_the_facades_still_import_and_say_where_they_are_now() -> None:
    import shiftlens

    with pytest.warns(DeprecationWarning, match=r"shiftlens\.Card is now shiftlens\.plugin\.Card"):
        from shiftlens import Card as old
    assert old is Card
    with pytest.raises(AttributeError, match="no attribute 'Crad'"):
        _ = shiftlens.Crad  # type: ignore[attr-defined]


def test_points_of_other_images_are_refused_but_those_of_the_originals_fit_what_was_made_of_them() -> None:
    data = {
        "pipeline": "p", "inputs": {"a": "images", "b": "images"},
        "steps": {
            "codes": {"use": "physical", "inputs": {"images": "a"}},
            "made": {"use": "lifting", "inputs": {"images": "a"}},
            "right": {"use": "pairing", "inputs": {"images": "made", "codes": "codes"}},
            "wrong": {"use": "pairing", "inputs": {"images": "b", "codes": "codes"}},
        },
    }  # fmt: skip
    hooks = offers(
        compensators=[Card(id="pairing", version=1, target="planted_pairing:Nothing")],
        translators=[Card(id="lifting", version=1, target="planted_pairing:Nothing")],
    )
    host = host_with("planted_pairing", hooks, built_in=("physical",))
    current = planned_session()
    with pytest.raises(SpecError) as caught:
        make_plan(data, host, current.layers, current.catalogue)
    assert caught.value.problems == ("steps.wrong.inputs.codes: 'codes' is about the images 'a', not about 'b'",)
