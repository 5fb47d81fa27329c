"""The host: each plugin on its own, a failure named and set aside, no id offered twice."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from shiftlens import PluginConflict, PluginFailed, PluginPolicy, UnknownName, UsageError
from shiftlens.framework.contract import hookspecs
from shiftlens.framework.host.host import HOOK_OF_ROLE, Host, discover
from shiftlens.plugin import Card, hookimpl


@pytest.fixture
def offer() -> Iterator[Any]:
    """Make an entry point of a module that lives in memory: ``offer("acme", source="…")``."""
    made: list[str] = []

    def make(name: str, **members: Any) -> EntryPoint:
        module = types.ModuleType(f"planted_{name}")
        for key, value in members.items():
            setattr(module, key, value)
        sys.modules[module.__name__] = module
        made.append(module.__name__)
        return EntryPoint(name, module.__name__, "shiftlens")

    yield make
    for name in made:
        del sys.modules[name]


def encoders(*cards: Card) -> Any:
    @hookimpl
    def shiftlens_encoders() -> list[Card]:
        return list(cards)

    return shiftlens_encoders


TINY = Card(id="tiny", version=2, target="acme:Tiny")


def test_built_ins_come_in_by_the_entry_point_of_everyone() -> None:
    host = discover()
    assert {"folder", "physical", "features", "stylediff"} <= {r.name for r in host.reports if r.state == "loaded"}
    assert {r.distribution for r in host.reports} >= {"shiftlens"}


def test_a_card_is_found_by_id_and_by_pin(offer: Any) -> None:
    host = discover(points=[offer("acme", shiftlens_encoders=encoders(TINY))])
    assert host.find("tiny").card == host.find("tiny@2").card == TINY
    with pytest.raises(UnknownName, match="offers version 2"):
        host.find("tiny@1")
    with pytest.raises(UnknownName) as caught:
        host.find("tony")
    assert "'tiny'" in caught.value.hint


def test_a_plugin_that_fails_is_named_and_the_rest_goes_on(offer: Any) -> None:
    broken = EntryPoint("broken", "no_such_module_at_all", "shiftlens")
    host = discover(points=[broken, offer("acme", shiftlens_encoders=encoders(TINY))])
    states = {r.name: (r.state, r.error) for r in host.reports}
    assert states["broken"][0] == "failed"
    assert "no_such_module_at_all" in states["broken"][1]
    assert host.find("tiny")
    with pytest.raises(PluginFailed, match="broken"):
        discover(points=[broken], strict=True)


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        (encoders("not a card"), "not a Card"),  # type: ignore[arg-type]
        (hookimpl(specname="shiftlens_encoders")(lambda: 1 / 0), "ZeroDivisionError"),
        (hookimpl(specname="shiftlens_encoders")(lambda: sys.exit(3)), "SystemExit"),
        (hookimpl(specname="shiftlens_no_such_hook")(lambda: ()), "unknown hook"),
        (hookimpl(specname="shiftlens_encoders")(lambda what: []), "what"),
    ],
)
def test_a_hook_that_misbehaves_fails_its_plugin_alone(offer: Any, hook: Any, message: str) -> None:
    points = [offer("bad", shiftlens_encoders=hook), offer("good", shiftlens_encoders=encoders(TINY))]
    host = discover(points=points)
    report = next(r for r in host.reports if r.name == "bad")
    assert report.state == "failed"
    assert message in report.error
    assert host.find("tiny")


def test_a_name_offered_twice_names_both(offer: Any) -> None:
    points = [offer("one", shiftlens_encoders=encoders(TINY)), offer("two", shiftlens_encoders=encoders(TINY))]
    with pytest.raises(PluginConflict, match=r"planted_one.*planted_two"):
        discover(points=points)


def test_a_disabled_plugin_is_not_even_imported(offer: Any) -> None:
    bomb = EntryPoint("bomb", "no_such_module_at_all", "shiftlens")
    host = discover(PluginPolicy(disable=("no_such_module_at_all",)), points=[bomb])
    assert [r.state for r in host.reports] == ["disabled"]


def test_enabling_names_all_who_take_part(offer: Any) -> None:
    points = [offer("one", shiftlens_encoders=encoders(TINY)), offer("two")]
    host = discover(PluginPolicy(enable=("planted_one",)), points=points)
    assert {r.name: r.state for r in host.reports} == {"one": "loaded", "two": "disabled"}


def test_a_required_plugin_must_be_there_in_its_version(offer: Any) -> None:
    assert discover(PluginPolicy(require={"shiftlens": ">=0.1"}))
    with pytest.raises(PluginConflict, match=r"acme.*not installed"):
        discover(PluginPolicy(require={"acme": ">=1"}))
    with pytest.raises(PluginConflict, match=r"has version .*, wanted >=99"):
        discover(PluginPolicy(require={"shiftlens": ">=99"}))
    with pytest.raises(UsageError, match="no version range"):
        discover(PluginPolicy(require={"shiftlens": "new"}))
    with pytest.raises(UsageError, match="at once"):
        discover(PluginPolicy(require={"a": ""}, disable=("a",)))


def test_every_role_has_a_hook_of_its_own() -> None:
    for hook in HOOK_OF_ROLE.values():
        assert hasattr(hookspecs.Contributions, hook)


def test_order_of_entry_points_never_matters(offer: Any) -> None:
    other = Card(id="other", version=1, target="acme:Other")
    points = [offer("one", shiftlens_encoders=encoders(TINY)), offer("two", shiftlens_encoders=encoders(other))]

    def ids(host: Host) -> list[str]:
        return [o.card.id for o in host.of_role("encoder")]

    assert ids(discover(points=points)) == ids(discover(points=points[::-1])) == ["other", "tiny"]
