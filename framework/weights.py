"""The weights of one component: the files of its backbones, verified, and the models that families make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..registry.catalogue import Catalogue
from ..specs.backbone import BackboneSpec
from .host import Host
from .roles import Context
from .targets import target_class


@dataclass(frozen=True)
class Weights:
    """Backbones by slot, in the order of the needs; ``files`` and ``digests`` by the same slots."""

    specs: Mapping[str, BackboneSpec]
    files: Mapping[str, Mapping[str, Path]]
    digests: Mapping[str, str]

    @classmethod
    def verified(cls, specs: Mapping[str, BackboneSpec], catalogue: Catalogue, *, network: bool = False) -> Weights:
        """Find the files of all of them and hold them against their digests; none is loaded.

        Raises:
            BackboneUnusable: a file is not there.
            DigestDiffers: a file is not the pinned one.
        """
        found = {slot: catalogue.verified(spec, network=network) for slot, spec in specs.items()}
        return cls(specs, {slot: files for slot, (files, _) in found.items()}, {slot: one for slot, (_, one) in found.items()})

    @property
    def digest(self) -> str | None:
        """The digest of the first, which a space is called after; none where there is none."""
        return next(iter(self.digests.values()), None)

    def facts(self) -> dict[str, dict[str, Any]]:
        """Say of each, by name, what a manifest keeps."""
        return {
            spec.name: {
                "digest": self.digests[slot], "family": spec.family, "licence": spec.licence,
                "trained_on": spec.trained_on, "quality": dict(spec.quality),
            }
            for slot, spec in self.specs.items()
        }  # fmt: skip

    def load(self, host: Host, context: Context) -> Any:
        """Make the models: of one slot the model itself, of several a mapping by slot, of none nothing.

        A backbone that fills two slots is loaded once.
        """
        made: dict[str, Any] = {}
        for slot, spec in self.specs.items():
            digest = self.digests[slot]
            if digest not in made:
                family = target_class(host.find(spec.family, "backbone-family"))
                made[digest] = family(context=context).load(spec, self.files[slot])
        models = {slot: made[digest] for slot, digest in self.digests.items()}
        return models if len(models) > 1 else next(iter(models.values()), None)
