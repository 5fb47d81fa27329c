"""The executor: maps a step over shards of images. One place to replace when one machine is not enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

A = TypeVar("A")
B = TypeVar("B")


class Executor(Protocol):
    """Maps a function over shards; results come in the order of the shards."""

    def map(self, function: Callable[[A], B], shards: Iterable[A]) -> Iterator[B]:
        """Give ``function(shard)`` for each shard, as it becomes known."""
        ...


class LocalExecutor:
    """Shards one after the other in this process; inside a shard, components use all cores themselves."""

    def map(self, function: Callable[[A], B], shards: Iterable[A]) -> Iterator[B]:
        """Give ``function(shard)`` for each shard, lazily."""
        return map(function, shards)
