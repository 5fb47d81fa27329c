"""Settings, which every layer writes with the same keys, and the site, which may also forbid."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from .backbone import BackboneSpec
from .base import Spec

Device = Annotated[str, StringConstraints(pattern=r"^(cpu|mps|cuda(:[0-9]+)?)$")]


class PluginPolicy(Spec):
    """Which plugins take part, by the name of their distribution; ``disable`` takes that of one plugin as well."""

    enable: tuple[str, ...] = Field(default=(), description="if given, only these and the built-in ones take part")
    disable: tuple[str, ...] = Field(
        default=(), description="these, distributions or single plugins, take no part and are not even imported"
    )
    require: dict[str, str] = Field(default={}, description="these must be there: name -> version range, like `>=1.2`")


class Prohibitions(Spec):
    """What this site does not allow, whatever the command line says."""

    backbones: tuple[str, ...] = Field(default=(), description="names of backbones that may not be chosen")
    components: tuple[str, ...] = Field(default=(), description="ids of components that may not be used")
    network: bool = Field(default=True, description="whether the network stays closed")


class Settings(Spec):
    """One layer of settings: plugin default < project file < site file < command line."""

    language: Literal["en", "ja"] | None = Field(default=None, description="the language that reports open in")
    device: Device | None = Field(default=None, description="where models run: `cpu`, `cuda`, `cuda:1`, `mps`")
    seed: int | None = Field(default=None, ge=0, lt=2**32, description="the seed of all random choices")
    executor: str | None = Field(default=None, description="who does the shards of a step: the id of an executor; this process")
    alpha: float | None = Field(default=None, gt=0, lt=1, description="level of significance, for all that have such an option")
    network: bool | None = Field(default=None, description="whether weights may be fetched from a model hub")
    backbones: dict[str, str] = Field(default={}, description="which backbone fills a slot: slot -> name")
    catalogue: tuple[BackboneSpec, ...] = Field(default=(), description="further backbones (`shiftlens schema backbone`)")
    components: dict[str, dict[str, Any]] = Field(default={}, description="options of components: id -> option -> value")
    costs: dict[str, float] = Field(default={}, description="the site's own unit costs, by name")
    plugins: PluginPolicy = Field(default=PluginPolicy(), description="which plugins take part: `enable`, `disable`, `require`")


class SiteSpec(Settings):
    """A site: a layer of settings with a name, and what it forbids."""

    site: str = Field(description="the name of the site")
    title: str = Field(default="", description="a longer name, for people")
    forbid: Prohibitions = Field(default=Prohibitions(), description="what this site does not allow")
