"""What the section shows of each attribute and of the gate, ready for the template."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ... import Text
from ...plugin import ALONG, Gate, Traversal, TraversalRow, Traversals
from ...reporting import Comparison, RepresentativeImage, distribution, extreme_images, heat_uri, picture_uri, typical_images
from .words import W, name_of, with_followers

GAP = 2
"""White pixels between the pictures of a row."""
MOST_BY_CHANCE = 0.05
"""Share above the limit up to which nothing is remarked; 1 % is expected of what the backbone was made for."""
MOST_FLAGGED = 50
MOST_MEMBERS = 60


@dataclass(frozen=True)
class Row:
    """One row of a strip: what it starts from, and its pictures in one."""

    start: TraversalRow
    uri: str


@dataclass(frozen=True)
class Move:
    """One image of development, as reconstructed and as the site would have it, in one picture."""

    id: str
    start: float
    end: float
    uri: str


@dataclass(frozen=True)
class CardView:
    """One attribute, or the direction of the whole space (``index`` is then :data:`shiftlens.ALONG`)."""

    index: int
    place: int
    title: Text
    facts: Traversal
    levels: tuple[tuple[str, float], ...]
    rows: tuple[Row, ...]
    heat: str
    moves: tuple[Move, ...]
    chart: Markup
    medians: tuple[float, float]
    typical: tuple[RepresentativeImage, ...]
    extremes: Mapping[tuple[str, str], tuple[RepresentativeImage, ...]]
    members: tuple[str, ...]
    more: int

    def text(self, value: float) -> str:
        """Give a value with as many decimals as the range of the levels needs."""
        span = self.levels[-1][1] - self.levels[0][1]
        places = 2 - math.floor(math.log10(span)) if span > 0 else 2
        shown = f"{round(value, places) + 0.0:.{min(max(places, 0), 8)}f}"
        return shown.replace("-", "−")


@dataclass(frozen=True)
class GateView:
    """The gate: what was found, the errors of both sides as a chart, and the images above the limit by side."""

    gate: Gate
    said: Text
    chart: Markup
    flagged: Mapping[str, tuple[str, ...]]
    counts: tuple[int, int]


def gate_view(comparison: Comparison, step: str) -> GateView | None:
    """Give the gate of a comparison, nothing where codes are not decoded."""
    gate = comparison.scores.gate
    errors = [side.latents.error for side in comparison.sides]
    if gate is None or errors[0] is None or errors[1] is None:
        return None
    drawn = [np.asarray(error, np.float64) for error in errors]
    chart = distribution(drawn[0], drawn[1], name=f"gate-{step}", limit=gate.limit)
    limit = np.inf if gate.limit is None else gate.limit
    flagged: dict[str, tuple[str, ...]] = {
        side.side: tuple(np.array(side.latents.ids, object)[error > limit].tolist())
        for side, error in zip(comparison.sides, drawn, strict=True)
    }
    said = W["gate_closed" if gate.closed else "gate_unknown" if gate.limit is None else _known(gate)]
    return GateView(gate, said, Markup(chart), flagged, (len(drawn[0]), len(drawn[1])))  # noqa: S704  (matplotlib's, of numbers)


def _known(gate: Gate) -> str:
    return "gate_open" if max(gate.share_reference or 0, gate.share_target or 0) <= MOST_BY_CHANCE else "gate_mostly"


def card_view(traversals: Traversals, k: int, comparison: Comparison, top: float, step: str, extremes: int) -> CardView:
    """Give the card of one attribute.

    Args:
        traversals: all of the run.
        k: which of its attributes.
        comparison: the scores with their sides.
        top: upper end of the heat scale.
        step: the traverser's step, for ids.
        extremes: originals a side and end.
    """
    facts = traversals.attributes[k]
    single = facts.dimension != ALONG
    numbers = _numbers(comparison, facts.dimension)
    strips = traversals.strips[k]
    others = [i for i in facts.members if i != facts.dimension]
    dimensions = traversals.space.dimensions
    name = name_of(dimensions[facts.dimension], traversals.layers) if single else W["along"]
    chart = distribution(*numbers, name=f"style-{step}-{k}")
    return CardView(
        index=facts.dimension,
        place=k,
        title=with_followers(name, len(others)),
        facts=facts,
        levels=tuple(
            (f"{100 * q:.0f} %", v) for q, v in zip(traversals.levels.tolist(), traversals.values[k].tolist(), strict=True)
        ),
        rows=tuple(Row(start, picture_uri(joined(row))) for start, row in zip(facts.rows, strips, strict=True)),
        heat=heat_uri(strips[0, strips.shape[1] // 2], traversals.heat[k], 0.0, top),
        moves=_moves(traversals, k),
        chart=Markup(chart),  # noqa: S704  (matplotlib wrote it from numbers)
        medians=(float(np.median(numbers[0])), float(np.median(numbers[1]))),
        typical=typical_images(comparison, facts.dimension) if single else (),
        extremes=_extremes(comparison, facts.dimension, extremes) if single and extremes else {},
        members=tuple(dimensions[i].id for i in others[:MOST_MEMBERS]),
        more=max(0, len(others) - MOST_MEMBERS),
    )


def joined(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give pictures ``(count, rows, columns, 3)`` in one row, narrow white gaps between."""
    count, rows, columns, _ = pictures.shape
    out = np.full((rows, count * (columns + GAP) - GAP, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        out[:, i * (columns + GAP) : i * (columns + GAP) + columns] = picture
    return out


def row_text(card: CardView, row: Row) -> Text:
    """Give the words that stand for a row of a strip."""
    name = f" {row.start.id}" if row.start.id else ""
    side = {"mean": W["mean"], "reference": W["of_reference"], "target": W["of_target"]}[row.start.side]
    return Text(
        en=f"{side.en}{name}, {card.title.en} at five quantiles from low to high",
        ja=f"{side.ja}{name}、{card.title.ja}を 5 つの分位点に順に設定",
    )


def move_text(card: CardView, move: Move) -> Text:
    """Give the words that stand for a pair of pictures."""
    return Text(
        en=f"{move.id} as reconstructed, and with {card.title.en} as at the site",
        ja=f"{move.id} の再構成と、{card.title.ja}を現場データに合わせた画像",
    )


def _numbers(comparison: Comparison, dimension: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    scores = comparison.scores
    if dimension == ALONG:
        return np.asarray(scores.joint.reference_projection, np.float64), np.asarray(scores.joint.target_projection, np.float64)
    reference, target = (comparison.column(side, dimension) for side in comparison.sides)
    return reference, target


def _moves(traversals: Traversals, k: int) -> tuple[Move, ...]:
    facts = traversals.attributes[k]
    ends = zip(facts.moved, traversals.starts[k].tolist(), traversals.ends[k].tolist(), traversals.moves[k], strict=True)
    return tuple(Move(name, start, end, picture_uri(joined(pair))) for name, start, end, pair in ends)


def _extremes(comparison: Comparison, dimension: int, most: int) -> dict[tuple[str, str], tuple[RepresentativeImage, ...]]:
    return {
        (side.side, end): extreme_images(comparison, dimension, side, most, highest=end == "highest")
        for end in ("lowest", "highest")
        for side in comparison.sides
    }


def heat_top(traversals: Traversals, shown: Sequence[int]) -> float:
    """Give the upper end of one heat scale for all cards: the strongest change but for a few pixels."""
    return max((float(np.quantile(traversals.heat[k], 0.995)) for k in shown), default=0.0) or 1.0
