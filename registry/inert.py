"""What stands for the objects of a stranger's pickle: plain data that does nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Stand = Callable[..., Any]
"""What stands for a name of a file: a function of ours that gives inert data."""


class Record:
    """An object of a file: the name of its class, what was to make it, and its state."""

    __slots__ = ("arguments", "name", "state")

    def __init__(self, name: str, arguments: Sequence[Any] = ()) -> None:
        self.name = name
        self.arguments = tuple(arguments)
        self.state: Any = None


class Name:
    """A name that a file asked for and that is allowed, with what stands for it."""

    __slots__ = ("stand", "text")

    def __init__(self, text: str, stand: Stand) -> None:
        self.text = text
        self.stand = stand


def recorded(name: str) -> Stand:
    """Give a stand that records what was to be made, and makes nothing.

    >>> recorded("argparse.Namespace")().name
    'argparse.Namespace'
    """
    return lambda *arguments: Record(name, arguments)


def mapping() -> dict[Any, Any]:
    """Stand for any kind of dictionary; the file fills it afterwards."""
    return {}


def members(items: Sequence[Any] = ()) -> set[Any]:
    """Stand for a set of plain values."""
    return {plain(item) for item in items}


def plain(value: Any) -> Any:
    """Give a value that may be a key. Others are refused, since hashing nested tuples can take for ever.

    Raises:
        ValueError: it is neither text nor a number nor nothing.
    """
    if value is not None and not isinstance(value, (str, int, float)):
        raise ValueError(f"a key of type {type(value).__name__}")
    return value
