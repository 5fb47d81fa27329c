"""Whose fault it is when a component raises."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator

from pydantic import ValidationError

from ...specs.errors import ComponentFailed, PromiseBroken, ShiftlensError
from ..host.host import Offer
from ..values.value import Value


@contextlib.contextmanager
def faults_named(offer: Offer, at: str) -> Iterator[None]:
    """Say whose it is where a component raises, in the block, what is no error of ours, or gives what breaks its promise.

    Args:
        offer: whose it is.
        at: the place, as messages begin: ``step 'a'``.

    Raises:
        ComponentFailed: around it; ``trace`` has the traceback.
        PromiseBroken: with its author named.
    """
    try:
        yield
    except PromiseBroken as error:
        raise PromiseBroken(f"{at}: {offer.whose}: {error.message}", hint=error.hint) from error
    except ShiftlensError:
        raise
    except ValidationError as error:
        if error.title not in _value_names():
            raise _failed(offer, at, error) from error
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, (error.title, *first["loc"])))
        raise PromiseBroken(f"{at}: {offer.whose}: {place}: {first['msg']}") from error
    except (Exception, SystemExit) as error:  # a component may not end the process that it is a guest of
        raise _failed(offer, at, error) from error


def _failed(offer: Offer, at: str, error: BaseException) -> ComponentFailed:
    full = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    hint = "less at a time takes less memory: where it has the option, --with batch=N" if full else ""
    failed = ComponentFailed(f"{at}: {offer.whose} raised {type(error).__name__}: {_said(error)}", hint=hint)
    failed.trace = traceback.format_exc()
    return failed


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  (an error of the component that cannot even say what it is)
        return "it cannot be said"


def _value_names() -> set[str]:
    found, waiting = set(), [Value]
    while waiting:
        kind = waiting.pop()
        found.add(kind.__name__)
        waiting += kind.__subclasses__()
    return found
