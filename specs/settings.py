"""Settings, which every layer writes with the same keys, and the site, which may also forbid."""

from __future__ import annotations

from typing import Any, Literal

from .backbone import BackboneSpec
from .base import Spec


class PluginPolicy(Spec):
    """Which plugins take part, by distribution name; ``require`` maps a name to a version range."""

    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    require: dict[str, str] = {}


class Forbidden(Spec):
    """What this site does not allow, whatever the command line says."""

    backbones: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    network: bool = True


class Settings(Spec):
    """One layer of settings: plugin default < project file < site file < command line.

    ``backbones`` maps a slot to the name of a backbone; ``catalogue`` adds backbones; ``components``
    maps a component id to config values; ``costs`` are the site's own unit costs by name.
    """

    language: Literal["en", "ja"] | None = None
    device: str | None = None
    seed: int | None = None
    network: bool | None = None
    backbones: dict[str, str] = {}
    catalogue: tuple[BackboneSpec, ...] = ()
    components: dict[str, dict[str, Any]] = {}
    costs: dict[str, float] = {}
    plugins: PluginPolicy = PluginPolicy()


class SiteSpec(Settings):
    """A site: a layer of settings with a name, and what it forbids."""

    site: str
    title: str = ""
    forbid: Forbidden = Forbidden()
