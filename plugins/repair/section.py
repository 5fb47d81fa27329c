"""Report section ``repair``: what was repaired, the images before and after, and what became of each difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import RunOutcome, Text
from ...reporting import Repair, ReportSection, Section, repairs, section_html
from .closing import Row, SpaceRow, leading, rows_of, space_row
from .config import SectionConfig
from .sentences import actions, repaired, space, verdict
from .treatment import TreatmentSummary, treated
from .views import Pictures, crisp, pictures_of
from .words import W, filled

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Block:
    """One translator step with what belongs to it."""

    treatment: TreatmentSummary
    verdict: Text
    rows: tuple[Row, ...]
    spaces: tuple[SpaceRow, ...]
    pictures: Pictures

    @property
    def leading(self) -> list[Row]:
        """The rows that count."""
        return leading(self.rows)

    @property
    def following(self) -> list[Row]:
        """The others."""
        return [row for row in self.rows if not row.leads]

    @property
    def reach(self) -> float:
        """The right end of the axis of effects."""
        return max((value for row in self.rows for value in (row.start, row.end) if value is not None), default=1.0)


class RepairSection(ReportSection):
    """Shows every repair of a run; nothing where it has none."""

    config: SectionConfig

    def render(self, outcome: RunOutcome) -> Section | None:
        """Give the section of a finished run."""
        made = [name for name in outcome.images if name not in outcome.inputs]
        steps = [name for name in made if outcome.roles.get(name, "translator") == "translator"]
        if not steps:
            return None
        every = repairs(outcome)
        blocks = [self._block(outcome, step, [one for one in every if one.translator == step]) for step in steps]
        html = section_html(
            FOLDER, "repair.jinja", language=outcome.language, blocks=blocks, W=W, filled_in=filled, repaired=repaired,
            said=space, crisp=crisp, actions=actions,
        )  # fmt: skip
        return Section(
            id="repair",
            title=W["title"],
            html=html,
            data={block.treatment.step: _data(block) for block in blocks},
            css=(FOLDER / "repair.css").read_text("utf-8"),
            tables={"repair": [_cells(block, row) for block in blocks for row in block.rows]},
        )

    def _block(self, outcome: RunOutcome, step: str, own: Sequence[Repair]) -> Block:
        treatment = treated(outcome, step)
        rows = [row for repair in own for row in rows_of(outcome, repair)] if treatment.repaired else []
        spaces = [space_row(outcome, repair) for repair in own if not repair.after.named] if treatment.repaired else []
        compared = any(repair.before is not None for repair in own)
        return Block(
            treatment=treatment,
            verdict=verdict(treatment, rows, compared=compared, again=bool(own)),
            rows=tuple(rows) if compared else (),
            spaces=tuple(spaces) if compared else (),
            pictures=pictures_of(outcome, treatment, own, rows, spaces, self.config or SectionConfig()),
        )


def _data(block: Block) -> dict[str, Any]:
    """Give what ``report.json`` holds."""
    done = block.treatment
    return {
        "verdict": block.verdict.model_dump(),
        "source": done.source,
        "images": done.images,
        "repaired": {way: len(ids) for way, ids in done.ways.items()},
        "held_back": [{"reason": reason.text.model_dump(), "ids": list(reason.ids)} for reason in done.held],
        "untouched": list(done.untouched),
        "unreadable": list(done.unread),
        "notes": [{"note": note.text.model_dump(), "images": len(note.ids)} for note in done.notes],
        "said": done.said,
        "backbone": done.backbone,
        "figures": dict(done.figures),
        "closed": sum(row.state == "closed" for row in block.leading),
        "of": sum(row.before is not None and row.before.significant for row in block.leading),
        "opened": [row.attribute.id for row in block.rows if row.state == "opened"],
        "attributes": [_cells(block, row) for row in block.rows],
        "spaces": [
            {
                "encoder": row.after.encoder,
                "separation_before": row.before.separation if row.before else None,
                "separation_after": row.after.separation,
                "differs_before": row.before.differs if row.before else None,
                "differs_after": row.after.differs,
                "p_before": row.before.p_adjusted if row.before else None,
                "p_after": row.after.p_adjusted,
            }
            for row in block.spaces
        ],
        "images_shown": [slide.id for slide in block.pictures.slides],
    }


def _cells(block: Block, row: Row) -> dict[str, Any]:
    """Give one attribute as a row of ``repair.csv``."""
    one, before, after = row.attribute, row.before, row.after
    return {
        "step": block.treatment.step, "id": one.id, "label_en": one.label.en, "label_ja": one.label.ja, "state": row.state,
        "leads": row.leads, "effect_before": row.start, "effect_after": row.end, "effect_by_chance": row.chance,
        "closed": row.fell, "closed_above_chance": row.fell_true, "within_chance": row.within_chance, "unit": one.unit,
        "scale": one.scale, "shift_before": before.shift if before else None, "shift_after": after.shift if after else None,
        "p_before": before.p_adjusted if before else None, "p_after": after.p_adjusted if after else None,
        "significant_before": before.significant if before else None, "significant_after": row.left,
        "action_en": one.action.en if one.action else "", "action_ja": one.action.ja if one.action else "",
    }  # fmt: skip
