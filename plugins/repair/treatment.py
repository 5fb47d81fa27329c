"""What a translator did with its images: which it repaired and how, which it gave back as they were and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ... import RunOutcome, Text
from ...plugin import DEFECT_FIGURES, Latents, Treatment
from ...reporting import storable

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Reason:
    """What is said of several images: in ``text`` numbers that differ are ranges, ``own`` has the words of each image."""

    text: Text
    ids: tuple[str, ...]
    own: tuple[Text, ...]


@dataclass(frozen=True)
class TreatmentSummary:
    """What became of the images of ``source`` in the translator's ``step``. Ids are as the report writes them.

    ``ways`` are the images by how they were repaired, ``notes`` what to know of some of them; ``held`` were given back as they
    were; ``untouched`` were so without a reason; ``unread`` cannot be read. ``said`` is the note of a translator that says
    nothing of single images. ``figures``, shares in 0..1, are of the card of ``backbone``.
    """

    step: str
    source: str
    ways: Mapping[str, tuple[str, ...]]
    notes: tuple[Reason, ...]
    held: tuple[Reason, ...]
    untouched: tuple[str, ...]
    unread: tuple[str, ...]
    said: str
    backbone: str | None
    figures: Mapping[str, float]

    @property
    def repaired(self) -> tuple[str, ...]:
        """The images that were repaired."""
        return tuple(name for names in self.ways.values() for name in names)

    @property
    def given_back(self) -> tuple[str, ...]:
        """The images that were given back with a reason."""
        return tuple(name for reason in self.held for name in reason.ids)

    @property
    def images(self) -> int:
        """How many images could be read."""
        return len(self.repaired) + len(self.given_back) + len(self.untouched)


def treated(outcome: RunOutcome, step: str) -> TreatmentSummary:
    """Read off what the translator of ``step`` said of its images; see :class:`shiftlens.plugin.Translator`."""
    made, source = outcome.images[step], outcome.source_of(step)
    unread = _unread(outcome, step, source)
    ways: dict[str, list[str]] = {}
    held, untouched = [], []
    own = str(_facts(outcome.manifest, "spec", "steps", step).get("use", "")).partition("@")[0]
    for ref in made.refs:
        done = ref.treatment or Treatment(way=own)
        if ref.id in unread:
            continue
        if done.held_back is not None:
            held.append(ref)
        elif done.way is None:
            untouched.append(storable(ref.id))
        else:
            ways.setdefault(done.way, []).append(storable(ref.id))
    backbone = next(iter(_facts(outcome.manifest, "steps", step, "backbones").values()), None)
    quality = _facts(outcome.manifest, "backbones", str(backbone), "quality")
    return TreatmentSummary(
        step=step,
        source=source,
        ways={way: tuple(ids) for way, ids in sorted(ways.items(), key=lambda item: -len(item[1]))},
        notes=reasons((ref.id, ref.treatment.note) for ref in made.refs if ref.treatment and ref.treatment.note),
        held=reasons((ref.id, ref.treatment.held_back) for ref in held if ref.treatment and ref.treatment.held_back),
        untouched=tuple(untouched),
        unread=tuple(storable(ref.id) for ref in made.refs if ref.id in unread),
        said=_added(made.note, outcome.images[source].note),
        backbone=backbone,
        figures={name: float(quality[name]) for name in DEFECT_FIGURES if name in quality},
    )


def reasons(said: Iterable[tuple[str, Text]]) -> tuple[Reason, ...]:
    """Group what is said of images by their ids, most first; what differs in its numbers only is one.

    >>> [(one.text.en, one.ids) for one in reasons((str(i), Text(en=f"it shows {i} spots", ja="")) for i in (2, 5))]
    [('it shows 2–5 spots', ('2', '5'))]
    """
    groups: dict[str, list[tuple[str, Text]]] = {}
    for id_, text in said:
        groups.setdefault(_NUMBER.sub("#", text.en), []).append((id_, text))
    found = []
    for group in groups.values():
        own = tuple(text for _, text in group)
        whole = Text(en=_ranged([one.en for one in own]), ja=_ranged([one.ja for one in own]))
        found.append(Reason(whole, tuple(storable(id_) for id_, _ in group), own))
    return tuple(sorted(found, key=lambda reason: -len(reason.ids)))


def _ranged(texts: Sequence[str]) -> str:
    """Give texts that differ in their numbers only as one; the most frequent where they differ in more."""
    if len({_NUMBER.sub("#", text) for text in texts}) > 1:
        return Counter(texts).most_common(1)[0][0]
    columns = iter(zip(*(_NUMBER.findall(text) for text in texts), strict=True))

    def span(_: re.Match[str]) -> str:
        numbers = sorted(next(columns), key=float)
        return numbers[0] if numbers[0] == numbers[-1] else f"{numbers[0]}–{numbers[-1]}"

    return _NUMBER.sub(span, texts[0])


def _added(note: str, before: str) -> str:
    return note.removeprefix(before).lstrip("; ")


def _unread(outcome: RunOutcome, *names: str) -> set[str]:
    return {
        aside.id
        for step, latents in outcome.of_type(Latents)
        if outcome.source_of(step) in names
        for aside in latents.set_aside
        if aside.kind == "unreadable"
    }


def _facts(manifest: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    found = manifest
    for key in path:
        found = found.get(key) or {}
    return found
