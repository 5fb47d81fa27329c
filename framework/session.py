"""What every command works with: the plugins, the settings of all layers, and the backbones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..registry.catalogue import Catalogue
from ..registry.layers import Layers
from ..registry.saved import user_folder
from ..specs.settings import Settings
from .host import Host, discover
from .roles import Context, ReportSection
from .targets import config_model, target_class
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
        return Weights.verified({name: self.catalogue.get(name)}, self.catalogue)

    def model(self, name: str) -> Any:
        """Load one backbone, by name or path, on the CPU.

        Raises:
            ShiftlensError: as :meth:`weights`; its tensors do not fit its family.
        """
        return self.weights(name).load(self.host, Context())

    def sections(self, wanted: Sequence[str]) -> list[ReportSection]:
        """Make the report sections that plugins offer, those that a layout names or, where it names none, all."""
        offers = [o for o in self.host.of_role("report-section") if not wanted or o.card.id in wanted]
        return [target_class(offer)(config_model(offer)()) for offer in offers]


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
    policy = Layers.read(project=project, site=site).resolve().plugins
    host = discover(policy, strict=strict)
    needs = [need for offer in host.offers for need in offer.card.needs if need.default]
    defaults = {"backbones": {need.slot: need.default for need in needs}}
    layers = Layers.read(project=project, site=site, defaults=defaults, command_line=command_line)
    settings = layers.resolve()
    return Session(host, layers, settings, Catalogue(host.backbones, settings, user_folder()))
