"""The numbers of the section: what became of each difference, before and after a repair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ... import RunOutcome
from ...reporting import Attribute, Judgement, Repair, SpaceReport, judged, judged_space

State = Literal["opened", "worse", "remains", "differs", "unmeasured", "reduced", "closed"]
ORDER: tuple[State, ...] = ("opened", "worse", "remains", "differs", "unmeasured", "reduced", "closed")
"""Rows come in this order: what a reader must act on first."""
CLOSED = 0.8
"""Share of a difference that must be gone so that it counts as closed, beside that nothing significant is left."""
CHANGED = 0.2
"""Below this share a difference counts as unchanged."""


@dataclass(frozen=True)
class Row:
    """One attribute that differs before the repair, after it, or both.

    ``start`` and ``end`` are the effects before and after, both in the standard deviations of before, so that their ratio is
    that of the distances in the attribute's own unit; ``chance`` is the effect, in the same unit, below which nothing is
    significant after. ``fell`` is the share of ``start`` that is gone, negative where it grew; ``fell_true`` is that of what
    exceeds the effect which equal sets of this size show. None where it is not known.
    """

    before: Attribute | None
    after: Attribute | None
    state: State
    leads: bool
    start: float | None
    end: float | None
    chance: float | None
    fell: float | None
    fell_true: float | None

    @property
    def attribute(self) -> Attribute:
        """The attribute before, or after where only that is known."""
        found = self.before or self.after
        assert found is not None
        return found

    @property
    def within_chance(self) -> bool:
        """Whether what is left is no more than equal sets may show."""
        return self.end is not None and self.chance is not None and self.end < self.chance

    @property
    def left(self) -> bool:
        """Whether the difference is still there, or new."""
        return self.after is not None and self.after.significant


@dataclass(frozen=True)
class SpaceRow:
    """A space without words before and after."""

    before: SpaceReport | None
    after: SpaceReport


def rows_of(outcome: RunOutcome, repair: Repair) -> list[Row]:
    """Give what became of the attributes of one comparison: what is new or left first, then by effect.

    A space without words, or one whose gate is closed after the repair, has none.
    """
    gate = repair.after.scores.gate
    if not repair.after.named or (gate is not None and gate.closed):
        return []
    after = judged(outcome, repair.after)
    before = judged(outcome, repair.before) if repair.before else None
    found = [row for i in range(len(after.measured)) if (row := _row(before, after, i))]
    return sorted(found, key=lambda row: (ORDER.index(row.state), -max(row.start or 0.0, row.end or 0.0)))


def space_row(outcome: RunOutcome, repair: Repair) -> SpaceRow:
    """Give the whole of one comparison before and after."""
    return SpaceRow(judged_space(outcome, repair.before) if repair.before else None, judged_space(outcome, repair.after))


def _row(before: Judgement | None, after: Judgement, i: int) -> Row | None:
    was, now = before is not None and bool(before.significant[i]), bool(after.significant[i])
    if not was and not now:
        return None
    first = before.attribute(i) if before is not None and before.measured[i] else None
    second = after.attribute(i) if after.measured[i] else None
    scores = after.comparison.scores
    scale = 1.0
    if before is not None and first is not None:
        scale = float(scores.effects.sigma[i] / before.comparison.scores.effects.sigma[i])
    start = first.effect if first else None
    end = second.effect * scale if second else None
    fell = fell_true = None
    if start and end is not None:
        noise = _known(float(scores.effects.noise[i]) * scale) or 0.0
        fell, fell_true = fallen(start, end), fallen(start, end, noise)
    alone = bool(first and first.stands_alone) or bool(second and second.stands_alone)
    state: State = "differs"
    if second is None:
        state = "unmeasured"
    elif before is not None:
        state = state_of(was=was, now=now, fell=fell or 0.0, fell_true=fell_true or 0.0)
    return Row(
        before=first, after=second, state=state, leads=alone or state in ("opened", "worse"), start=start, end=end,
        chance=_known(scores.significance.critical * scale), fell=fell, fell_true=fell_true,
    )  # fmt: skip


def fallen(start: float, end: float, noise: float = 0.0) -> float:
    """Give the share of ``start`` that is gone, of what exceeds ``noise``; 1 where no more than that is left.

    >>> round(fallen(1.0, 0.25), 2), round(fallen(1.0, 0.25, 0.2), 2), fallen(1.0, 0.1, 0.2), fallen(0.5, 0.6)
    (0.75, 0.94, 1.0, -0.2)
    """
    over = start - noise
    return min(1.0, round((start - end) / over, 6)) if over > 0 else 0.0


def state_of(*, was: bool, now: bool, fell: float, fell_true: float) -> State:
    """Name what became of a difference that was significant before (``was``), after (``now``), or both.

    >>> state_of(was=True, now=False, fell=0.7, fell_true=0.9), state_of(was=True, now=True, fell=0.9, fell_true=0.95)
    ('closed', 'reduced')
    """
    if not was:
        return "opened"
    if not now and fell_true >= CLOSED:
        return "closed"
    if now and fell <= -CHANGED:
        return "worse"
    return "reduced" if fell >= CHANGED else "remains"


def leading(rows: Sequence[Row]) -> list[Row]:
    """Give the rows that count: causes before, what is still there on its own, and all that is new or larger."""
    return [row for row in rows if row.leads]


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
