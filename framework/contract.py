"""What a component gave, checked against what its role promises, so that a fault is named where it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..specs.errors import ComponentFailed
from .host import Offer
from .images import ImageSet
from .ports import ports_of
from .traversals import Traversals
from .values import AttentionMaps, Latents


def checked(offer: Offer, value: Any, given: Mapping[str, Any]) -> Any:
    """Give the value back if it is what the role promises.

    Raises:
        ComponentFailed: it is of another type, shape or length, or names images that were not given.
    """
    output = ports_of(offer.role).output
    if not isinstance(value, output):
        raise _broken(offer, f"gave {type(value).__name__}, {output.__name__} was promised")
    if isinstance(value, Latents):
        _check_latents(offer, value)
    if isinstance(value, Traversals):
        _check_traversals(offer, value)
    if isinstance(value, ImageSet) and [ref.id for ref in value.refs] != [ref.id for ref in given["images"].refs]:
        raise _broken(offer, f"gave {len(value)} images, the {len(given['images'])} that it got were promised, in their order")
    if isinstance(value, (Latents, AttentionMaps)):
        known = {ref.id for ref in given["images"].refs}
        strange = [i for i in (*value.ids, *(s.id for s in value.set_aside)) if i not in known]
        if strange:
            raise _broken(offer, f"names {strange[0]!r}, which was not among its images")
    return value


def _check_latents(offer: Offer, latents: Latents) -> None:
    wanted = (len(latents.ids), len(latents.space))
    if latents.values.shape != wanted:
        raise _broken(offer, f"values have shape {latents.values.shape}, {wanted} (images, dimensions) was promised")
    if len(latents.groups) != len(latents.ids):
        raise _broken(offer, f"{len(latents.groups)} groups for {len(latents.ids)} images")
    if latents.values.dtype.kind != "f" or np.isinf(latents.values).any():
        raise _broken(offer, "values must be floats without infinities (NaN means: does not apply)")
    if latents.error is not None and (latents.error.shape != wanted[:1] or not np.isfinite(latents.error).all()):
        raise _broken(offer, "error must be one finite number an image")


def _check_traversals(offer: Offer, made: Traversals) -> None:
    count, levels = len(made.attributes), len(made.levels)
    if made.strips.dtype != np.uint8 or made.moves.dtype != np.uint8:
        raise _broken(offer, "pictures must be uint8")
    for facts, strip, moves in zip(made.attributes, made.strips, made.moves, strict=False):
        if strip.shape[:2] != (len(facts.rows), levels) or len(moves) != len(facts.moved):
            raise _broken(offer, f"strips of {strip.shape[:2]} for {len(facts.rows)} rows and {levels} levels")
        if not -1 <= facts.dimension < len(made.space):
            raise _broken(offer, f"dimension {facts.dimension} of a space of {len(made.space)}")
    for name in ("values", "strips", "heat", "moves", "starts", "ends"):
        if len(getattr(made, name)) != count:
            raise _broken(offer, f"{name} has {len(getattr(made, name))} entries, {count} attributes were promised")


def _broken(offer: Offer, what: str) -> ComponentFailed:
    return ComponentFailed(
        f"{offer.card.id} of {offer.distribution} {offer.version}: {what}",
        hint="run its tests against shiftlens.framework.conformance, or report it to its authors",
    )
