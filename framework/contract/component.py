"""Components: what a card's target names, and what a run lends it."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self

from pydantic import BaseModel


def _silent(done: int, total: int) -> None: ...


@dataclass(frozen=True)
class Context:
    """What a run lends a component.

    ``space_key`` and ``backbone_digest`` (of several backbones, that of the first) are what the run fixed for its
    :class:`shiftlens.plugin.Space`; ``workers`` is how many threads it may use; ``progress(done, total)`` shows how far it is.
    ``folder`` is where a fitter works and leaves its backbone; other roles have none. ``scratch`` is where the folders of
    :attr:`Component.scratch` are made, where the system keeps temporary files by default.
    """

    device: str = "cpu"
    seed: int = 0
    workers: int = 2
    space_key: str = "unplanned"
    backbone_digest: str | None = None
    progress: Callable[[int, int], None] = _silent
    folder: Path | None = None
    scratch: Path | None = None


class Component(ABC):
    """The base of everything a card's target names.

    Constructors are free: they load nothing. Weights are loaded by :meth:`open` and freed by
    :meth:`close`; use a component as a context manager.

    Args:
        config: the filled model that the card names, or an empty one.
        backbone: what the family made of the weights, where the card says that it needs one; where it needs several, a mapping
            from slot to model.
        context: what the run lends.
    """

    method: ClassVar[str]

    def __init__(self, config: BaseModel | None = None, *, backbone: Any = None, context: Context | None = None) -> None:
        self.config = config
        self.backbone = backbone
        self.context = context or Context()
        self._scratch: TemporaryDirectory[str] | None = None

    def open(self) -> Self:
        """Make ready what the method needs."""
        return self

    def close(self) -> None:  # noqa: B027  (many components hold nothing to free)
        """Free what :meth:`open` took."""

    @property
    def looks_at(self) -> int | None:
        """Side in pixels of the squares that it asks its images for (:meth:`ImageSet.squares`), if it does.

        It is asked once it is open. The squares are then made as other components decode the same pictures.
        """
        return None

    @property
    def scratch(self) -> Path:
        """A folder of its own for what does not fit in memory; made when first asked for, gone when it is closed."""
        if self._scratch is None:
            self._scratch = TemporaryDirectory(prefix="shiftlens-", dir=self.context.scratch)
        return Path(self._scratch.name)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        try:
            self.close()
        finally:
            if self._scratch is not None:
                self._scratch.cleanup()
                self._scratch = None
