"""What a reader must know before trusting a report: made-up images, the same images twice, few images, what was set aside."""

from __future__ import annotations

from collections.abc import Sequence

from ...specs.base import Text
from ...specs.report import InputReport, SetAsideReport
from ..files.names import shown, storable
from ..running.outcome import RunOutcome
from ..values.images import ImageSet
from ..values.latents import Latents
from ..values.maps import AttentionMaps
from .sides import Comparison

FEW_IMAGES = 30
FEW_GROUPS = 10


def set_aside(outcome: RunOutcome) -> tuple[SetAsideReport, ...]:
    """Give every image of an input that took no part, once, with the first reason said of it.

    Of images that a translator made only those count whose originals were not encoded.
    """
    found: dict[tuple[str, str], SetAsideReport] = {}
    told = [(name, images.set_aside) for name, images in outcome.inputs.items()]
    steps: list[tuple[str, Latents | AttentionMaps]] = [*outcome.of_type(Latents), *outcome.of_type(AttentionMaps)]
    encoded = {outcome.source_of(step) for step, _ in steps}
    for step, value in steps:
        name = outcome.source_of(step)
        origin = outcome.origin_of(name)
        if name == origin or origin not in encoded:
            told.append((origin, value.set_aside))
    for name, images in told:
        for image in images:
            entry = SetAsideReport(input=name, id=storable(image.id), kind=image.kind, reason=storable(image.reason))
            found.setdefault((name, image.id), entry)
    return tuple(found.values())


def input_reports(outcome: RunOutcome, aside: Sequence[SetAsideReport]) -> tuple[InputReport, ...]:
    """Give each input as it was found."""
    reports = []
    for name, images in outcome.inputs.items():
        out = sum(entry.input == name for entry in aside)
        found = len(images) + len({entry.id for entry in images.set_aside} - {ref.id for ref in images.refs})
        reports.append(
            InputReport(
                name=name,
                origin=storable(images.origin),
                images=found,
                groups=len({ref.group for ref in images.refs}),
                used=found - out,
                set_aside=out,
                digest=images.digest(),
                note=storable(images.note),
            )
        )
    return tuple(reports)


def warnings(outcome: RunOutcome, compared: Sequence[Comparison]) -> tuple[Text, ...]:
    """Give the warnings of a run: what a space cannot speak for first, then what is made up."""
    pairs = list(dict.fromkeys((c.reference.input, c.target.input) for c in compared))
    found = [c.scores.gate.reason for c in compared if c.scores.gate and c.scores.gate.reason]
    found += [_repaired(name, outcome.origin_of(name)) for pair in pairs for name in pair if name not in outcome.inputs]
    found += [note for name, images in outcome.inputs.items() if (note := _synthetic(name, images))]
    found += [note for a, b in pairs for note in _same_images(a, outcome.images[a], b, outcome.images[b])]
    found += [note for name, images in outcome.inputs.items() if (note := _few(name, images))]
    return tuple(found)


def _repaired(step: str, origin: str) -> Text:
    return Text(
        en=f"The images of {origin} were repaired (step {step}) before they were compared; nothing is said of the originals.",
        ja=f"{origin} の画像は補正（ステップ {step}）後に比較しています。補正前の画像については判定していません。",
    )


def _is_synthetic(note: str) -> bool:
    return "synthetic" in note.lower() or "合成" in note


def _synthetic(name: str, images: ImageSet) -> Text | None:
    if not _is_synthetic(images.note):
        return None
    note = shown(images.note)
    return Text(
        en=f"Synthetic images, not photographs: {name} ({note})",
        ja=f"合成画像です（実写ではありません）：{name}（{note}）",
    )


def _same_images(a: str, first: ImageSet, b: str, second: ImageSet) -> list[Text]:
    if a == b:
        return [Text(en=f"Both sides are the same input, {a}.", ja=f"比較した両側は同じ入力 {a} です。")]
    one, other = ({ref.digest for ref in images.refs} for images in (first, second))
    both = len(one & other)
    if not both:
        return []
    if one <= other or other <= one:
        within, around = (a, b) if one <= other else (b, a)
        return [
            Text(
                en=f"The same images are on both sides: every image of {within} is also in {around}.",
                ja=f"両側に同じ画像があります：{within} のすべての画像が {around} にも含まれています。",
            )
        ]
    return [
        Text(
            en=f"{both} images are on both sides; what differs is understated.",
            ja=f"{both} 枚の画像が両側に含まれています。差は実際より小さく見えます。",
        )
    ]


def _few(name: str, images: ImageSet) -> Text | None:
    groups = len({ref.group for ref in images.refs})
    if len(images) >= FEW_IMAGES and groups >= FEW_GROUPS:
        return None
    return Text(
        en=f"{name} has only {len(images)} images in {groups} groups: only large differences can be found.",
        ja=f"{name} は {len(images)} 枚（{groups} グループ）だけです。大きな差しか検出できません。",
    )
