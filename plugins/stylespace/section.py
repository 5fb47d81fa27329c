"""Report section ``style``: the gate, the attributes that lead with what they look like, and what does not show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ... import RunOutcome
from ...plugin import ALONG, InvisibleChange, Traversal, Traversals
from ...reporting import (
    Comparison,
    Judgement,
    ReportSection,
    Section,
    comparisons,
    heat_bar_uri,
    judged,
    section_html,
    thumbnails,
)
from .config import SectionConfig
from .views import MOST_FLAGGED, CardView, GateView, card_view, gate_view, heat_top, move_text, row_text
from .words import STAGES, W, name_of, stage, summary, with_followers

FOLDER = Path(__file__).parent
MOST_OPEN = 6
"""Rows of the list of what does not show, above which it is folded."""
SMALL = (96, 96)
"""Pixels of the originals, of which there are many."""


@dataclass(frozen=True)
class Block:
    """One traversal step with what belongs to it."""

    step: str
    traversals: Traversals
    comparison: Comparison
    told: Judgement
    gate: GateView | None
    cards: tuple[CardView, ...]
    unseen: tuple[InvisibleChange, ...]
    top: float

    @property
    def closed(self) -> bool:
        """Whether nothing may be claimed."""
        return self.gate is not None and self.gate.gate.closed


class StyleSection(ReportSection):
    """Shows every traversal of a run; nothing where it has none."""

    config: SectionConfig

    def render(self, outcome: RunOutcome) -> Section | None:
        """Give the section of a finished run."""
        compared = {c.step: c for c in comparisons(outcome)}  # not those of repaired images
        blocks = [
            self._block(outcome, step, made, compared[scored])
            for step, made in outcome.of_type(Traversals)
            if (scored := outcome.wiring[step]["scores"]) in compared
        ]
        if not blocks:
            return None
        wanted = [i for block in blocks for card in block.cards for i in (*card.typical, *_every(card))]
        html = section_html(
            FOLDER, "style.jinja", language=outcome.language, blocks=[(b, _told(b)) for b in blocks], alpha=outcome.alpha,
            thumbnails=thumbnails(outcome, {(i.input, i.id) for i in wanted}, SMALL), W=W, STAGES=STAGES, ALONG=ALONG,
            name_of=name_of, stage=stage, with_followers=with_followers, row_text=row_text, move_text=move_text,
            MOST_FLAGGED=MOST_FLAGGED, MOST_OPEN=MOST_OPEN,
        )  # fmt: skip
        return Section(
            id="style",
            title=W["title"],
            html=html,
            data={block.step: _data(block) for block in blocks},
            css=(FOLDER / "style.css").read_text("utf-8"),
            tables={"style": [row for block in blocks for row in _rows(block)]},
        )

    def _block(self, outcome: RunOutcome, step: str, made: Traversals, comparison: Comparison) -> Block:
        told = judged(outcome, comparison)
        joint = comparison.scores.joint.p * told.tests < outcome.alpha
        kept = [
            k
            for k, facts in enumerate(made.attributes)
            if (joint if facts.dimension == ALONG else told.significant[facts.dimension])
        ]
        top = heat_top(made, kept)
        most = (self.config or SectionConfig()).extremes
        return Block(
            step=step,
            traversals=made,
            comparison=comparison,
            told=told,
            gate=gate_view(comparison, step),
            cards=tuple(card_view(made, k, comparison, top, step, most) for k in kept),
            unseen=tuple(u for u in made.unseen if told.significant[u.dimension]),
            top=top,
        )


def _every(card: CardView) -> Iterable[Any]:
    return (image for images in card.extremes.values() for image in images)


def _told(block: Block) -> dict[str, Any]:
    """Give what the template says of a block beside its cards."""
    single = [card for card in block.cards if card.index != ALONG]
    left = sum(bool(block.told.significant[i]) for i in block.traversals.further)
    found = len(single) + len(block.unseen) + left
    measured = int(np.sum(block.comparison.scores.effects.measured))
    return {
        "bar": heat_bar_uri(0.0, block.top),
        "attributes": {card.index: block.told.attribute(card.index) for card in single},
        "summary": summary(measured, block.traversals.independent, found, len(single), len(block.unseen), left),
        "most": max((layer.largest for layer in block.traversals.layers), default=1.0) or 1.0,
    }  # fmt: skip


def _rows(block: Block) -> list[dict[str, Any]]:
    """Give the clusters as rows of ``style.csv``, those shown first."""
    found: list[tuple[Traversal | InvisibleChange, bool]] = [(card.facts, True) for card in block.cards if card.index != ALONG]
    found += [(one, False) for one in block.unseen]
    rows = []
    for facts, shown in found:
        about = block.told.attribute(facts.dimension)
        interval = about.interval or (None, None)
        rows.append({
            "id": about.id, "step": block.step, "layer": block.traversals.space.dimensions[facts.dimension].layer,
            "shown": shown, "visible": facts.visible, "effect": about.effect, "effect_low": interval[0],
            "effect_high": interval[1], "direction": about.direction, "words_en": about.words.en, "words_ja": about.words.ja,
            "p_adjusted": about.p_adjusted, "rank": about.rank, "rank_low": about.rank_interval[0],
            "rank_high": about.rank_interval[1], "tag": about.tag, "tail": about.tail, "members": len(facts.members),
            "member_ids": " | ".join(block.traversals.space.dimensions[i].id for i in facts.members),
        })  # fmt: skip
    return rows


def _data(block: Block) -> dict[str, Any]:
    """Give what ``report.json`` holds: every number and name from which the cards can be made again."""
    made, names = block.traversals, [d.id for d in block.traversals.space.dimensions]
    cards = []
    for card in block.cards:
        facts = card.facts.model_dump() | {"members": [names[i] for i in card.facts.members]}
        cards.append(facts | {
            "dimension": None if card.index == ALONG else names[card.index],
            "title": card.title.model_dump(),
            "levels": made.levels.tolist(),
            "values": made.values[card.place].tolist(),
            "starts": made.starts[card.place].tolist(),
            "ends": made.ends[card.place].tolist(),
            "typical": [image.model_dump() for image in card.typical],
            "extremes": {f"{side} {end}": [i.id for i in images] for (side, end), images in card.extremes.items()},
        })  # fmt: skip
    return {
        "backbone": made.space.backbone,
        "gate": asdict(block.gate) | {"gate": block.gate.gate.model_dump(), "said": block.gate.said.model_dump(), "chart": None}
        if block.gate
        else None,
        "attributes": cards,
        "unseen": [
            {"dimension": names[u.dimension], "members": [names[i] for i in u.members], "visible": u.visible}
            for u in block.unseen
        ],
        "left": [names[i] for i in made.further if block.told.significant[i]],
        "layers": [] if block.closed else [layer.model_dump() for layer in made.layers],
        "independent": made.independent,
    }
