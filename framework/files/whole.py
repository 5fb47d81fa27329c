"""Writing so that a file is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ...specs.errors import OutputUnusable


@contextlib.contextmanager
def written_whole(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a file beside ``path`` for writing, and rename it into place when the block ends well.

    Where ``durable``, it is on the disk before it has its name, so that a power cut loses nothing.

    Raises:
        OutputUnusable: the place is read-only, full, or not a folder.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise OutputUnusable(
            f"{path}: cannot be written: {error.strerror or error}", hint="free space there, or choose another folder with -o"
        ) from error
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def write_text(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a whole text file; see :func:`written_whole`."""
    with written_whole(path) as file:
        file.write(text.encode(encoding))
