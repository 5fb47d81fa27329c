"""What the page shows of each attribute and space: charts, values of images, consequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ...specs.base import Text
from ...specs.report import Attribute, Report, RepresentativeImage, SpaceReport
from ..files.names import shown
from .amounts import between, change, figures, with_unit
from .attributes import CLEAR
from .charts import distribution
from .heat import HeatView
from .sides import SIDES, Comparison, attribute_ids
from .words import WORDS


@dataclass(frozen=True)
class CardView:
    """One attribute card: its chart with both medians, the value of each image, and what follows from it."""

    attribute: Attribute
    chart: Markup
    medians: tuple[str, str]
    values: Mapping[tuple[str, str], str]
    followers: tuple[Attribute, ...]


@dataclass(frozen=True)
class SpaceView:
    """One space without words that differs."""

    space: SpaceReport
    chart: Markup
    heat: HeatView | None


def card_views(report: Report, compared: Mapping[str, Comparison]) -> list[CardView]:
    """Give the cards of the attributes that stand alone, largest effect first."""
    by_id = {a.id: a for a in report.attributes}
    return [_card(report, by_id[name], compared, number) for number, name in enumerate(report.verdict.leading)]


def _card(report: Report, a: Attribute, compared: Mapping[str, Comparison], number: int) -> CardView:
    comparison = compared[a.step]
    index = next(i for i, name in attribute_ids(list(compared.values()))[a.step].items() if name == a.id)
    reference, target = (comparison.column(side, index) for side in comparison.sides)
    middle = float(np.nanmedian(reference))
    chart = distribution(reference, target, name=f"c{number}", unit=a.unit, scale=a.scale)
    return CardView(
        attribute=a,
        chart=Markup(chart),  # noqa: S704  (matplotlib wrote it from numbers and an escaped unit)
        medians=(_value(a, middle, middle), _value(a, float(np.nanmedian(target)), middle)),
        values={(i.side, i.id): _value(a, i.value, middle) for i in a.images},
        followers=tuple(f for f in report.attributes if f.follows == a.id),
    )


def _value(a: Attribute, value: float, middle: float) -> str:
    return f"×{figures(2 ** (value - middle))}" if a.scale == "log2" else with_unit(figures(value), a.unit)


def space_view(space: SpaceReport, comparison: Comparison, heat: HeatView | None) -> SpaceView:
    """Give the view of a space that differs as a whole."""
    projections = comparison.scores.joint.reference_projection, comparison.scores.joint.target_projection
    reference, target = (np.asarray(p, np.float64) for p in projections)
    chart = distribution(reference, target, name=f"s-{space.step}")
    return SpaceView(space, Markup(chart), heat)  # noqa: S704  (as above)


def glance_view(report: Report) -> list[RepresentativeImage]:
    """Give two images a side for the first page: typical of the leading attribute, or those that carry a space."""
    by_id = {a.id: a.images for a in report.attributes}
    images = by_id[report.verdict.leading[0]] if report.verdict.leading else ()
    images = images or next((s.representative for s in report.spaces if s.representative), ())
    chosen: list[RepresentativeImage] = []
    for side in SIDES:
        own = [i for i in images if i.side == side]
        chosen += sorted(own, key=lambda i: abs((i.level if i.level is not None else 0.5) - 0.5))[:2]
    return chosen


def detectable(a: Attribute) -> str:
    """Give the smallest shift that an attribute would have shown, in its unit."""
    if a.detectable is None:
        return "–"
    return f"×{figures(2**a.detectable)}" if a.scale == "log2" else with_unit(figures(a.detectable), a.unit)


def shift_of(a: Attribute) -> str:
    """Give the shift of an attribute with its interval."""
    ends = f" ({between(*a.shift_interval, scale=a.scale)})" if a.shift_interval else ""
    return change(a.shift, unit=a.unit, scale=a.scale) + ends


def reach(a: Attribute) -> float:
    """Give how far the bar of an attribute's effect goes."""
    return a.interval[1] if a.interval else a.effect


def ends_of(a: Attribute) -> str:
    """Give the interval that belongs to an attribute's amount, nothing where that is a ratio of spreads."""
    return f"({between(*a.shift_interval, scale=a.scale)})" if a.shift_interval and abs(a.direction) >= CLEAR else ""


def picture_text(image: RepresentativeImage, label: Text, value: str) -> Text:
    """Give the words that stand for a picture."""
    name = shown(image.id)
    side = WORDS["development" if image.side == "reference" else "site"]
    en, ja = f"{side.en} image {name}, {label.en} {value}", f"{side.ja}の画像 {name}、{label.ja} {value}"
    return Text(en=en.strip(), ja=ja.strip())
