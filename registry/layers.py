"""Layered settings: plugin default < project file < site file < command line, and where each value came from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..specs.errors import ForbiddenHere, SpecError, UnknownName, quoted
from ..specs.merged import merged
from ..specs.nearest import nearest
from ..specs.settings import Settings, SiteSpec
from ..specs.yaml import parse_model, read_yaml
from .saved import placed

PROJECT_FILE = "shiftlens.yaml"
SITES_FOLDER = "sites"
DEFAULTS = "plugin default"
_OF_THE_SITE = ("site", "title", "forbid")
COMMON = ("alpha",)
"""Settings that reach every component which has an option of that name."""
PIPELINE = "pipeline file"


@dataclass(frozen=True)
class Options:
    """Options of one component: the values of all layers together, and which layer set each (by dotted key)."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def said(self, problem: str) -> str:
        """Give a problem, ``key: what``, with the layer that set the key, where that is not the pipeline itself."""
        key = problem.partition(":")[0]
        origin = next((label for name, label in self.origins.items() if name == key or name.startswith(f"{key}.")), PIPELINE)
        return problem if origin == PIPELINE else f"{problem} (set by the {origin})"


@dataclass(frozen=True)
class Layer:
    """What one place says. ``values`` holds only the keys that it sets; ``catalogue`` is keyed by backbone name."""

    label: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, label: str, settings: Settings, folder: Path | None = None) -> Layer:
        """Make a layer of settings; paths of backbones, in the catalogue and in slots, are taken below ``folder``.

        Raises:
            SpecError: one backbone name stands twice in the catalogue.
        """
        values = settings.model_dump(mode="json", exclude_unset=True, exclude=set(_OF_THE_SITE))
        if "catalogue" in values:
            values["catalogue"] = _by_name(label, values["catalogue"], folder)
        if folder is not None and "backbones" in values:
            values["backbones"] = {slot: placed(name, folder) for slot, name in values["backbones"].items()}
        return cls(label, values)


class Layers:
    """Settings of all layers, lowest first.

    >>> low = Layer.of("project file", Settings(seed=1, device="cpu"))
    >>> high = Layer.of("command line", Settings(seed=2))
    >>> layers = Layers([low, high])
    >>> layers.resolve().seed, layers.resolve().device
    (2, 'cpu')
    >>> layers.origin("seed")
    [('command line', 2), ('project file', 1)]
    """

    def __init__(self, layers: Sequence[Layer], *, site: SiteSpec | None = None, folder: Path | None = None) -> None:
        self.layers = tuple(layers)
        self.site = site
        self.folder = folder or Path()

    @classmethod
    def read(
        cls,
        *,
        folder: Path | None = None,
        project: Path | None = None,
        site: str | None = None,
        defaults: Mapping[str, Any] | None = None,
        command_line: Mapping[str, Any] | None = None,
    ) -> Layers:
        """Read the layers of one run.

        Args:
            folder: the working folder: ``shiftlens.yaml`` and ``sites/`` are looked for in it.
            project: another project file; unlike the one of the working folder it must exist.
            site: the name of a file in ``sites/``, or the path of a YAML file.
            defaults: what plugins say, as data of :class:`Settings`.
            command_line: settings given there; ``None`` means that an option was not given.

        Raises:
            SpecError: a file does not hold; every problem of that file is named.
            UnknownName: there is no such site.
        """
        folder = folder or Path()
        layers = [Layer.of(DEFAULTS, parse_model(Settings, defaults or {}, DEFAULTS))]
        file = project or folder / PROJECT_FILE
        if project or file.is_file():
            layers.append(Layer.of(f"project file {file}", parse_model(Settings, read_yaml(file), str(file)), file.parent))
        place = None
        if site is not None:
            path = site_path(site, folder)
            place = parse_model(SiteSpec, read_yaml(path), str(path))
            layers.append(Layer.of(f"site file {path}", place, path.parent))
        given = {key: value for key, value in (command_line or {}).items() if value is not None}
        layers.append(Layer.of("command line", parse_model(Settings, given, "command line"), folder))
        return cls(layers, site=place, folder=folder)

    def resolve(self) -> Settings:
        """Give the settings that hold: merged key by key, lists replaced, the catalogue by backbone name.

        Raises:
            ForbiddenHere: a layer above the plugins' defaults chooses what the site forbids.
        """
        values: dict[str, Any] = {}
        catalogue: dict[str, Any] = {}  # an entry is one statement: half of another's source would be nonsense
        for layer in self.layers:
            values = merged(values, layer.values)
            catalogue |= layer.values.get("catalogue", {})
        settings = parse_model(Settings, {**values, "catalogue": tuple(catalogue.values())}, "settings")
        for slot, name in settings.backbones.items():
            if self.origin(f"backbones.{slot}")[0][0] != DEFAULTS:
                self.check_backbone(name)
        if settings.network:
            self.check_network()
        return settings

    def origin(self, key: str) -> list[tuple[str, Any]]:
        """Say which layers set ``key`` and to what, the winner first; empty where nothing sets a known key.

        ``key`` is dotted, like ``backbones.features`` or ``catalogue.my-net``.

        Raises:
            UnknownName: no layer and no setting has such a key.
        """
        found = [(layer.label, value) for layer in reversed(self.layers) for value in _values_at(layer.values, key)]
        if not found and key not in Settings.model_fields:
            raise UnknownName(f"no setting {quoted(key)}", hint=f"{nearest(key, self.keys())}")
        return found

    def options(self, component: str, known: Collection[str], pipeline: Mapping[str, Any]) -> Options:
        """Give the options of a component, merged key by key through all layers, and where each comes from.

        Args:
            component: its id.
            known: the options that it has; common settings reach it where they are among these.
            pipeline: what the pipeline says, which is above the plugins' defaults and below every file of settings.

        >>> site = Layer.of("site file", Settings(components={"gate": {"limits": {"strength": 2}}}))
        >>> Layers([site]).options("gate", (), {"limits": {"strength": 1, "contrast": 0.2}}).values
        {'limits': {'strength': 2, 'contrast': 0.2}}
        """
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        below = [layer for layer in self.layers if layer.label == DEFAULTS]
        above = [layer for layer in self.layers if layer.label != DEFAULTS]
        said: list[tuple[str, Mapping[str, Any]]] = [(layer.label, _options(layer, component, known)) for layer in below]
        said += [(PIPELINE, pipeline), *((layer.label, _options(layer, component, known)) for layer in above)]
        for label, own in said:
            values = merged(values, own)
            origins |= dict.fromkeys(_leaves(own), label)
        return Options(values, origins)

    def keys(self) -> set[str]:
        """Give every key that :meth:`origin` knows."""
        return set(Settings.model_fields) | {key for layer in self.layers for key in _keys(layer.values)}

    def check_backbone(self, name: str) -> None:
        """Raise :class:`ForbiddenHere` where the site forbids this backbone."""
        self._check("backbone", name, self.site.forbid.backbones if self.site else ())

    def check_component(self, name: str) -> None:
        """Raise :class:`ForbiddenHere` where the site forbids this component, by id without its version."""
        self._check("component", name.partition("@")[0], self.site.forbid.components if self.site else ())

    def check_network(self) -> None:
        """Raise :class:`ForbiddenHere` where the site forbids the network, which it does unless its file says otherwise."""
        if self.site and self.site.forbid.network:
            raise ForbiddenHere(
                f"site {self.site.site!r} forbids the network",
                hint="leave out network: true, or let the site file say forbid: {network: false}",
            )

    def _check(self, what: str, name: str, forbidden: Sequence[str]) -> None:
        if self.site and name in forbidden:
            raise ForbiddenHere(
                f"site {self.site.site!r} forbids the {what} {name!r}", hint=f"choose another {what} for this site"
            )


