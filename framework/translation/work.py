"""The work of ``translate``: one folder of results, image by image, that a killed run can go on with."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import Any

from ...specs.errors import InputUnusable
from ..files.events import as_json, now
from ..files.whole import write_text, written_whole
from ..running.executor import LocalExecutor
from ..running.faults import faults_named
from ..running.keys import key_of
from ..running.manifest import begun
from ..running.outputs import whole_picture
from ..running.plan import Plan, PlannedStep
from ..running.tasks import Job, Task
from ..running.telling import Telling
from ..running.weights import Weights
from ..running.workshop import Workshop
from ..values.ahead import in_order
from ..values.images import AHEAD, ImageRef, ImageSet
from ..values.pictures import Unreadable
from .ledger import OWN, PIPELINE, RUN, TABLE, WRITTEN, FileRecord, clear, written_before
from .naming import file_names
from .png import png
from .table import NOTHING, Row, TranslationReport, facts_of, table

A_LANE = 8
"""Images a thread that are translated before they are written: what a killed run may lose, and what lies on disk twice."""
FACTS = tuple(field.name for field in fields(Row) if field.name.startswith(("repair", "held_back")))
"""What is said of an image that was written."""


@dataclass(frozen=True)
class Translation:
    """One folder of results in the making; ``rows`` are what is known of images so far, by id."""

    shop: Workshop
    plan: Plan
    weights: Weights
    images: ImageSet
    folder: Path
    rows: dict[str, Row] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def done(self) -> TranslationReport:
        """Write every image that is not there yet, then the table, and last the record of the run."""
        began = time.perf_counter()
        before = written_before(self.folder)
        kept = self._kept(before)
        clear(self.folder, before, {one.file for one in kept.values()})
        manifest = self._begun()
        telling = self.shop.telling(self.folder, durable=True)
        telling.run_started(PIPELINE, manifest)
        telling.step_started(self.step.name, self.step.offer.card.id)
        for id_, one in kept.items():
            self.rows[id_] = self._row(id_, one.facts)
        waiting = self.images.select(tuple(ref for ref in self.images.refs if ref.id not in kept))
        with telling.failures({self.step.name: self.step.offer.card.id}):
            self._translate(waiting, telling)
        for id_, of in self.twins.items():
            self._copy(id_, of, telling)
        rows = [self.rows[id_] for id_ in self.names]
        rows += [Row(one.id, set_aside=one.reason) for one in self.images.set_aside if one.id not in self.names]
        made = TranslationReport.of(self.folder, rows)
        with written_whole(self.folder / TABLE) as file:
            file.write(table(rows))
        seconds = round(time.perf_counter() - began, 3)
        manifest["steps"][self.step.name] = {"seconds": seconds, "reused": len(kept)}
        write_text(self.folder / RUN, as_json({**manifest, "finished": now(), "translated": made.facts()}))
        telling.step_finished(self.step.name, self.step.offer.card.id, seconds, reused=not len(waiting))
        telling.record("run_finished", reused=len(kept))
        if not any(row.file for row in rows):
            why = f"none of {len(rows)} can be read; the first: {rows[0].id}: {rows[0].set_aside}" if rows else "there are none"
            raise InputUnusable(f"images: {why}", hint=f"every reason is in {self.folder / TABLE}")
        return made

    @property
    def step(self) -> PlannedStep:
        """The only step."""
        return self.plan.steps[0]

    @cached_property
    def refs(self) -> Mapping[str, ImageRef]:
        """Images by id."""
        return {ref.id: ref for ref in self.images.refs}

    @cached_property
    def twins(self) -> Mapping[str, str]:
        """Files that were set aside as duplicates, and the id of the image that each is equal to."""
        aside = [one for one in self.images.set_aside if one.id not in self.refs]
        return {one.id: one.same_as for one in aside if one.same_as is not None and one.same_as in self.refs}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The file of each image."""
        return file_names([*self.refs, *self.twins], taken=OWN)

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """What makes each file: equal keys, equal content."""
        step = self.step.identity(self.weights.digests)
        keys = {
            id_: key_of(step, {"images": ref.digest}, seed=self.shop.seed, device=self.shop.device)
            for id_, ref in self.refs.items()
        }
        return keys | {id_: keys[of] for id_, of in self.twins.items()}

    def _kept(self, before: Mapping[str, FileRecord]) -> dict[str, FileRecord]:
        """Give what earlier runs made and is whole, by id."""
        there = {id_: before[name] for id_, name in self.names.items() if name in before}
        same = {id_: one for id_, one in there.items() if one.key == self.keys[id_]}
        self.shop.progress.step("looking at what is there")
        with ThreadPoolExecutor(self.shop.workers) as pool:
            whole = in_order(pool, lambda one: one.whole(self.folder), same.values(), most=AHEAD)
            kept = {}
            for number, (id_, is_whole) in enumerate(zip(same, whole, strict=True), start=1):
                self.shop.progress(number, len(same))
                if is_whole:
                    kept[id_] = same[id_]
        return kept

    def _begun(self) -> dict[str, Any]:
        digests, shop = {"images": self.images.digest()}, self.shop
        manifest = begun(
            self.plan, {"images": self.images}, digests, shop.settings, host=shop.session.host, seed=shop.seed,
            device=shop.device,
        )  # fmt: skip
        manifest["backbones"] = self.weights.facts()
        write_text(self.folder / RUN, as_json(manifest))
        return manifest

    def _translate(self, images: ImageSet, telling: Telling) -> None:
        self.shop.progress.step("translating")
        lanes = self.shop.workers
        with ThreadPoolExecutor(lanes) as pool, contextlib.closing(self._made(images)) as shards:
            for made in shards:
                for row in in_order(pool, partial(self._write, made, telling), made.refs, most=lanes + 1):
                    self.rows[row.id] = row

    def _made(self, images: ImageSet) -> Generator[ImageSet]:
        """Give what the translator makes of ``images``, shard by shard; nothing is loaded where there are none."""
        shop, before, total = self.shop, len(self.refs) - len(images), len(self.refs)
        context = shop.context(self.step, self.weights)
        tasks = (
            Task((Job(self.step, self.weights, context, {"images": shard}),)) for shard in images.shards(A_LANE * shop.workers)
        )
        own = replace(context, progress=lambda done, _: shop.progress(before + done, total))
        with LocalExecutor(context=own) as executor:
            for (done,) in executor.map(tasks):
                yield done.value

    def _write(self, made: ImageSet, telling: Telling, ref: ImageRef) -> Row:
        with faults_named(self.step.offer, f"step {self.step.name!r}"):
            try:
                picture = whole_picture(made.source.picture(ref))
            except Unreadable as reason:
                return Row(ref.id, group=ref.group, set_aside=str(reason))
        facts = facts_of(ref.treatment) if ref.treatment is not None else {"repair": NOTHING}
        return self._store(ref.id, png(picture), facts, telling)

    def _copy(self, id_: str, of: str, telling: Telling) -> None:
        """Give a duplicate what its twin has."""
        twin = self.rows[of]
        if not twin.file:
            self.rows[id_] = replace(twin, id=id_)
        elif id_ not in self.rows:
            facts = {name: getattr(twin, name) for name in FACTS}
            self.rows[id_] = self._store(id_, (self.folder / twin.file).read_bytes(), facts, telling)

    def _store(self, id_: str, data: bytes, facts: dict[str, str], telling: Telling) -> Row:
        """Write one image, and tell of it before it is in its place, so that nothing there is of unknown origin."""
        name = self.names[id_]
        with written_whole(self.folder / name) as file:
            file.write(data)
            one = FileRecord(file=name, key=self.keys[id_], sha256=hashlib.sha256(data).hexdigest(), facts=facts)
            with self._lock:
                telling.record(WRITTEN, **one.model_dump())
        return self._row(id_, facts)

    def _row(self, id_: str, facts: Mapping[str, str]) -> Row:
        ref = self.refs[self.twins.get(id_, id_)]
        return Row(id_, file=self.names[id_], group=ref.group, **{name: facts.get(name, "") for name in FACTS})
