"""The engine: runs a plan pass by pass, keeps what is done, and resumes where a killed run was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract.around import Executor
from ..files.events import Events, as_json, now
from ..files.whole import write_text
from ..values.images import ImageSet
from .doing import do, works_of
from .manifest import begun
from .outcome import RunOutcome
from .passes import passes
from .pieces import StepWork
from .plan import Plan, PlannedStep
from .reopening import keep_outcome
from .store import Store
from .telling import Telling
from .weights import Weights
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
        telling = Telling(shop.session.host, Events(self.folder / "events.jsonl"))
        keys = {name: images.digest() for name, images in inputs.items()}
        manifest = begun(plan, inputs, keys, shop.settings, host=shop.session.host, seed=shop.seed, device=shop.device)
        self._save(manifest)
        telling.run_started(plan.spec.pipeline, manifest)
        values: dict[str, Any] = dict(inputs)
        pieces: dict[str, list[str]] = {}
        weights: dict[str, Weights] = {}
        with shop.progress, shop.executor(self._progress) as executor:
            for group in passes(plan):
                for work in self._pass(group, values, keys, manifest, weights, telling, executor):
                    values[work.step.name], keys[work.step.name] = work.whole(), work.key
                    pieces[work.step.name] = [piece.key for piece in work.pieces]
        for step in plan.steps:  # in the order of the plan, in whatever order they ran
            manifest["backbones"] |= weights[step.name].facts()
            manifest["steps"][step.name] = manifest["steps"].pop(step.name)
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
        keep_outcome(outcome, pieces, self.store, self.folder)
        self._save(manifest)
        telling.run_finished(outcome)
        return outcome

    def _pass(
        self, group: Sequence[PlannedStep], values: Mapping[str, Any], keys: Mapping[str, str], manifest: dict[str, Any],
        weights: dict[str, Weights], telling: Telling, executor: Executor,
    ) -> list[StepWork]:  # fmt: skip
        components = {step.name: step.offer.card.id for step in group}
        self.workshop.progress.step(", ".join(components))
        for step in group:
            telling.step_started(step.name, step.offer.card.id)
        with telling.failures(components):
            works = works_of(self.workshop, self.store, group, values, keys)
            for work in works:
                weights[work.step.name] = work.weights
            do(works, executor, self._expect)
        for work in works:
            step, seconds = work.step, round(work.seconds, 3)
            slots = {"backbones": {slot: one.name for slot, one in step.backbones.items()}} if step.backbones else {}
            manifest["steps"][step.name] = {"key": work.key, "seconds": seconds, "reused": not work.computed, **slots}
            telling.step_finished(step.name, step.offer.card.id, seconds, reused=not work.computed)
        return works

    def _expect(self, total: int) -> None:
        self._total = total

    def _progress(self, done: int, total: int) -> None:
        self.workshop.progress(done, self._total or total)

    def _save(self, manifest: Mapping[str, Any]) -> None:
        write_text(self.folder / "run.json", as_json(manifest))
