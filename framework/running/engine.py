"""The engine: runs a plan pass by pass, keeps what is done, and resumes where a killed run was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files.events import as_json, now
from ..files.whole import write_text
from ..values.images import ImageSet
from .doing import do, works_of
from .manifest import begun
from .outcome import RunOutcome
from .passes import passes
from .pieces import StepWork
from .plan import Plan
from .reopening import forget_outcome, keep_outcome
from .store import Store
from .workshop import Workshop


class Engine:
    """Runs plans in one workshop.

    ``folder`` gets ``run.json`` and ``events.jsonl``; values go to ``store``.
    """

    def __init__(self, workshop: Workshop, store: Store, folder: Path) -> None:
        self.workshop, self.store, self.folder = workshop, store, folder
        self._total = 0

    def run(self, plan: Plan, inputs: Mapping[str, ImageSet]) -> RunOutcome:
        """Run every step, and give what came of it.

        Raises:
            ShiftlensError: ours from a component, or :class:`ComponentFailed` around anything else.
        """
        shop = self.workshop
        telling = shop.telling(self.folder)
        keys = {name: images.digest() for name, images in inputs.items()}
        manifest = begun(plan, inputs, keys, shop.settings, host=shop.session.host, seed=shop.seed, device=shop.device)
        forget_outcome(self.folder)  # what is read again is of one run: this one, once it is done
        self._save(manifest)
        telling.run_started(plan.spec.pipeline, manifest)
        values: dict[str, Any] = dict(inputs)
        done: dict[str, StepWork] = {}
        with shop.progress, shop.executor(self._progress) as executor:
            for group in passes(plan):
                shop.progress.step(", ".join(step.name for step in group))
                with telling.failures({step.name: step.offer.card.id for step in group}):
                    works = works_of(shop, self.store, group, values, keys)
                do(works, executor, telling, self._expect)
                for work in works:
                    done[work.step.name] = work
                    with telling.failures({work.step.name: work.step.offer.card.id}):
                        values[work.step.name], keys[work.step.name] = work.whole(), work.key
        for step in plan.steps:  # in the order of the plan, in whatever order they ran
            manifest["backbones"] |= done[step.name].weights.facts()
            manifest["steps"][step.name] = done[step.name].facts()
        manifest["finished"] = now()
        outcome = RunOutcome(
            pipeline=plan.spec.pipeline,
            inputs=inputs,
            values={step.name: values[step.name] for step in plan.steps},
            wiring={step.name: step.inputs for step in plan.steps},
            manifest=manifest,
            language=shop.session.settings.language or "en",
            roles={step.name: step.offer.role for step in plan.steps},
        )
        pieces = {name: [piece.key for piece in work.pieces] for name, work in done.items()}
        keep_outcome(outcome, pieces, self.store, self.folder)
        self._save(manifest)
        telling.run_finished(outcome)
        return outcome

    def _expect(self, total: int) -> None:
        self._total = total

    def _progress(self, done: int, total: int) -> None:
        self.workshop.progress(done, self._total or total)

    def _save(self, manifest: Mapping[str, Any]) -> None:
        write_text(self.folder / "run.json", as_json(manifest))