def site_names(folder: Path) -> list[str]:
    """List the sites whose files lie in ``sites/`` of the working folder."""
    return sorted(path.stem for path in (folder / SITES_FOLDER).glob("*.yaml"))


def site_path(site: str, folder: Path) -> Path:
    """Give the file of a site, named or given as a path to a YAML file.

    Raises:
        UnknownName: there is no such file.
    """
    if site.endswith((".yaml", ".yml")):
        path, hint = Path(site), "give the path of a YAML file, or the name of one in sites/"
    else:
        path, hint = folder / SITES_FOLDER / f"{site}.yaml", nearest(site, site_names(folder))
    if not path.is_file():
        raise UnknownName(f"no site {quoted(site)}: {path} is not there", hint=hint)
    return path


def _by_name(label: str, entries: list[dict[str, Any]], folder: Path | None) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for entry in entries:
        if entry["name"] in named:
            raise SpecError(label, [f"catalogue: {entry['name']} stands twice"])
        source = entry["source"]
        if folder is not None and source.get("path"):
            entry = {**entry, "source": {**source, "path": str((folder / source["path"]).resolve())}}
        named[entry["name"]] = entry
    return named


def _values_at(values: Mapping[str, Any], key: str) -> Iterator[Any]:
    """Give the value at a dotted key, if any. Names may hold dots themselves."""
    if key in values:
        yield values[key]
        return
    for first, value in values.items():
        if isinstance(value, Mapping) and key.startswith(f"{first}."):
            yield from _values_at(value, key[len(first) + 1 :])


def _options(layer: Layer, component: str, known: Collection[str]) -> dict[str, Any]:
    """Give what a layer says of a component: common settings, and over them its own."""
    common = {key: layer.values[key] for key in COMMON if key in known and layer.values.get(key) is not None}
    return merged(common, layer.values.get("components", {}).get(component, {}))


def _leaves(values: Mapping[str, Any]) -> list[str]:
    inner = list(_keys(values))
    return [key for key in inner if not any(other.startswith(f"{key}.") for other in inner)]


def _keys(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield f"{before}{key}"
        if isinstance(value, Mapping):
            yield from _keys(value, f"{before}{key}.")
