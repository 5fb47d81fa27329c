"""``report.html``: one file, no network, both languages."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ...specs.base import Text
from ...specs.report import SECTIONS, Report
from ..contract.around import Section
from ..files.names import shown
from ..running.outcome import RunOutcome
from .amounts import hundredths, probability
from .heat import heat_view, images_with_maps, map_groups
from .sides import comparisons
from .steps import StepView
from .thumbnails import thumbnails
from .verdict import closed
from .views import card_views, detectable, ends_of, glance_view, picture_text, reach, shift_of, space_view
from .words import WORDS

FOLDER = Path(__file__).parent
MOST_LEADING = 6
"""Rows of the table of leading attributes, so that the verdict fits one sheet of paper."""
MOST_ROWS = 200
"""Rows of the table of images set aside."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(
    outcome: RunOutcome, report: Report, sections: Sequence[Section], layout: Sequence[str], steps: Sequence[StepView] = ()
) -> str:
    """Give the whole page.

    Args:
        outcome: the run, for its images, codes and maps.
        report: what is said of it.
        sections: what plugins add.
        layout: ids of the sections to show, in order; empty for all.
        steps: what steps made that no other section shows.
    """
    compared = {c.step: c for c in comparisons(outcome)}
    side_of = {side.input: side.side for c in compared.values() for side in c.sides}
    groups = [(group, images_with_maps(group, report.spaces, side_of)) for group in map_groups(outcome)]
    wanted = [i for a in report.attributes if a.stands_alone for i in a.images]
    wanted += [i for space in report.spaces for i in space.representative]
    wanted += [i for _, images in groups for i in images]
    small = thumbnails(outcome, ((i.input, i.id) for i in wanted))
    heat = [heat_view(group, images, small) for group, images in groups if images]
    learned = []
    for space in (s for s in report.spaces if s.differs and not s.named):
        own = next((view for view in heat if view.about == space.step), None)
        learned.append(space_view(space, compared[space.step], own))
    judged = [space for space in report.spaces if not closed(space)]
    context = {
        "report": report,
        "cards": card_views(report, compared),
        "glance": glance_view(report),
        "learned": learned,
        "heat": [view for view in heat if not any(view is shown_there.heat for shown_there in learned)],
        "step_views": steps,
        "thumbnails": small,
        "counts": Counter((entry.input, entry.kind) for entry in report.set_aside),
        "points": _points(report.verdict.detail),
        "state": "differs" if report.verdict.shift else "same" if judged else "unjudged",
        "judged": judged,
        "compared": report.spaces,
        "sections": {section.id: section for section in sections},
        "made": _made(report.made),
        "backbones": {facts["digest"]: name for name, facts in report.made.get("backbones", {}).items()},
        "spec": json.dumps(report.made, ensure_ascii=False, indent=2, sort_keys=True, default=str),
    }
    context["order"] = _order(context, layout)
    return environment().get_template("page.html.jinja").render(context, language=report.language)


def _points(detail: Text) -> list[Text]:
    lines = zip(detail.en.split("\n"), detail.ja.split("\n"), strict=True)
    return [Text(en=en, ja=ja) for en, ja in lines if en]


def _made(made: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The rows of a manifest that fit in a table: plain values, and plain values by name."""
    rows = []
    for key, value in made.items():
        if isinstance(value, Mapping):
            flat = {k: v for k, v in value.items() if isinstance(v, str | int | float | bool)}
            rows += [(f"{key}: {k}", str(v)) for k, v in flat.items()]
        elif isinstance(value, str | int | float | bool):
            rows.append((key, str(value)))
    return rows


def _order(context: Mapping[str, Any], layout: Sequence[str]) -> list[str]:
    """Sections that have something to say, as the layout wants them."""
    empty = {"attributes": "cards", "features": "learned", "maps": "heat", "steps": "step_views", "power": "judged"}
    empty |= {"calibration": "compared", "tested": "compared"}
    before = SECTIONS.index("calibration")
    order = [*SECTIONS[:before], *context["sections"], *SECTIONS[before:]]
    every = [name for name in order if name not in empty or context[empty[name]]]
    return ["summary", *(name for name in layout if name in every and name != "summary")] if layout else every


@cache
def environment() -> Environment:
    """Give what renders every template of a report: autoescaped, with the page's filters and words."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    script = (FOLDER / "page.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.filters |= {
        "t": spans,
        "w": word,
        "sentence": sentence,
        "p": probability,
        "shown": shown,
        "hundredths": hundredths,
        "reach": reach,
        "percent": percent,
    }
    environment.globals |= {
        "WORDS": WORDS,
        "SECTIONS": SECTIONS,
        "MOST_ROWS": MOST_ROWS,
        "MOST_LEADING": MOST_LEADING,
        "style": Markup((FOLDER / "page.css").read_text("utf-8")),  # noqa: S704  (our own files)
        "steps_style": Markup((FOLDER / "steps.css").read_text("utf-8")),  # noqa: S704
        "script": Markup(script),  # noqa: S704
        "policy": f"{POLICY}; script-src 'sha256-{digest}'",
        "pair": pair,
        "filled": filled,
        "capital": capital,
        "joined": joined,
        "input_name": input_name,
        "picture_text": picture_text,
        "detectable": detectable,
        "shift_of": shift_of,
        "ends_of": ends_of,
    }
    return environment


def spans(text: Text) -> Markup:
    """Give a text in both languages; the page shows one."""
    if text.en == text.ja:
        return escape(text.en)
    return Markup('<span lang="en">{}</span><span lang="ja">{}</span>').format(text.en, text.ja)


def word(key: str) -> Markup:
    """Give a word of the page in both languages."""
    return spans(WORDS[key])


def sentence(key: str) -> Markup:
    """Give a word of the page with the full stop of each language."""
    text = WORDS[key]
    return spans(Text(en=f"{text.en}. ", ja=f"{text.ja}。"))


def filled(key: str, **values: object) -> Markup:
    """Give a sentence of the page with its blanks filled."""
    text = WORDS[key]
    return spans(Text(en=text.en.format(**values), ja=text.ja.format(**values)))


def pair(first: Text, second: Text) -> Markup:
    """Give two texts with the colon of each language."""
    return spans(Text(en=f"{first.en}: {second.en}", ja=f"{first.ja}：{second.ja}"))


def capital(text: Text) -> Text:
    """Give a text that begins with a capital.

    >>> capital(Text(en="noise", ja="ノイズ")).en
    'Noise'
    """
    return Text(en=text.en[:1].upper() + text.en[1:], ja=text.ja)


def joined(texts: Sequence[Text]) -> Text:
    """Give texts as a list in a sentence."""
    return Text(en=", ".join(text.en for text in texts), ja="、".join(text.ja for text in texts))


def input_name(name: str) -> Markup:
    """Give the name of an input; the usual two are translated."""
    return word(name) if name in ("development", "site") else escape(name)


def percent(share: float) -> str:
    r"""Give a share as per cent.

    >>> percent(0.123)
    '12\u202f%'
    """
    return f"{100 * share:.0f}\u202f%" if share == 0 or share >= 0.01 else f"{100 * share:.1f}\u202f%"
