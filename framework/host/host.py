"""The host: finds plugins, loads each on its own, and knows every card by id."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, get_args

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import ValidationError

from ...specs.errors import PluginConflict, PluginFailed, UnknownName, UsageError, quoted
from ...specs.nearest import nearest
from ...specs.settings import PluginPolicy
from ..contract import hookspecs
from ..contract.cards import Card, Role
from ..contract.ports import EACH_ALONE

GROUP = "shiftlens"
LONGEST_ERROR = 300
_OWN_NAMES = ("reader", "report-section", "command", "backbone-family", "importer", "executor")
HOOK_OF_ROLE: Mapping[Role, str] = {
    role: "shiftlens_backbone_families" if role == "backbone-family" else f"shiftlens_{role.replace('-', '_')}s"
    for role in get_args(Role)
}


@dataclass(frozen=True)
class PluginReport:
    """What became of one plugin."""

    name: str
    distribution: str
    version: str
    state: Literal["loaded", "disabled", "failed"]
    hooks: tuple[str, ...] = ()
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Offer:
    """A card, with its role and the distribution that offers it."""

    card: Card
    role: Role
    distribution: str
    version: str
    plugin: str = ""

    @property
    def each_alone(self) -> bool:
        """Whether the component works image by image."""
        return self.card.each_alone or self.role in EACH_ALONE

    @property
    def whose(self) -> str:
        """What to call it where it is at fault: its id, distribution and version."""
        return f"{self.card.id} of {self.distribution} {self.version}"


@dataclass(frozen=True)
class Host:
    """All plugins of this process. Make one with :func:`discover`."""

    reports: tuple[PluginReport, ...]
    offers: tuple[Offer, ...]
    backbones: tuple[Mapping[str, Any], ...]
    hook: Any = field(repr=False)

    def find(self, wanted: str, *roles: Role) -> Offer:
        """Give the offer of an id, ``id`` or ``id@version``.

        Raises:
            UnknownName: nothing enabled offers it; the nearest id is named.
        """
        name, at, version = wanted.partition("@")
        if at and not version.isdecimal():
            raise UnknownName(f"{quoted(wanted)}: a version is a number", hint=f"write {name}@1, or {name} for any")
        known = [o for o in self.offers if not roles or o.role in roles]
        for offer in known:
            if offer.card.id == name:
                if version and int(version) != offer.card.version:
                    has = f"{offer.distribution} {offer.version} offers version {offer.card.version}"
                    raise UnknownName(
                        f"{quoted(wanted)} is pinned, but {has}",
                        hint=f"pin {name}@{offer.card.version} and check the results, or install the release that was pinned",
                    )
                return offer
        kind = " or ".join(roles) if roles else "component"
        raise UnknownName(
            f"no {kind} {quoted(name)} is enabled",
            hint=f"{nearest(name, (o.card.id for o in known))} `shiftlens plugins list` shows all",
        )

    def of_role(self, role: Role) -> list[Offer]:
        """Give all offers of a role, by id."""
        return sorted((o for o in self.offers if o.role == role), key=lambda o: o.card.id)


def discover(policy: PluginPolicy | None = None, *, strict: bool = False, points: Iterable[EntryPoint] | None = None) -> Host:
    """Load every plugin of the entry point group ``shiftlens``, each on its own.

    Args:
        policy: which distributions are enabled, disabled and required.
        strict: a plugin that fails ends the process instead of being set aside.
        points: the entry points to load, for tests; those of the installed distributions by default.

    Raises:
        PluginFailed: in strict mode, the first failure.
        PluginConflict: an id offered twice, or a required plugin that is missing or of another version.
        UsageError: the policy contradicts itself.
    """
    policy = policy or PluginPolicy()
    _check_policy(policy)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs.Contributions)
    manager.add_hookspecs(hookspecs.LifeCycle)
    found = sorted(entry_points(group=GROUP) if points is None else points, key=lambda p: (_distribution(p)[0], p.name))
    reports: list[PluginReport] = []
    offers: list[Offer] = []
    backbones: list[Mapping[str, Any]] = []
    for point in found:
        report, cards, weights = _load(manager, point, policy, installed=points is None)
        if strict and report.state == "failed":
            raise PluginFailed(
                f"plugin {report.name!r} of {report.distribution} {report.version}: {report.error}",
                hint="run without --strict to set it aside",
            )
        reports.append(report)
        offers += cards
        backbones += weights
    _check_required(policy, reports)
    _check_unique(offers)
    return Host(tuple(reports), tuple(offers), tuple(backbones), manager.hook)


def _load(
    manager: pluggy.PluginManager, point: EntryPoint, policy: PluginPolicy, *, installed: bool
) -> tuple[PluginReport, list[Offer], list[Mapping[str, Any]]]:
    distribution, version = _distribution(point)
    report = PluginReport(point.name, distribution, version, "loaded")
    if {distribution, point.name} & set(policy.disable) or (
        policy.enable and distribution not in (*policy.enable, hookspecs.PROJECT)
    ):
        return replace(report, state="disabled"), [], []
    contribute = _contributed_once if installed else _contributed
    found = contribute(point, distribution, version)
    if found.error:
        return replace(report, state="failed", error=found.error, seconds=found.seconds), [], []
    manager.register(found.plugin, name=f"{distribution}:{point.name}")
    return replace(report, hooks=found.hooks, seconds=found.seconds), list(found.offers), list(found.backbones)


@dataclass(frozen=True)
class _Contribution:
    """What one plugin is and offers, whatever the policy."""

    plugin: Any
    hooks: tuple[str, ...]
    offers: tuple[Offer, ...]
    backbones: tuple[Mapping[str, Any], ...]
    seconds: float
    error: str = ""


def _contributed(point: EntryPoint, distribution: str, version: str) -> _Contribution:
    """Import a plugin, and call its contributions."""
    began = time.perf_counter()
    alone = pluggy.PluginManager(hookspecs.PROJECT)
    alone.add_hookspecs(hookspecs.Contributions)
    alone.add_hookspecs(hookspecs.LifeCycle)
    report = PluginReport(point.name, distribution, version, "loaded")
    try:
        plugin = point.load()
        alone.register(plugin, name=f"{distribution}:{point.name}")
        alone.check_pending()
        hooks = tuple(sorted(caller.name for caller in alone.get_hookcallers(plugin) or ()))
        offers, weights = _contributions(plugin, hooks, report)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (third-party code: named and set aside)
        text = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_ERROR]
        return _Contribution(None, (), (), (), time.perf_counter() - began, text)
    return _Contribution(plugin, hooks, tuple(offers), tuple(weights), time.perf_counter() - began)


_contributed_once = cache(_contributed)
"""Contributions are asked for once a process, however often plugins are discovered, and by whatever policy."""


def _contributions(plugin: Any, hooks: tuple[str, ...], report: PluginReport) -> tuple[list[Offer], list[Mapping[str, Any]]]:
    """Call each contribution of one plugin by itself, so that a failure is only its own."""
    offers = []
    for role, hook in HOOK_OF_ROLE.items():
        if hook not in hooks:
            continue
        for card in _call(plugin, hook):
            if not isinstance(card, Card):
                raise TypeError(f"{hook} gave {quoted(card)}, not a Card")
            offers.append(Offer(card, role, report.distribution, report.version, report.name))
    weights = list(_call(plugin, "shiftlens_backbones")) if "shiftlens_backbones" in hooks else []
    return offers, weights


def _call(plugin: Any, hook: str) -> Iterable[Any]:
    implementation: Callable[[], Iterable[Any]] = getattr(plugin, hook)
    try:
        return list(implementation())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{hook}: {error.title}.{place}: {first['msg']}") from error


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist else (point.value.partition(":")[0], "unknown")


def _check_policy(policy: PluginPolicy) -> None:
    both = sorted({*policy.enable, *policy.require} & set(policy.disable))
    if both:
        raise UsageError(
            f"plugins {', '.join(map(repr, both))} are disabled and wanted at once", hint="take them out of one of the lists"
        )


def _check_required(policy: PluginPolicy, reports: list[PluginReport]) -> None:
    loaded = {r.distribution: r for r in reports if r.state == "loaded"}
    for name, wanted in policy.require.items():
        try:
            versions = SpecifierSet(wanted)
        except InvalidSpecifier:
            raise UsageError(
                f"plugins.require.{name}: {quoted(wanted)} is no version range", hint='write ">=1.2,<2" or "" for any'
            ) from None
        if name not in loaded:
            failed = next((r.error for r in reports if r.distribution == name and r.error), "it is not installed")
            raise PluginConflict(f"required plugin {name!r} is not there: {failed}", hint=f"install {name}{wanted}")
        if loaded[name].version not in versions:
            raise PluginConflict(
                f"required plugin {name!r} has version {loaded[name].version}, wanted {wanted}", hint=f"install {name}{wanted}"
            )


def _check_unique(offers: list[Offer]) -> None:
    seen: dict[tuple[str, str], Offer] = {}
    for offer in offers:
        space = offer.role if offer.role in _OWN_NAMES else "component"
        other = seen.setdefault((space, offer.card.id), offer)
        if other is not offer:
            both = f"{other.distribution} {other.version} and by {offer.distribution} {offer.version}"
            raise PluginConflict(
                f"{offer.role} {offer.card.id!r} is offered by {both}",
                hint="disable one of them: plugins: {disable: [NAME]}",
            )
