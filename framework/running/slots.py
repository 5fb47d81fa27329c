"""Which backbone fills each slot that a component needs, and what is wrong with the choice."""

from __future__ import annotations

from collections.abc import Mapping

from ...registry.catalogue import Catalogue
from ...registry.layers import Layers
from ...specs.backbone import BackboneSpec
from ...specs.errors import ShiftlensError, quoted
from ...specs.nearest import nearest
from ...specs.settings import Settings
from ..contract.cards import Card, Need
from ..host.host import Host

Named = str | Mapping[str, str] | None


def by_slot(card: Card, named: Named) -> dict[str, str]:
    """Give names of backbones by slot; one without a slot is for the first."""
    if isinstance(named, str):
        return {card.needs[0].slot if card.needs else "": named}
    return dict(named or {})


class Slots:
    """What slots are filled from: the settings that hold, and the backbones that are known."""

    def __init__(self, host: Host, layers: Layers, settings: Settings, catalogue: Catalogue) -> None:
        self._host, self._layers, self._settings, self._catalogue = host, layers, settings, catalogue

    def fill(self, card: Card, problems: list[str], *, at: str, named: Named = None) -> dict[str, BackboneSpec]:
        """Give a backbone for each slot of a card, as far as they can be had; what is wrong is added to ``problems``.

        Args:
            card: its ``needs`` are the slots.
            problems: gets one line a problem, each beginning with ``at``.
            at: the place in the spec.
            named: the name, or path, of the one for the first slot, or some by slot; all others are those of the settings.
        """
        own = by_slot(card, named)
        slots = [need.slot for need in card.needs]
        for slot in [slot for slot in own if slot not in slots]:
            if not slots:
                problems.append(f"{at}.backbone: {card.id} takes none, {quoted(own[slot])} was given")
            else:
                problems.append(f"{at}.backbone: {card.id} has no slot {quoted(slot)}; {nearest(slot, slots)}")
        found = {}
        for need in card.needs:
            spec = self._one(card, need, problems, at, own.get(need.slot))
            if spec is not None:
                found[need.slot] = spec
        return found

    def _one(self, card: Card, need: Need, problems: list[str], at: str, named: str | None) -> BackboneSpec | None:
        wanted = named or self._settings.backbones.get(need.slot)
        if wanted is None:
            problems.append(f"{at}: no backbone is chosen for the slot {need.slot!r}; set backbones.{need.slot} in a site file")
            return None
        place = f"{at}.backbone" if len(card.needs) == 1 or named else f"{at}: slot {need.slot!r}"
        try:
            self._layers.check_backbone(wanted)
            spec = self._catalogue.get(wanted)
            self._layers.check_backbone(spec.name)
            self._host.find(spec.family, "backbone-family")
        except ShiftlensError as error:
            problems.append(f"{place}: {error.message}; {error.hint}")
            return None
        if need.protocol not in spec.provides:
            has = ", ".join(sorted(spec.provides)) or "nothing"
            problems.append(f"{place}: {wanted!r} provides {has}, {card.id} needs {need.protocol}")
        return spec
