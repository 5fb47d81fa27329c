"""The engine: runs a plan step by step, keeps what is done, and resumes where a killed run was."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..registry.catalogue import Catalogue
from ..specs.errors import ComponentFailed, ShiftlensError
from .contract import checked
from .executor import Executor, LocalExecutor
from .files import write_text
from .host import Host
from .images import ImageSet
from .lifecycle import announce
from .manifest import Events, as_json, begun, now, numeric_profile
from .outcome import RunOutcome
from .plan import Plan, PlannedStep, digest_of
from .ports import CLASS_OF_ROLE, ports_of
from .progress import ProgressLine
from .roles import Context
from .store import Store
from .targets import target_class
from .values import Latents, Value
from .weights import Weights

SHARD = 256
"""Images a shard: what a killed run may lose of an encoder's work."""


@dataclass
class Engine:
    """Runs plans of one session.

    ``folder`` gets ``run.json`` and ``events.jsonl``; values go to ``store``.
    """

    host: Host
    catalogue: Catalogue
    store: Store
    folder: Path
    device: str = "cpu"
    seed: int = 0
    workers: int = 2
    network: bool = False
    executor: Executor = field(default_factory=LocalExecutor)
    progress: ProgressLine = field(default_factory=lambda: ProgressLine(quiet=True))

    def run(
        self, plan: Plan, inputs: Mapping[str, ImageSet], settings: Mapping[str, Any], *, language: str = "en"
    ) -> RunOutcome:
        """Run every step, in order, and give what came of it.

        Raises:
            ShiftlensError: ours from a component, or :class:`ComponentFailed` around anything else.
        """
        events = Events(self.folder / "events.jsonl")
        keys = {name: images.digest() for name, images in inputs.items()}
        manifest = begun(plan, inputs, keys, settings, host=self.host, seed=self.seed, device=self.device)
        self._save(manifest)
        announce(self.host, events, "shiftlens_run_started", manifest=manifest)
        events.write("run_started", pipeline=plan.spec.pipeline)
        values: dict[str, Any] = dict(inputs)
        with self.progress:
            for step in plan.steps:
                values[step.name], keys[step.name] = self._step(step, values, keys, manifest, events)
        manifest["finished"] = now()
        outcome = RunOutcome(
            pipeline=plan.spec.pipeline,
            inputs=inputs,
            values={step.name: values[step.name] for step in plan.steps},
            wiring={step.name: step.inputs for step in plan.steps},
            manifest=manifest,
            language=language,
        )
        announce(self.host, events, "shiftlens_run_finished", outcome=outcome)
        self._save(manifest)
        events.write("run_finished")
        return outcome

    def _save(self, manifest: Mapping[str, Any]) -> None:
        write_text(self.folder / "run.json", as_json(manifest))

    def _step(
        self, step: PlannedStep, values: Mapping[str, Any], keys: Mapping[str, str], manifest: dict[str, Any], events: Events
    ) -> tuple[Any, str]:
        self.progress.step(step.name)
        events.write("step_started", step=step.name, component=step.offer.card.id)
        began = time.perf_counter()
        weights = Weights.verified(step.backbones, self.catalogue, network=self.network)
        manifest["backbones"] |= weights.facts()
        given = {port: values[source] for port, source in step.inputs.items()}
        identity = step.identity(weights.digests)
        key = digest_of([identity, {p: keys[s] for p, s in step.inputs.items()}, self.seed, numeric_profile(self.device)])
        work = _Work(self, step, weights, identity, key, events)
        with faults_named(step, events):
            value = work.by_shards(given) if step.offer.role == "encoder" else work.whole(given)
        seconds = round(time.perf_counter() - began, 3)
        slots = {"backbones": {slot: one.name for slot, one in step.backbones.items()}} if step.backbones else {}
        manifest["steps"][step.name] = {"key": key, "seconds": seconds, "reused": not work.computed, **slots}
        events.write("step_finished", step=step.name, seconds=seconds, reused=not work.computed)
        announce(
            self.host, events, "shiftlens_step_finished",
            step=step.name, component=step.offer.card.id, seconds=seconds, reused=not work.computed,
        )  # fmt: skip
        return value, key


@dataclass
class _Work:
    """One step at work: opens the component only if something must be computed."""

    engine: Engine
    step: PlannedStep
    weights: Weights
    identity: Mapping[str, Any]
    key: str
    events: Events
    computed: bool = False
    _done: int = 0

    def whole(self, given: Mapping[str, Any]) -> Any:
        output = ports_of(self.step.offer.role).output
        storable = issubclass(output, Value)
        kept: Any = self.engine.store.load(self.key, output) if storable else None
        if kept is not None:
            return kept
        every = {port: given.get(port) for port in ports_of(self.step.offer.role).inputs}
        with self._component(self.engine.progress) as component:
            value = checked(self.step.offer, self._method(component)(**every), given)
        self.computed = True
        if storable:
            self.engine.store.save(self.key, value)
        return value

    def by_shards(self, given: Mapping[str, Any]) -> Latents:
        """Encode shard by shard; a shard that is in the store is not encoded again."""
        images: ImageSet = given["images"]
        shards = images.shards(SHARD) or [images]
        keys = [self._shard_key(shard) for shard in shards]
        kept = {i: latents for i, key in enumerate(keys) if (latents := self.engine.store.load(key, Latents))}
        missing = [i for i in range(len(shards)) if i not in kept]
        if missing:
            self.computed = True
            with self._component(lambda done, _: self.engine.progress(self._done + done, len(images))) as component:
                method = self._method(component)
                made = self.engine.executor.map(lambda i: (i, method(images=shards[i])), missing)
                for i, latents in made:
                    kept[i] = checked(self.step.offer, latents, {"images": shards[i]})
                    self.engine.store.save(keys[i], kept[i])
                    self._done += len(shards[i])
        return Latents.concatenate([kept[i] for i in range(len(shards))])

    def _shard_key(self, shard: ImageSet) -> str:
        # An encoder's row depends on its image alone, so neither the run's seed nor the rest of the set is part of the key.
        return digest_of([self.identity, shard.digest(), shard.name, numeric_profile(self.engine.device)])

    def _method(self, component: Any) -> Callable[..., Any]:
        return getattr(component, CLASS_OF_ROLE[self.step.offer.role].method)  # type: ignore[no-any-return]

    def _component(self, progress: Callable[[int, int], None]) -> Any:
        engine = self.engine
        context = Context(device=engine.device, seed=engine.seed, workers=engine.workers, progress=progress)
        return component_of(self.step, self.weights, engine.host, context)


def component_of(step: PlannedStep, weights: Weights, host: Host, context: Context) -> Any:
    """Make the component of a step, its weights loaded; what these fix is added to ``context``."""
    context = replace(context, space_key=step.space_key(weights.digests), backbone_digest=weights.digest)
    return target_class(step.offer)(step.config, backbone=weights.load(host, context), context=context)


@contextlib.contextmanager
def faults_named(step: PlannedStep, events: Events) -> Iterator[None]:
    """Say whose it is where a component raises, in the block, what is no error of ours.

    Raises:
        ComponentFailed: around it; the traceback goes to ``events``.
    """
    try:
        yield
    except ShiftlensError:
        raise
    except Exception as error:
        events.write("step_failed", step=step.name, traceback=traceback.format_exc())
        raise ComponentFailed(
            f"step {step.name!r}: {step.offer.whose} raised {type(error).__name__}: {error}",
            hint=f"the traceback is in {events.path}; if the plugin is not yours, report it to its authors",
        ) from error
