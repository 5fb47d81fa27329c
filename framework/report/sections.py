"""The sections that plugins add to a report: made before a run starts, rendered when it is done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from ...specs.base import Text
from ...specs.errors import ShiftlensError, SpecError
from ...specs.report import SECTIONS
from ...specs.yaml import problems_of
from ..contract.around import ReportSection, Section
from ..files.names import shown
from ..host.host import Offer
from ..host.targets import config_model, target_class
from ..running.faults import faults_named
from ..running.outcome import RunOutcome
from ..running.session import Session

LONGEST = 160


@dataclass(frozen=True)
class Sections:
    """Sections by the name that messages give their makers; ``notices`` name those that cannot be made."""

    made: tuple[tuple[str, ReportSection], ...] = ()
    notices: tuple[Text, ...] = ()

    @classmethod
    def of(cls, *sections: ReportSection) -> Self:
        """Take sections that are made already."""
        return cls(tuple((f"{type(one).__module__}.{type(one).__qualname__}", one) for one in sections))

    @classmethod
    def load(cls, session: Session, layout: Sequence[str] = ()) -> Self:
        """Make the sections that plugins offer, those that a layout names or, where it names none, all.

        One that cannot be made is left out and named in the report, but for those that the layout asks for.

        Raises:
            ShiftlensError: a section that the layout asks for cannot be made.
            SpecError: the options of one do not hold.
        """
        offers = [offer for offer in session.host.of_role("report-section") if not layout or offer.card.id in layout]
        made, notices = [], []
        for offer in offers:
            try:
                made.append((offer.whose, _made(offer, session)))
            except SpecError:
                raise
            except ShiftlensError as error:
                if layout:
                    raise
                notices.append(_left_out(offer.whose, error.message))
        return cls(tuple(made), tuple(notices))

    def rendered(self, outcome: RunOutcome) -> tuple[list[Section], list[Text]]:
        """Render every section of a finished run, and say which failed."""
        done: dict[str, Section] = {}
        notices = list(self.notices)
        for name, section in self.made:
            try:
                with section:
                    found = section.render(outcome)
                if found is None:
                    continue
                _check(found)
                if found.id in done or found.id in SECTIONS:
                    raise ValueError(f"its id {found.id!r} is taken")
                _check_tables(found, {name for other in done.values() for name in other.tables})
            except (Exception, SystemExit) as error:  # noqa: BLE001  (a plugin's; it is named in the report)
                notices.append(_left_out(name, f"{type(error).__name__}: {error}"))
                continue
            done[found.id] = found
        return list(done.values()), notices


def _made(offer: Offer, session: Session) -> ReportSection:
    with faults_named(offer, f"section {offer.card.id!r}"):
        model, kind = config_model(offer), target_class(offer)
        options = session.options(offer)
        try:
            config = model.model_validate(options.values)
        except ValidationError as error:
            problems = [options.said(problem) for problem in problems_of(error, model)]
            raise SpecError(f"settings components.{offer.card.id}", problems) from None
        section: ReportSection = kind(config)
    return section


def _check(section: Section) -> None:
    """Hold a section against what the page can take."""
    if not isinstance(section, Section) or not re.fullmatch(r"[a-z][a-z0-9_-]*", str(section.id)):
        raise ValueError("it is no section with an id of small letters, digits and dashes")
    if not (isinstance(section.title, Text) and isinstance(section.html, str) and isinstance(section.css, str)):
        raise ValueError("its title is no Text, or its html or css no text")
    if "<" in section.css:
        raise ValueError("its css holds '<', which could leave the style sheet")
    if not isinstance(section.data, Mapping):
        raise ValueError("its data is no mapping")
    to_jsonable_python(section.data)


def _check_tables(section: Section, taken: set[str]) -> None:
    for name, rows in section.tables.items():
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", name) or name in taken | {"attributes"}:
            raise ValueError(f"its table {name!r} is taken, or no plain name")
        if any(list(row) != list(rows[0]) for row in rows):
            raise ValueError(f"the rows of its table {name!r} have different columns")


def _left_out(name: str, what: str) -> Text:
    why = shown(what)[:LONGEST]
    return Text(
        en=f"The section of {name} failed and was left out ({why}).",
        ja=f"{name} のセクションは失敗したため省略しました（{why}）。",
    )
