"""``attributes.csv``: one row an attribute, for Excel as well (UTF-8 with BOM, no cell that starts a formula)."""

from __future__ import annotations

from ...specs.report import Report
from ..files.csv import as_csv
from ..files.names import shown

COLUMNS = (
    "id", "step", "encoder", "label_en", "label_ja", "kind", "significant", "negligible",
    "stands_alone", "follows", "words_en", "words_ja",
    "unit", "scale", "shift", "shift_low", "shift_high", "factor", "effect", "effect_low", "effect_high", "direction",
    "p_adjusted", "q_bh", "q_by", "left", "detectable", "rank", "rank_low", "rank_high", "cluster", "tag", "tail",
    "action_en", "action_ja", "development_images", "site_images",
)  # fmt: skip
NO_INTERVAL = (None, None)


def attributes_csv(report: Report) -> bytes:
    """Give the attributes of a report as a table; images of a cell are set apart by `` | ``."""
    rows: list[tuple[object, ...]] = []
    for a in report.attributes:
        images = [" | ".join(shown(i.id) for i in a.images if i.side == side) for side in ("reference", "target")]
        action = (a.action.en, a.action.ja) if a.action else ("", "")
        cells = (
            a.id, a.step, a.encoder, a.label.en, a.label.ja, a.kind, a.significant, a.negligible,
            a.stands_alone, a.follows, a.words.en,
            a.words.ja, a.unit, a.scale, a.shift, *(a.shift_interval or NO_INTERVAL), a.factor, a.effect,
            *(a.interval or NO_INTERVAL), a.direction,
            a.p_adjusted, a.q_bh, a.q_by, a.left, a.detectable, a.rank, *a.rank_interval, a.cluster, a.tag, a.tail,
            *action, *images,
        )  # fmt: skip
        rows.append(cells)
    return as_csv(COLUMNS, rows)
