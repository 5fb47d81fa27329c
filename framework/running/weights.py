"""The weights of one component: its backbones by name and digest, and the models that families make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...registry.catalogue import Catalogue, locate
from ...specs.backbone import BackboneSpec
from ..contract.component import Context
from ..host.host import Host, Offer
from ..host.targets import target_class


@dataclass(frozen=True)
class Weights:
    """Backbones by slot, in the order of the needs; ``digests`` and ``families`` by the same slots. Pickles."""

    specs: Mapping[str, BackboneSpec]
    digests: Mapping[str, str]
    families: Mapping[str, Offer]
    network: bool = False

    @classmethod
    def verified(cls, specs: Mapping[str, BackboneSpec], catalogue: Catalogue, host: Host, *, network: bool = False) -> Weights:
        """Hold the files of all of them against their digests; none is loaded.

        Raises:
            BackboneUnusable: a file is not there.
            DigestDiffers: a file is not the pinned one.
            UnknownName: no plugin offers the family of one.
        """
        digests = {slot: catalogue.verified(spec, network=network)[1] for slot, spec in specs.items()}
        families = {slot: host.find(spec.family, "backbone-family") for slot, spec in specs.items()}
        return cls(dict(specs), digests, families, network)

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

    def load(self, context: Context) -> Any:
        """Make the models: of one slot the model itself, of several a mapping by slot, of none nothing.

        A backbone that fills two slots is loaded once.
        """
        made: dict[str, Any] = {}
        for slot, spec in self.specs.items():
            digest = self.digests[slot]
            if digest not in made:
                family = target_class(self.families[slot])
                made[digest] = family(context=context).load(spec, locate(spec, network=self.network))
        models = {slot: made[digest] for slot, digest in self.digests.items()}
        return models if len(models) > 1 else next(iter(models.values()), None)
