"""What every command works with: the plugins, the settings of all layers, and the backbones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...registry.catalogue import Catalogue
from ...registry.layers import Layers, Options
from ...registry.saved import user_folder
from ...specs.settings import Settings
from ..contract.component import Context
from ..host.host import Host, Offer, discover
from ..host.targets import config_model
from .weights import Weights


@dataclass(frozen=True)
class Session:
    """Everything that is known before a pipeline is read. Made by :func:`session`."""

    host: Host
    layers: Layers
    settings: Settings
    catalogue: Catalogue

    def warnings(self) -> list[str]:
        """Name what was set aside: plugins that failed, and the user's backbones whose cards do not hold."""
        plugins = [
            f"set aside: plugin {plugin.name!r} of {plugin.distribution} {plugin.version}: {plugin.error}"
            for plugin in self.host.reports
            if plugin.state == "failed"
        ]
        return plugins + [f"set aside: backbone {name!r}: {error}" for name, error in self.catalogue.set_aside.items()]

    def weights(self, name: str) -> Weights:
        """Find the weights of one backbone, by name or path, and hold them against their digests.

        Raises:
            UnknownName: there is none.
            BackboneUnusable: a file is not there.
            DigestDiffers: a file is not the pinned one.
        """
        return Weights.verified({name: self.catalogue.get(name)}, self.catalogue, self.host)

    def model(self, name: str) -> Any:
        """Load one backbone, by name or path, on the CPU.

        Raises:
            ShiftlensError: as :meth:`weights`; its tensors do not fit its family.
        """
        return self.weights(name).load(Context())

    def options(self, offer: Offer, given: Mapping[str, Any] | None = None) -> Options:
        """Give the options that a component gets: ``given`` by a pipeline, under what the layers say."""
        return self.layers.options(offer.card.id, config_model(offer).model_fields, given or {})


def session(
    site: str | None = None, project: Path | None = None, *, strict: bool = False, command_line: Mapping[str, Any] | None = None
) -> Session:
    """Read the layers, load the plugins that they allow, and gather the backbones.

    Args:
        site: a site's name or file.
        project: a project file; by default ``shiftlens.yaml`` of the working folder, if there is one.
        strict: a plugin that fails is an error.
        command_line: settings given as options, the topmost layer.
    """
    host = allowed_plugins(site, project, strict=strict)
    needs = [need for offer in host.offers for need in offer.card.needs if need.default]
    defaults = {"backbones": {need.slot: need.default for need in needs}}
    layers = Layers.read(project=project, site=site, defaults=defaults, command_line=command_line)
    settings = layers.resolve()
    return Session(host, layers, settings, Catalogue(host.backbones, settings, user_folder()))


def allowed_plugins(site: str | None = None, project: Path | None = None, *, strict: bool = False) -> Host:
    """Load the plugins that project and site allow: the one way to them, for every command; see :func:`session`."""
    return discover(Layers.read(project=project, site=site).resolve().plugins, strict=strict)
