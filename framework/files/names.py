"""Names of files as they can be shown: nothing in them may break or disguise a page, a table or JSON."""

from __future__ import annotations

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def storable(name: str) -> str:
    r"""Give a name that UTF-8 can hold: bytes that could not be decoded are escaped.

    >>> storable("caf\udce9.png")
    'caf\\udce9.png'
    """
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def shown(name: str) -> str:
    r"""Give a name in which every invisible character (line ends, direction marks) is escaped.

    >>> shown("a\nb\u202egnp.png")
    'a\\nb\\u202egnp.png'
    """
    return "".join(_escape(c) if unicodedata.category(c) in _HIDDEN else c for c in storable(name))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
