"""What a translator did with its images: which it repaired and how, which it gave back as they were and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ... import ImageRef, Latents, RunOutcome, Text, storable

FIGURES = ("kept", "kept_through", "invented", "held_ok")
"""Figures of a backbone's card that say what its repair does to defects."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Reason:
    """What is said of several images: in ``text`` numbers that differ are ranges, ``own`` has the words of each image."""

    text: Text
    ids: tuple[str, ...]
    own: tuple[Text, ...]


@dataclass(frozen=True)
class Treatment:
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


def treatment_of(outcome: RunOutcome, step: str) -> Treatment:
    """Read off what the translator of ``step`` said of its images; see :class:`shiftlens.Translator`."""
    made, source = outcome.images[step], outcome.source_of(step)
    unread = _unread(outcome, step, source)
    own = str(_facts(outcome.manifest, "spec", "steps", step).get("use", "")).partition("@")[0]
    ways: dict[str, list[str]] = {}
    held, untouched = [], []
    for ref in made.refs:
        way = ref.meta.get("repair", own)
        if ref.id in unread:
            continue
        if "held_back" in ref.meta:
            held.append(ref)
        elif way == "none":
            untouched.append(storable(ref.id))
        else:
            ways.setdefault(way, []).append(storable(ref.id))
    backbone = next(iter(_facts(outcome.manifest, "steps", step, "backbones").values()), None)
    quality = _facts(outcome.manifest, "backbones", str(backbone), "quality")
    return Treatment(
        step=step,
        source=source,
        ways={way: tuple(ids) for way, ids in sorted(ways.items(), key=lambda item: -len(item[1]))},
        notes=reasons([ref for ref in made.refs if "repair_note" in ref.meta], "repair_note"),
        held=reasons(held, "held_back"),
        untouched=tuple(untouched),
        unread=tuple(storable(ref.id) for ref in made.refs if ref.id in unread),
        said="" if any("repair" in ref.meta for ref in made.refs) else _added(made.note, outcome.images[source].note),
        backbone=backbone,
        figures={name: float(quality[name]) for name in FIGURES if name in quality},
    )


def reasons(refs: Sequence[ImageRef], key: str) -> tuple[Reason, ...]:
    """Group images by what ``meta`` says of them under ``key``, most first; what differs in its numbers only is one.

    >>> refs = [ImageRef(str(i), "", "", {"held_back": f"it shows {i} spots"}) for i in (2, 5)]
    >>> [(one.text.en, one.ids) for one in reasons(refs, "held_back")]
    [('it shows 2–5 spots', ('2', '5'))]
    """
    groups: dict[str, list[ImageRef]] = {}
    for ref in refs:
        groups.setdefault(_NUMBER.sub("#", ref.meta[key]), []).append(ref)
    found = []
    for group in groups.values():
        own = tuple(Text(en=ref.meta[key], ja=ref.meta.get(f"{key}_ja", ref.meta[key])) for ref in group)
        text = Text(en=_ranged([one.en for one in own]), ja=_ranged([one.ja for one in own]))
        found.append(Reason(text, tuple(storable(ref.id) for ref in group), own))
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
