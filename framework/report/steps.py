"""What steps made that no other section shows: points on images, what codes lost, images before and after an edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...specs.base import Text
from ..files.names import storable
from ..running.outcome import RunOutcome
from ..values.inversion import Inversion
from ..values.keypoints import Keypoints
from .heat import overlay
from .points import drawn
from .thumbnails import Thumbnail, jpeg_uri, thumbnails

MOST = 8
"""Images a step."""
TALL = 240, 240
DECIMALS = 3


@dataclass(frozen=True)
class StepImage:
    """One image: its id, pictures of it side by side, and what is said below."""

    id: str
    pictures: tuple[tuple[Text, str], ...]
    said: Text | None = None


@dataclass(frozen=True)
class StepView:
    """What one step made: ``facts`` in words and numbers, ``rows`` of a table with their ``columns``, and images."""

    step: str
    source: str
    kind: Literal["points", "inversion", "edited"]
    facts: tuple[tuple[Text, str], ...]
    columns: tuple[Text, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    images: tuple[StepImage, ...] = ()

    def data(self) -> dict[str, Any]:
        """Give what ``report.json`` holds of it."""
        return {
            "kind": self.kind, "source": self.source, "facts": {label.en: value for label, value in self.facts},
            "rows": [dict(zip((column.en for column in self.columns), row, strict=True)) for row in self.rows],
            "images": [image.id for image in self.images],
        }  # fmt: skip


def step_views(outcome: RunOutcome) -> list[StepView]:
    """Give a view of every step that made points, inversions or edited images, in the pipeline's order."""
    found = []
    for step, value in outcome.values.items():
        if isinstance(value, Keypoints):
            found.append(_points(outcome, step, value))
        elif isinstance(value, Inversion):
            found.append(_inversion(outcome, step, value))
        elif outcome.roles.get(step) == "editor":
            found.append(_edited(outcome, step))
    return found


def _points(outcome: RunOutcome, step: str, points: Keypoints) -> StepView:
    source = outcome.source_of(step)
    rows = _spread(len(points.ids))
    small = _small(outcome, source, (points.ids[row] for row in rows))
    images = []
    for row in rows:
        base = small[source, storable(points.ids[row])].picture
        if base is not None:
            uri = jpeg_uri(drawn(base, points.points[row], points.visible[row]))
            images.append(StepImage(storable(points.ids[row]), ((_TEXT["points"], uri),)))
    seen = points.visible.mean(axis=0) if len(points.ids) else np.zeros(len(points.names))
    table = []
    for index, name in enumerate(points.names):
        scores = points.scores[:, index][points.visible[:, index]] if points.scores is not None else np.zeros(0)
        sure = f"{scores.mean():.2f}" if len(scores) else "–"
        table.append((str(index + 1), name, f"{100 * seen[index]:.0f} %", sure))
    return StepView(
        step, source, "points",
        facts=((_TEXT["images"], str(len(points.ids))), (_TEXT["points"], str(len(points.names)))),
        columns=(_TEXT["number"], _TEXT["point"], _TEXT["visible"], _TEXT["score"]), rows=tuple(table), images=tuple(images),
    )  # fmt: skip


def _inversion(outcome: RunOutcome, step: str, made: Inversion) -> StepView:
    source = outcome.source_of(step)
    order = np.argsort(-made.error, kind="stable")[:MOST].tolist()
    small = _small(outcome, source, (made.ids[row] for row in order))
    lost = np.abs(made.discrepancy.astype(np.float32)).mean(axis=1) if len(made.ids) else np.zeros((0, 1, 1), np.float32)
    high = float(lost.max(initial=0.0)) or 1.0
    images = []
    for row in order:
        thumb = small[source, storable(made.ids[row])]
        if thumb.picture is not None:
            heat = jpeg_uri(overlay(thumb.picture, lost[row], 0.0, high))
            pictures = ((_TEXT["image"], thumb.uri), (_TEXT["lost"], heat))
            said = f"{made.error[row]:.{DECIMALS}f}"
            images.append(StepImage(storable(made.ids[row]), pictures, Text(en=f"error {said}", ja=f"誤差 {said}")))
    facts = [(_TEXT["images"], str(len(made.ids))), (_TEXT["layer"], made.layer)]
    if len(made.ids):
        middle, tail = np.quantile(made.error, (0.5, 0.95))
        facts += [(_TEXT["middle"], f"{middle:.{DECIMALS}f}"), (_TEXT["tail"], f"{tail:.{DECIMALS}f}")]
    return StepView(step, source, "inversion", facts=tuple(facts), images=tuple(images))


def _edited(outcome: RunOutcome, step: str) -> StepView:
    source, made = outcome.source_of(step), outcome.images[step]
    done = {ref.id: ref.treatment for ref in made.refs if ref.treatment is not None}
    edited = [id_ for id_, treatment in done.items() if treatment.way is not None]
    rows = [edited[row] for row in _spread(len(edited))]
    before, after = _small(outcome, source, rows), _small(outcome, step, rows)
    images = []
    for id_ in rows:
        pair = before[source, storable(id_)], after[step, storable(id_)]
        if all(one.uri for one in pair):
            pictures = tuple((_TEXT[name], one.uri) for name, one in zip(("before", "after"), pair, strict=True))
            images.append(StepImage(storable(id_), pictures, done[id_].note))
    ways = Counter(treatment.way for treatment in done.values() if treatment.way is not None)
    facts = [(Text(en=f"edited by {way}", ja=f"{way} による編集"), str(count)) for way, count in ways.most_common()]
    held = Counter(treatment.held_back for treatment in done.values() if treatment.held_back is not None)
    facts += [(Text(en=f"left as they were: {why.en}", ja=f"元のまま：{why.ja}"), str(n)) for why, n in held.most_common()]
    untouched = len(done) - len(edited) - sum(held.values())
    if untouched:
        facts.append((_TEXT["untouched"], str(untouched)))
    return StepView(step, source, "edited", facts=tuple(facts), images=tuple(images))


def _small(outcome: RunOutcome, name: str, ids: Iterable[str]) -> dict[tuple[str, str], Thumbnail]:
    return thumbnails(outcome, ((name, storable(id_)) for id_ in ids), TALL)


def _spread(count: int) -> Sequence[int]:
    """Choose rows evenly, first and last among them."""
    return sorted({round(row) for row in np.linspace(0, count - 1, min(MOST, count))}) if count else []


_TEXT = {
    "images": Text(en="images", ja="画像数"),
    "points": Text(en="keypoints", ja="特徴点"),
    "point": Text(en="Keypoint", ja="特徴点"),
    "number": Text(en="No.", ja="番号"),
    "visible": Text(en="Seen in", ja="検出率"),
    "score": Text(en="Mean score", ja="平均スコア"),
    "image": Text(en="image", ja="画像"),
    "lost": Text(en="what its code lost", ja="コードで失われた箇所"),
    "layer": Text(en="put back at layer", ja="補償する層"),
    "middle": Text(en="median error", ja="誤差の中央値"),
    "tail": Text(en="95 % below", ja="95 % 点"),
    "before": Text(en="Before", ja="編集前"),
    "after": Text(en="After", ja="編集後"),
    "untouched": Text(en="left as they were", ja="元のまま"),
}
