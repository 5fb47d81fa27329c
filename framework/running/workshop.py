"""What every verb works in: sources opened, weights held against their digests, contexts made, tasks done; in one place."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from ...specs.errors import SpecError, UsageError
from ...specs.yaml import problems_of
from ..contract.around import Executor
from ..contract.component import Context
from ..files.events import EVENTS, Events
from ..host.targets import config_model, target_class
from ..values.images import ImageSet
from .executor import LOCAL, LocalExecutor
from .faults import faults_named
from .plan import PlannedStep
from .progress import ProgressLine
from .session import Session
from .sources import open_source
from .telling import Telling
from .weights import Weights

Source = str | Path | ImageSet


@dataclass(frozen=True)
class Workshop:
    """The session with what its settings come to: device, seed, threads, progress, executor."""

    session: Session
    workers: int
    progress: ProgressLine

    @classmethod
    def of(cls, session: Session, *, workers: int | None = None, quiet: bool = True) -> Workshop:
        """Set one up; ``quiet`` shows no progress, nor does what is no terminal."""
        return cls(session, workers or os.cpu_count() or 1, ProgressLine(quiet=quiet or not sys.stderr.isatty()))

    @property
    def device(self) -> str:
        """Where models run."""
        return self.session.settings.device or "cpu"

    @property
    def seed(self) -> int:
        """The seed of all random choices."""
        return self.session.settings.seed or 0

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as a manifest keeps them."""
        return self.session.settings.model_dump(mode="json", exclude_none=True)

    def weights(self, step: PlannedStep) -> Weights:
        """Find the weights of a step, and hold them against their digests.

        Raises:
            BackboneUnusable: a file is not there.
            DigestDiffers: a file is not the pinned one.
        """
        network = bool(self.session.settings.network)
        return Weights.verified(step.backbones, self.session.catalogue, self.session.host, network=network)

    def context(self, step: PlannedStep, weights: Weights, **more: Any) -> Context:
        """Give what a step's component is lent. A code depends on its image alone, so an encoder is told no seed."""
        seed = 0 if step.offer.role == "encoder" else self.seed
        return Context(
            device=self.device, seed=seed, workers=self.workers, space_key=step.space_key(weights.digests),
            backbone_digest=weights.digest, **more,
        )  # fmt: skip

    def opened(self, sources: Mapping[str, Source], names: Iterable[str]) -> dict[str, ImageSet]:
        """List the images of each source, by the names of inputs.

        Raises:
            UsageError: an input has no source, or a source does not hold.
            InputUnusable: a source cannot be used.
        """
        reading = Context(workers=self.workers, progress=self.progress)
        found = {}
        with self.progress:
            for name in names:
                if name not in sources:
                    raise UsageError(f"no source for the input {name!r}", hint=f"-i {name}=FOLDER")
                self.progress.step(f"listing {name}")
                source = sources[name]
                if not isinstance(source, ImageSet):
                    source = open_source(str(source), name, self.session.host, reading)
                found[name] = source
        return found

    @contextmanager
    def executor(self, progress: Callable[[int, int], None]) -> Iterator[Executor]:
        """Open the executor that the settings choose, this process by default.

        Raises:
            UnknownName: no plugin offers it.
        """
        context = Context(device=self.device, workers=self.workers, progress=progress)
        chosen = self.session.settings.executor
        if chosen in (None, LOCAL):
            made: Executor = LocalExecutor(context=context)
        else:
            offer = self.session.host.find(str(chosen), "executor")
            options, model = self.session.options(offer), config_model(offer)
            try:
                config = model.model_validate(options.values)
            except ValidationError as error:
                problems = [options.said(problem) for problem in problems_of(error, model)]
                raise SpecError(f"settings components.{offer.card.id}", problems) from None
            with faults_named(offer, "executor"):
                made = cast("Executor", target_class(offer)(config, context=context))
                made.open()
        try:
            yield made
        finally:
            made.__exit__()

    def telling(self, folder: Path | None, *, durable: bool = False) -> Telling:
        """Give what tells listeners, and ``events.jsonl`` in ``folder`` where there is one, of what happens."""
        events = Events(folder / EVENTS, durable=durable) if folder is not None else None
        return Telling(self.session.host, events)

    def without_progress(self) -> Workshop:
        """Give the same, silent."""
        return replace(self, progress=ProgressLine(quiet=True))
