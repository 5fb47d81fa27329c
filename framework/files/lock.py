"""A folder that only one process works in at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ...specs.errors import OutputUnusable, UsageError


@contextlib.contextmanager
def locked(folder: Path, *, lock: str, doing: str) -> Iterator[None]:
    """Keep other processes out of ``folder``; the system lets go when this one ends, however it ends.

    Args:
        folder: made where it is not there.
        lock: the name of the file in it by which that is done; it stays.
        doing: what the other process does there, as messages say it.

    Raises:
        UsageError: another one works there.
        OutputUnusable: the folder cannot be written, or nobody can be kept out of it.
    """
    from filelock import FileLock, Timeout

    held = FileLock(folder / lock)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held.acquire(timeout=0)
    except Timeout:
        raise UsageError(f"{folder}: another process is {doing} there", hint="wait for it, or end it") from None
    except (OSError, NotImplementedError) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or error
        raise OutputUnusable(f"{folder} cannot be written: {said}", hint="choose another folder with -o") from None
    try:
        yield
    finally:
        held.release()
