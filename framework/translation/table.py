"""What came of translating a set of images, image by image, and in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any, Self

from ...specs.base import Text
from ..files.csv import as_csv
from ..files.names import shown, storable
from ..values.treatment import Treatment
from .ledger import TABLE

NOTHING = "none"


def facts_of(treatment: Treatment) -> dict[str, str]:
    """Say what was done to an image in the words of the table; what there is nothing to say of is left out.

    >>> facts_of(Treatment(way="affine"))
    {'repair': 'affine'}
    """
    facts = {"repair": treatment.way or NOTHING}
    for name, text in (("held_back", treatment.held_back), ("repair_note", treatment.note)):
        if text is not None:
            facts |= {name: text.en, f"{name}_ja": text.ja}
    return facts


@dataclass(frozen=True)
class Row:
    """One image: its own name, the file that was written, and what was done, in the order of the table's columns.

    ``set_aside`` says why there is no file. ``repair`` is ``none`` where the file has the image as it was.
    """

    id: str
    file: str = ""
    group: str = ""
    repair: str = ""
    held_back: str = ""
    held_back_ja: str = ""
    repair_note: str = ""
    repair_note_ja: str = ""
    set_aside: str = ""


@dataclass(frozen=True)
class TranslationReport:
    """A folder of translated images.

    ``repaired`` counts images by the way they were repaired, ``held_back`` those given back as they were; ``set_aside`` are
    those without a file. ``notes`` are what to know of them, each with the number of images that it is about.
    """

    folder: Path
    repaired: Mapping[str, int]
    held_back: int
    set_aside: int
    notes: tuple[tuple[Text, int], ...] = ()

    @classmethod
    def of(cls, folder: Path, rows: Iterable[Row]) -> Self:
        """Count what stands in ``rows``."""
        rows = list(rows)
        files = [row for row in rows if row.file]
        held = [row for row in files if row.repair == NOTHING]
        reasons = {Text(en=row.held_back, ja=row.held_back_ja) for row in held}
        one_reason = [(reasons.pop(), len(held))] if len(reasons) == 1 and len(held) == len(files) else []
        notes = Counter(Text(en=row.repair_note, ja=row.repair_note_ja) for row in files if row.repair_note)
        return cls(
            folder=folder,
            repaired=dict(Counter(row.repair for row in files if row.repair != NOTHING).most_common()),
            held_back=len(held),
            set_aside=len(rows) - len(files),
            notes=(*one_reason, *notes.most_common()),
        )

    @property
    def said(self) -> Text:
        """All of it in one sentence."""
        ways = self.repaired or {"": 0}
        en = [f"{count} repaired" + (f" by {way}" if way else "") for way, count in ways.items()]
        ja = [(f"{way} で " if way else "") + f"{count} 枚を補正" for way, count in ways.items()]
        if self.held_back:
            en.append(f"{self.held_back} given back as they were")
            ja.append(f"{self.held_back} 枚は元のまま出力")
        if self.set_aside:
            en.append(f"{self.set_aside} set aside")
            ja.append(f"{self.set_aside} 枚は除外")
        reasons = self.held_back or self.set_aside
        return Text(
            en=", ".join(en) + (f" (reasons in {TABLE})" if reasons else ""),
            ja="、".join(ja) + (f"（理由は {TABLE}）" if reasons else ""),
        )

    def facts(self) -> dict[str, Any]:
        """Give it as JSON data."""
        notes = [{"en": note.en, "ja": note.ja, "images": count} for note, count in self.notes]
        said = self.said.model_dump()
        return {**asdict(self), "folder": storable(str(self.folder)), "notes": notes, "said": said}


def table(rows: Iterable[Row]) -> bytes:
    """Give the bytes of ``translated.csv``: one row an image, for Excel as well."""
    return as_csv([field.name for field in fields(Row)], ([shown(cell) for cell in astuple(row)] for row in rows))
