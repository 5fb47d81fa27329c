"""The valid name that a wrong one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(wanted: str, known: Iterable[str]) -> str:
    """Give advice for a message: the nearest valid name, or all of them where there are few.

    >>> nearest("laguage", ["language", "device"])
    "did you mean 'language'?"
    >>> nearest("zz", ["b", "a"])
    'known: a, b'
    """
    names = sorted(set(known))
    close = get_close_matches(wanted, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return "there is none"
    return f"known: {', '.join(names[:12])}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")
