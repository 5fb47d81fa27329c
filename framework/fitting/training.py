"""A training that survives: it resumes after a kill, keeps to its budget, and says how it goes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...specs.errors import TrainingDiverged
from . import identity as identities
from . import preview as previews
from .checkpoints import NEWEST, Checkpoints
from .config import FitConfig
from .notes import Notes
from .signals import held_back

if TYPE_CHECKING:
    from torch import Tensor

State = Callable[[], dict[str, Any]]
Word = TypeVar("Word", bool, float)


def _silent(done: int, total: int) -> None: ...


class Training:
    """One training in one folder, over as many sessions as it takes.

    Its use::

        training = Training(folder, config, identity={"images": images.digest(), **config.identity()})
        if (kept := training.restore()) is not None:
            model.load_state_dict(kept["model"])
        for step in training.steps(lambda: {"model": model.state_dict()}):
            loss = ...
            training.note(config.batch, loss=loss.detach())
            if training.preview_due:
                training.preview(pictures)

    The folder gets ``training.json`` (the identity), ``checkpoint.pt`` with the one before, ``metrics.jsonl``,
    ``preview.png`` and ``previews/``. States of random generators are the fitter's to put into what it saves.

    Args:
        folder: where this training is kept.
        config: budget and pace.
        identity: JSON data that says what is trained on what: fitter, version, config without budget, digests of the images.
        progress: is told ``(done, total)``, in steps or in seconds, whichever ends first.
        main: whether this process writes; with several of them, only one does, and it must be the first.

    Raises:
        UsageError: the folder is another training's; what differs is named.
        OutputUnusable: the folder cannot be written.
    """

    step: int
    """The step at work, or the last one done; the first is 1."""

    def __init__(
        self, folder: Path, config: FitConfig, *, identity: Mapping[str, Any],
        progress: Callable[[int, int], None] = _silent, main: bool = True,
    ) -> None:  # fmt: skip
        self.folder, self.config, self.progress, self.main = folder, config, progress, main
        identities.hold(folder / "training.json", identity, write=main)
        self.step = 0
        self._checkpoints = Checkpoints(folder)
        self._notes = Notes(folder / "metrics.jsonl", config.note_steps, write=main)
        self._kept_step: int | None = None
        self._minutes_before = 0.0
        self._began: float | None = None
        self._saved_at = 0.0
        self._shown_at: float | None = None

    @property
    def minutes(self) -> float:
        """Minutes of work so far, over all sessions, as far as they are kept."""
        session = 0.0 if self._began is None else time.monotonic() - self._began
        return self._minutes_before + session / 60

    def spent(self, steps: int | None = None) -> float:
        """Give the share of the budget that is spent, 0..1, by steps or by minutes, whichever is further.

        Where several processes train together, all are given what the first one's clock says, so that what follows from it is
        done by all of them or by none; all must ask as often.

        Args:
            steps: how many count as done; with the one at work if not given.
        """
        most, minutes = self.config.steps, self.config.minutes
        by_steps = (self.step if steps is None else steps) / most if most else 0.0
        by_minutes = _agreed(self.minutes) / minutes if minutes else 0.0
        return min(1.0, max(by_steps, by_minutes))

    def restore(self) -> dict[str, Any] | None:
        """Give the last good checkpoint's state, tensors on the CPU, or nothing where this training begins.

        A damaged checkpoint is named in a warning, and the one before is given.

        Raises:
            BackboneUnusable: there are checkpoints and none can be read.
        """
        content = self._checkpoints.load()
        self.step, self._minutes_before = (content["step"], content["minutes"]) if content else (0, 0.0)
        self._kept_step = self.step if content else None
        self._notes.cut(self.step)
        return content["state"] if content else None

    def steps(self, state: State) -> Iterator[int]:
        """Give step numbers, from where the restored checkpoint stopped, until the budget is spent; one step at least.

        ``state()`` is saved after a step: every ``save_minutes``, at the end, and when the process is told to stop
        (SIGINT, SIGTERM), which waits for the end of the step and then raises :class:`KeyboardInterrupt`.

        Raises:
            TrainingDiverged: what would be saved holds NaN or infinity; the last good checkpoint is left alone.
        """
        self._began = self._saved_at = time.monotonic()
        self._notes.begin()
        try:
            with held_back() as interrupted:
                while not self._is_spent():
                    self.step += 1
                    yield self.step
                    self.progress(*self._progress())
                    stop = interrupted()
                    if stop or time.monotonic() - self._saved_at >= 60 * self.config.save_minutes:
                        self._save(state)
                    if stop:
                        raise KeyboardInterrupt
                if self.step != self._kept_step:
                    self._save(state)
        finally:
            self._minutes_before, self._began = self.minutes, None

    def note(self, images: int, **numbers: float | Tensor) -> None:
        """Note what this step did with ``images`` images.

        Numbers (floats, or tensors of one number) are averaged over ``note_steps`` and appended to ``metrics.jsonl`` with
        step, minutes and images per second.

        Raises:
            TrainingDiverged: one is NaN or infinite; it, its step and the last good checkpoint are named.
        """
        try:
            self._notes.add(self.step, self.minutes, images, numbers)
        except TrainingDiverged as error:
            self._diverged(error)

    @property
    def preview_due(self) -> bool:
        """Whether a preview should be made: the first at once, then every ``preview_minutes``; only in the main process."""
        if not self.main:
            return False
        if self._shown_at is None:
            return True
        return time.monotonic() - self._shown_at >= 60 * self.config.preview_minutes

    def preview(self, pictures: NDArray[np.uint8]) -> None:
        """Write ``preview.png`` of ``(rows, columns, height, width, 3)``; earlier ones stay at every doubling of the step."""
        if not self.main:
            return
        self._shown_at = time.monotonic()
        previews.save(self.folder, self.step, pictures)

    def _is_spent(self) -> bool:
        steps, minutes = self.config.steps, self.config.minutes
        if steps is not None and self.step >= steps:
            return True
        if minutes is None or self.step == 0:
            return False
        if _together() and self.step % self.config.note_steps:
            return False  # asked seldom: every question is a message to all
        return _agreed(self.minutes >= minutes)

    def _progress(self) -> tuple[int, int]:
        ways = [(self.step, self.config.steps)] if self.config.steps else []
        ways += [(round(60 * self.minutes), round(60 * self.config.minutes))] if self.config.minutes else []
        return max(ways, key=lambda way: way[0] / max(way[1], 1))

    def _save(self, state: State) -> None:
        try:
            self._notes.flush(self.step, self.minutes)
            if self.main:
                self._checkpoints.save({"step": self.step, "minutes": self.minutes, "state": state()})
        except TrainingDiverged as error:
            self._diverged(error)
        self._kept_step, self._saved_at = self.step, time.monotonic()

    def _diverged(self, error: TrainingDiverged) -> NoReturn:
        place = self.folder / NEWEST
        kept = "none was saved yet" if self._kept_step is None else f"the last good one is of step {self._kept_step}, {place}"
        raise TrainingDiverged(
            f"training in {self.folder}, step {self.step}: {error.message}; of its checkpoints {kept}",
            hint="begin in another folder with a lower learning rate or precision: no, or go on from the last good one",
        ) from None


def _together() -> bool:
    """Say whether several processes train together."""
    distributed = sys.modules.get("torch.distributed")
    return distributed is not None and distributed.is_available() and distributed.is_initialized()


def _agreed(word: Word) -> Word:
    """Give what the first process says where several train together: clocks differ, and all must do the same."""
    if not _together():
        return word
    words = [word]
    sys.modules["torch.distributed"].broadcast_object_list(words, src=0)
    return words[0]
