"""What a component gave, held against what its role promises, so that a fault is named where it happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...specs.errors import PromiseBroken
from ..contract.component import Context
from ..contract.ports import ports_of
from ..host.host import Offer
from ..values.images import ImageSet
from ..values.inversion import Inversion
from ..values.keypoints import Keypoints
from ..values.latents import Latents
from ..values.per_image import PerImage
from ..values.pictures import Picture
from ..values.scores import AttributeScores
from ..values.traversals import Traversals
from ..values.treatment import Treatment
from ..values.value import Value


def checked(offer: Offer, value: Any, given: Mapping[str, Any], context: Context | None = None) -> Any:
    """Give the value back if it is what the role promises; what names its space is set here, whatever the component wrote.

    Args:
        offer: whose it is.
        value: what came.
        given: what its method was given, by port.
        context: what the run fixed for its space; nothing is set where there is none.

    Raises:
        PromiseBroken: it is of another type or shape, names images that were not given, or has other pixels
            under the digests of those that were.
    """
    output = ports_of(offer.role).output
    if not isinstance(value, output):
        raise _broken(f"{type(value).__name__} came, {output.__name__} was promised")
    if isinstance(value, Value):
        value.check()
    if isinstance(value, ImageSet):
        return _images(value, given["images"], Treatment(way=offer.card.id))
    if isinstance(value, PerImage) and isinstance(images := given.get("images"), ImageSet):
        _check_ids(value, images)
    if isinstance(value, Latents) and context is not None:
        fixed = {"encoder": offer.card.id, "key": context.space_key, "backbone": context.backbone_digest}
        return value.model_copy(update={"space": value.space.model_copy(update=fixed)})
    for port, own in _spaces(value, given).items():
        if own != getattr(value, "space", None):
            raise _broken(f"space: another than that of the {port} that it was given")
    return value


def whole_picture(picture: Any) -> Picture:
    """Give a picture back if it is one.

    Raises:
        PromiseBroken: its pixels have another shape or kind than pictures have.
    """
    if not isinstance(picture, Picture):
        raise _broken(f"{type(picture).__name__} came as a picture, Picture was promised")
    pixels, alpha = picture.pixels, picture.alpha
    kinds = (np.uint8, np.uint16)
    if not isinstance(pixels, np.ndarray) or pixels.dtype not in kinds or pixels.ndim not in (2, 3) or not pixels.size:
        what = f"{pixels.dtype} of shape {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise _broken(f"Picture.pixels: {what} came, uint8 or uint16 of (rows, columns) or (rows, columns, 3) was promised")
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        raise _broken(f"Picture.pixels: {pixels.shape[2]} channels came, 1 or 3 were promised")
    if not picture.white > 0 or (alpha is not None and (alpha.dtype != np.uint8 or alpha.shape != pixels.shape[:2])):
        raise _broken("Picture: white above 0, and alpha in uint8 of (rows, columns), were promised")
    return picture


def _spaces(value: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the spaces that a value must repeat, by port."""
    if not isinstance(value, (AttributeScores, Traversals, Inversion)):
        return {}
    return {port: one.space for port, one in given.items() if isinstance(one, (Latents, AttributeScores))}


def _check_ids(value: PerImage, images: ImageSet) -> None:
    if value.images != images.name:
        raise _broken(f"images: {value.images!r} came, the name of the set, {images.name!r}, was promised")
    known = {ref.id for ref in images.refs}
    strange = [i for i in (*value.ids, *(s.id for s in value.set_aside)) if i not in known]
    if strange:
        raise _broken(f"ids: {strange[0]!r} came, which was not among its images")
    if len(set(value.ids)) != len(value.ids):
        raise _broken("ids: an image came twice, each once was promised")
    if isinstance(value, (Latents, Keypoints)):
        _check_all(value, images)


def _check_all(value: Latents | Keypoints, images: ImageSet) -> None:
    """Every image has an entry, in the order of the set, or a reason."""
    aside = {one.id for one in value.set_aside}
    if both := aside & set(value.ids):
        raise _broken(f"ids: {min(both)!r} came and is set aside, one of both was promised")
    wanted = tuple(ref.id for ref in images.refs if ref.id not in aside)
    if value.ids != wanted:
        lost = sorted(set(wanted) - set(value.ids))
        what = f"{lost[0]!r} is neither there nor set aside" if lost else "images came in another order than that of the set"
        raise _broken(f"ids: {what}; every image in its place, or its reason, was promised")
    if isinstance(value, Latents) and value.groups != tuple(ref.group for ref in images.refs if ref.id not in aside):
        raise _broken("groups: others than those of the images came")


def _images(made: ImageSet, given: ImageSet, usual: Treatment) -> ImageSet:
    facts = [[(ref.id, ref.group) for ref in images.refs] for images in (made, given)]
    if facts[0] != facts[1]:
        raise _broken(f"{len(made)} images came, the {len(given)} that it got were promised, in their order")
    if made.is_remade:
        refs = tuple(replace(ref, treatment=ref.treatment or usual) for ref in made.refs)
        return replace(made, name=given.name, refs=refs)
    if made.source is not given.source:
        raise _broken("other pixels came under the digests of its images; ImageSet.remade gives them digests of their own")
    if any(one.digest != other.digest for one, other in zip(made.refs, given.refs, strict=True)):
        raise _broken("other digests came for the same pixels; ImageSet.remade gives other pixels")
    return replace(made, name=given.name)


def _broken(what: str) -> PromiseBroken:
    return PromiseBroken(what, hint="run its tests against shiftlens.testing, or report it to its authors")
