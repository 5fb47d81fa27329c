"""Tables for Excel as well: UTF-8 with BOM, no cell that starts a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Give a table as the bytes of a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "backslashreplace")


def guarded(cell: object) -> object:
    """Give a cell that a spreadsheet takes for text where it is text.

    >>> guarded("=1+1"), guarded(-0.5)
    ("'=1+1", -0.5)
    """
    if isinstance(cell, str) and cell.lstrip()[:1] in tuple("=+-@\t\r＝＋－＠"):
        return f"'{cell}" if cell.strip() else cell
    return cell
