"""Which pictures the section shows: pairs of before and after, an image of the other side, and what was given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from ... import RunOutcome, Text
from ...plugin import ImageSet
from ...reporting import Repair, RepresentativeImage, Thumbnail, picture_uri, storable, thumbnails
from .closing import Row, SpaceRow
from .config import SectionConfig
from .treatment import TreatmentSummary

CRISP = 160
"""Pictures up to this many pixels a side are scaled up without blurring."""


@dataclass(frozen=True)
class Slide:
    """One image before and after."""

    id: str
    before: Thumbnail
    after: Thumbnail


@dataclass(frozen=True)
class Pictures:
    """The pictures of one translator step.

    ``aim`` is an image of the other side, which repaired images should resemble: the side, its id, the picture; ``typical``
    says whether the slides represent differences, or are spread evenly for want of any.
    """

    slides: tuple[Slide, ...]
    typical: bool
    aim: tuple[str, str, Thumbnail] | None
    held: tuple[tuple[str, Text, Thumbnail], ...]


def crisp(picture: Thumbnail) -> bool:
    """Say whether a picture is so small that its pixels should be seen."""
    return max(picture.size) <= CRISP


def pictures_of(
    outcome: RunOutcome, treatment: TreatmentSummary, repairs: Sequence[Repair], rows: Sequence[Row],
    spaces: Sequence[SpaceRow], config: SectionConfig,
) -> Pictures:  # fmt: skip
    """Choose and draw the pictures.

    Pairs are images that represent the leading differences before the repair, each from another group where possible;
    evenly spread ones where there are too few.

    Args:
        outcome: the run.
        treatment: what the translator did.
        repairs: its comparisons.
        rows: what became of the attributes.
        spaces: what became of spaces without words.
        config: how many, and how large.
    """
    typical = _typical(rows, spaces)
    sides = {side.side: side for repair in repairs for side in repair.after.sides}
    other = next((side for side in sides.values() if side.input != treatment.step), None)
    mine = [image.id for image in typical if other is None or image.side != other.side]
    shown = _spread(outcome.images[treatment.step], mine, set(treatment.repaired), config.slides)
    aim = None
    if other is not None and shown:
        named = [image.id for image in typical if image.side == other.side] + [storable(ref.id) for ref in other.images.refs]
        aim = other.input, named[0]
    turns = zip_longest(*(zip(reason.ids, reason.own, strict=True) for reason in treatment.held))
    back = [said for turn in turns for said in turn if said is not None][: config.held]
    wanted = [(name, one) for one in shown for name in (treatment.source, treatment.step)]
    wanted += [(treatment.source, name) for name, _ in back] + ([aim] if aim else [])
    small = {key: _fine(one) for key, one in thumbnails(outcome, wanted, (config.picture, config.picture)).items()}
    pairs = [Slide(one, small[treatment.source, one], small[treatment.step, one]) for one in shown]
    return Pictures(
        slides=tuple(slide for slide in pairs if slide.before.uri and slide.after.uri),
        typical=bool(mine),
        aim=(other.side, aim[1], small[aim]) if other and aim and small[aim].uri else None,
        held=tuple((name, text, small[treatment.source, name]) for name, text in back),
    )


def _fine(picture: Thumbnail) -> Thumbnail:
    """Give a picture less compressed, so that nothing in it is taken for the work of the repair."""
    return picture if picture.picture is None else replace(picture, uri=picture_uri(np.asarray(picture.picture)))


def _typical(rows: Sequence[Row], spaces: Sequence[SpaceRow]) -> list[RepresentativeImage]:
    """Give images that represent what differed before: one of each attribute in turn, largest effect and most typical first."""
    causes = [row.before for row in rows if row.before is not None and row.before.stands_alone]
    queues = [cause.images for cause in sorted(causes, key=lambda cause: -cause.effect)]
    queues = queues or [space.before.representative for space in spaces if space.before is not None]
    found: list[RepresentativeImage] = []
    for side in ("reference", "target"):
        own = [sorted((i for i in images if i.side == side), key=_eccentric) for images in queues]
        found += [image for turn in zip_longest(*own) for image in turn if image is not None]
    return found


def _eccentric(image: RepresentativeImage) -> float:
    return abs((image.level if image.level is not None else 0.5) - 0.5)


def _spread(images: ImageSet, typical: Sequence[str], repaired: set[str], most: int) -> list[str]:
    """Choose from those that were repaired: typical ones of other groups, further ones of other groups, then any."""
    group_of = {storable(ref.id): ref.group for ref in images.refs if storable(ref.id) in repaired}
    ids = list(group_of)
    even = [ids[i * len(ids) // (2 * most)] for i in range(2 * most)] if ids else []
    chosen: dict[str, None] = {}
    groups: set[str] = set()
    for fresh in (True, False):
        for name in (*typical, *even):
            if len(chosen) < most and name in group_of and name not in chosen and not (fresh and group_of[name] in groups):
                chosen[name] = None
                groups.add(group_of[name])
    return list(chosen)
