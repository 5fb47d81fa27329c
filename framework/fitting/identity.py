"""What a folder of work is about, so that nobody goes on with another's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...specs.errors import UsageError, quoted
from ..files.whole import write_text

MOST_SHOWN = 5
_NOTHING = "nothing"


def hold(path: Path, identity: Mapping[str, Any], *, write: bool = True) -> None:
    """Keep ``identity`` (JSON data) in ``path``, or hold it against the one that is there.

    Raises:
        UsageError: the folder is another work's; what differs is named.
    """
    wanted = json.loads(json.dumps(identity, sort_keys=True))
    if not path.exists():
        if write:
            write_text(path, json.dumps(wanted, indent=2, ensure_ascii=False) + "\n")
        return
    differences = list(_differences(read(path), wanted))
    if differences:
        more = f", and {len(differences) - MOST_SHOWN} more" if len(differences) > MOST_SHOWN else ""
        raise UsageError(
            f"{path.parent} holds another training: {', '.join(differences[:MOST_SHOWN])}{more}",
            hint="choose another folder or name, or say again what that training was given",
        )


def read(path: Path) -> dict[str, Any]:
    """Read what :func:`hold` kept.

    Raises:
        UsageError: it is not ours or was changed by hand.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="choose another folder") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path} is none of ours", hint="choose another folder")
    return found


def _differences(there: Any, here: Any, at: str = "") -> Iterator[str]:
    if isinstance(there, dict) and isinstance(here, dict):
        for key in sorted({*there, *here}):
            yield from _differences(there.get(key, _NOTHING), here.get(key, _NOTHING), f"{at}.{key}".removeprefix("."))
    elif there != here:
        yield f"{at or 'it'} was {quoted(there)}, now {quoted(here)}"
