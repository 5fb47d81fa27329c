"""Pickles, read without running anything of theirs: names on a list stand for functions of ours, all others are refused.

This is a reader of its own, not a guarded call of Python's. A pickle is a program for a small machine; here the machine
has no way to import, to call what the file names, or to set attributes, and it stops at limits. Format: the module
``pickletools`` of Python.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Mapping
from typing import Any

from ..specs.errors import BackboneUnusable, ShiftlensError, UnsafeWeights, quoted
from .inert import Name, Record, Stand, members, plain

MOST_STEPS = 1_000_000
"""Steps of all pickles of one file; a snapshot of a generator of 1024 px with its discriminator takes about 100 000."""
MOST_TEXT = 2**24
DEEPEST = 1_000
_LONGEST_LINE = 1_000
_NEWEST = 5


class Budget:
    """The steps that are left for a file, with all pickles inside of it."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_STEPS


def unpickle(
    data: memoryview, where: str, allowed: Mapping[str, Stand], budget: Budget, *, at: int = 0, persistent: Stand | None = None
) -> tuple[Any, int]:
    """Read one pickle.

    Bytes come as views of ``data``, objects as what their stands gave. Keys and members of sets are plain values: hashing
    nested tuples can take for ever.

    Args:
        data: the file, or a part of it.
        where: how to name it in errors.
        allowed: stands by full name, ``module.name``.
        budget: how many steps it may take.
        at: where in ``data`` the pickle begins.
        persistent: what stands for things kept outside of the pickle.

    Returns:
        what it holds, and the place after it.

    Raises:
        UnsafeWeights: it names anything else; the name is given.
        BackboneUnusable: it is damaged or passes a limit: 1 000 000 steps, 1 000 levels, 16 Mi characters.

    >>> unpickle(memoryview(pickle.dumps({"a": [1, 2.5, None]})), "here", {}, Budget())[0]
    {'a': [1, 2.5, None]}
    """
    machine = _Machine(data, where, allowed, at, persistent)
    try:
        return machine.run(budget), machine.at
    except ShiftlensError:
        raise
    except Exception as error:  # noqa: BLE001  (a stranger's bytes: whatever they break is damage of theirs)
        raise machine.broken(f"{type(error).__name__}: {error}") from None


def unsafe(where: str, name: str) -> UnsafeWeights:
    """Give the error for a file that names what is not allowed."""
    return UnsafeWeights(
        f"{where} asks for {quoted(name)}, which weights do not need; the usual way of reading it would run code",
        hint="nothing was run; ask its maker for safetensors, or for a file with tensors alone",
    )


