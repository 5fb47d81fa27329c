"""Where images come from: ``scheme:place?option=value``, or just a folder or a file."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from pydantic import Field

from .base import Spec
from .errors import UsageError, quoted

_SCHEME = re.compile(r"^([a-z][a-z0-9-]+):(?!//)(.*)$", re.S)


class DatasetSpec(Spec):
    """One source of images, not yet opened.

    ``scheme`` is the id of the reader, ``None`` where the place itself decides (a folder, a
    ``.csv`` file). ``options`` are the reader's own, still as text.

    >>> DatasetSpec.parse("parts:osaka?n=500&seed=3").options
    {'n': '500', 'seed': '3'}
    """

    scheme: str | None = None
    place: str = Field(min_length=1)
    options: dict[str, str] = {}

    @classmethod
    def parse(cls, text: str) -> DatasetSpec:
        """Read a source as written on a command line.

        A path that exists is taken whole, whatever characters it has. A single letter before a
        colon is a Windows drive, not a scheme.

        Raises:
            UsageError: nothing is written, or the options are not ``key=value`` pairs, or one is given twice.
        """
        if not text:
            raise UsageError("a source of images is empty", hint="give a folder or a CSV list")
        if _exists(text):
            return cls(place=text)
        match = _SCHEME.match(text)
        scheme, rest = (match[1], match[2]) if match else (None, text)
        if _exists(rest):
            return cls(scheme=scheme, place=rest)
        place, _, query = rest.partition("?")
        try:
            pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        except ValueError:
            raise UsageError(
                f"source {quoted(text)}: options {quoted(query)} are not key=value pairs",
                hint="write them as ?match=*.png&depth=12",
            ) from None
        repeated = sorted({key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1})
        if repeated:
            raise UsageError(
                f"source {quoted(text)}: {', '.join(map(repr, repeated))} is given twice", hint="give each option once"
            )
        if not place:
            raise UsageError(f"source {quoted(text)} names no place", hint="scheme:place?key=value")
        return cls(scheme=scheme, place=place if scheme is None else unquote(place), options=dict(pairs))


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False