class _Machine:
    def __init__(self, data: memoryview, where: str, allowed: Mapping[str, Stand], at: int, persistent: Stand | None) -> None:
        self.data, self.where, self.allowed, self.at, self.persistent = data, where, allowed, at, persistent
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.text = 0

    def run(self, budget: Budget) -> Any:
        while budget.left:
            budget.left -= 1
            code = self.data[self.at]
            self.at += 1
            if code == pickle.STOP[0]:
                return self.stack.pop()
            step = _STEPS.get(code)
            if step is None:
                raise self.broken(f"step {bytes([code])!r}, which weights do not need")
            step(self)
            if len(self.marks) > DEEPEST:
                raise self.broken("nested too deeply")
        raise self.broken(f"more than {MOST_STEPS} steps")

    def broken(self, why: str) -> BackboneUnusable:
        return BackboneUnusable(
            f"{self.where} cannot be read as weights: {why[:160]}", hint="fetch the file again and compare its sha256"
        )

    # what steps are made of

    def take(self, count: int) -> memoryview:
        if count > len(self.data) - self.at:
            raise self.broken("it ends in the middle of a value")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "little", signed=signed)

    def line(self, encoding: str = "utf-8") -> str:
        ahead = bytes(self.data[self.at : self.at + _LONGEST_LINE])
        end = ahead.find(b"\n")
        if end < 0:
            raise self.broken("a line without an end")
        self.at += end + 1
        return ahead[:end].decode(encoding)

    def words(self, size: int, encoding: str = "utf-8") -> None:
        self.text += size
        if self.text > MOST_TEXT:
            raise self.broken(f"more than {MOST_TEXT} characters of text")
        self.push(str(self.take(size), encoding, "surrogatepass" if encoding == "utf-8" else "strict"))

    def integer(self, size: int) -> None:
        if size > 64:
            raise self.broken(f"an integer of {size} bytes")
        self.push(self.number(size, signed=True))

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def put(self, place: int) -> None:
        self.memo[place] = self.stack[-1]

    def get(self, place: int) -> None:
        self.push(self.memo[place])

    def push(self, value: Any) -> None:
        self.stack.append(value)

    # steps

    def mark(self) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise self.broken("a tuple without its items")
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise self.broken("items for what is no list")
        target.extend(items)

    def update(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise self.broken("keys and values for what is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[plain(key)] = value

    def dictionary(self) -> None:
        items = self.since_mark()
        self.push({})
        self.update(items)

    def pair(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.update([key, value])

    def add(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, set):
            raise self.broken("members for what is no set")
        target.update(plain(item) for item in items)

    def name(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise self.broken("a name that is no text")
        full = f"{module}.{name}"
        if full not in self.allowed:
            raise unsafe(self.where, full)
        self.push(Name(full, self.allowed[full]))

    def stack_name(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.name(module, name)

    def instance(self) -> None:
        module, name = self.line(), self.line()
        self.name(module, name)
        raise self.broken(f"{module}.{name} in the oldest way of writing objects")

    def call(self) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        if not isinstance(called, Name) or not isinstance(arguments, tuple):
            raise self.broken("a call of what is no name")
        self.push(called.stand(*arguments))

    def call_with_keys(self) -> None:
        if self.stack.pop():
            raise self.broken("an object made with keywords")
        self.call()

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Record):
            target.state = state
        elif not isinstance(target, dict):  # what a dictionary carries beside its items is not needed
            raise self.broken(f"a state for {type(target).__name__}")

    def outside(self, what: Any) -> None:
        if self.persistent is None:
            raise self.broken("something that is kept outside of it")
        self.push(self.persistent(what))


def _text_number(machine: _Machine) -> int | bool:
    line = machine.line()
    return line == "01" if line in ("00", "01") else int(line.removesuffix("L"))


def _of_protocol(machine: _Machine) -> None:
    if machine.number(1) > _NEWEST:
        raise machine.broken("a pickle of a newer protocol")


_STEPS: Mapping[int, Callable[[_Machine], Any]] = {
    ord(code): step
    for code, step in {
        pickle.PROTO: _of_protocol,
        pickle.FRAME: lambda m: m.take(8),
        pickle.MARK: _Machine.mark,
        pickle.POP: lambda m: m.stack.pop() if m.stack else m.since_mark(),
        pickle.POP_MARK: lambda m: m.since_mark(),
        pickle.DUP: lambda m: m.push(m.stack[-1]),
        pickle.NONE: lambda m: m.push(None),
        pickle.NEWTRUE: lambda m: m.push(True),
        pickle.NEWFALSE: lambda m: m.push(False),
        pickle.INT: lambda m: m.push(_text_number(m)),
        pickle.LONG: lambda m: m.push(_text_number(m)),
        pickle.FLOAT: lambda m: m.push(float(m.line())),
        pickle.BININT: lambda m: m.integer(4),
        pickle.BININT1: lambda m: m.push(m.number(1)),
        pickle.BININT2: lambda m: m.push(m.number(2)),
        pickle.LONG1: lambda m: m.integer(m.number(1)),
        pickle.LONG4: lambda m: m.integer(m.number(4)),
        pickle.BINFLOAT: lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
        pickle.UNICODE: lambda m: m.push(m.line("raw-unicode-escape")),
        pickle.SHORT_BINUNICODE: lambda m: m.words(m.number(1)),
        pickle.BINUNICODE: lambda m: m.words(m.number(4)),
        pickle.BINUNICODE8: lambda m: m.words(m.number(8)),
        pickle.STRING: lambda m: m.push(m.line().strip("'\"")),
        pickle.SHORT_BINSTRING: lambda m: m.words(m.number(1), "latin-1"),
        pickle.BINSTRING: lambda m: m.words(m.number(4), "latin-1"),
        pickle.SHORT_BINBYTES: lambda m: m.push(m.take(m.number(1))),
        pickle.BINBYTES: lambda m: m.push(m.take(m.number(4))),
        pickle.BINBYTES8: lambda m: m.push(m.take(m.number(8))),
        pickle.BYTEARRAY8: lambda m: m.push(m.take(m.number(8))),
        pickle.EMPTY_LIST: lambda m: m.push([]),
        pickle.EMPTY_TUPLE: lambda m: m.push(()),
        pickle.EMPTY_DICT: lambda m: m.push({}),
        pickle.EMPTY_SET: lambda m: m.push(set()),
        pickle.TUPLE1: lambda m: m.tuple_of(1),
        pickle.TUPLE2: lambda m: m.tuple_of(2),
        pickle.TUPLE3: lambda m: m.tuple_of(3),
        pickle.TUPLE: lambda m: m.push(tuple(m.since_mark())),
        pickle.LIST: lambda m: m.push(m.since_mark()),
        pickle.DICT: _Machine.dictionary,
        pickle.FROZENSET: lambda m: m.push(frozenset(members(m.since_mark()))),
        pickle.APPEND: lambda m: m.extend([m.stack.pop()]),
        pickle.APPENDS: lambda m: m.extend(m.since_mark()),
        pickle.SETITEM: _Machine.pair,
        pickle.SETITEMS: lambda m: m.update(m.since_mark()),
        pickle.ADDITEMS: lambda m: m.add(m.since_mark()),
        pickle.PUT: lambda m: m.put(int(m.line())),
        pickle.BINPUT: lambda m: m.put(m.number(1)),
        pickle.LONG_BINPUT: lambda m: m.put(m.number(4)),
        pickle.MEMOIZE: lambda m: m.put(len(m.memo)),
        pickle.GET: lambda m: m.get(int(m.line())),
        pickle.BINGET: lambda m: m.get(m.number(1)),
        pickle.LONG_BINGET: lambda m: m.get(m.number(4)),
        pickle.GLOBAL: lambda m: m.name(m.line(), m.line()),
        pickle.STACK_GLOBAL: _Machine.stack_name,
        pickle.INST: _Machine.instance,
        pickle.REDUCE: _Machine.call,
        pickle.NEWOBJ: _Machine.call,
        pickle.NEWOBJ_EX: _Machine.call_with_keys,
        pickle.BUILD: _Machine.build,
        pickle.BINPERSID: lambda m: m.outside(m.stack.pop()),
        pickle.PERSID: lambda m: m.outside(m.line()),
    }.items()
}
