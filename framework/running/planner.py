"""The planner: from a spec to a plan, or to the list of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from ...registry.catalogue import Catalogue
from ...registry.layers import COMMON, Layers
from ...registry.saved import placed
from ...specs.backbone import BackboneSpec
from ...specs.errors import ShiftlensError, SpecError, quoted
from ...specs.nearest import nearest
from ...specs.pipeline import ComponentId, Name, PipelineSpec, ReportLayout, StepSpec
from ...specs.report import SECTIONS
from ...specs.yaml import problems_of, read_yaml
from ..contract.hookspecs import PROJECT
from ..contract.ports import CLASS_OF_ROLE, ports_of
from ..host.host import Host, Offer
from ..host.signatures import required_ports
from ..host.targets import NoConfig, config_model
from ..values.images import ImageSet
from ..values.latents import Latents
from ..values.per_image import PerImage
from .executor import LOCAL
from .passes import IMAGES
from .plan import Plan, PlannedStep
from .slots import Slots


def pipeline_file(path: Path) -> dict[str, Any]:
    """Read a pipeline's file; paths of backbones in it are taken below its folder.

    Raises:
        SpecError: it cannot be read, or is not YAML.
    """
    data = read_yaml(path)
    steps = data.get("steps")
    for step in steps.values() if isinstance(steps, dict) else ():
        named = step.get("backbone") if isinstance(step, dict) else None
        if isinstance(named, str):
            step["backbone"] = placed(named, path.parent)
        elif isinstance(named, dict):
            step["backbone"] = {k: placed(v, path.parent) if isinstance(v, str) else v for k, v in named.items()}
    return data


def make_plan(data: Mapping[str, Any], host: Host, layers: Layers, catalogue: Catalogue, *, where: str = "pipeline") -> Plan:
    """Resolve a pipeline, given as the data of its file.

    Nothing heavy is imported and no weight is read.

    Raises:
        SpecError: with every problem of the spec, each with its path.
    """
    problems: list[str] = []
    try:
        spec = PipelineSpec.model_validate(data)
    except ValidationError as error:
        problems += problems_of(error, PipelineSpec)
        spec = _salvage(data)
    draft = _Draft(spec, host, layers, catalogue, problems)
    steps = draft.resolve()
    draft.check_links(steps)
    draft.check_settings(steps)
    draft.check_layout()
    ordered = draft.in_order(steps)
    if problems:
        raise SpecError(
            where,
            list(dict.fromkeys(problems)),
            hint="`shiftlens schema pipeline` gives the schema, `shiftlens plugins list` the ids",
        )
    return Plan(spec, ordered)


def _salvage(data: Mapping[str, Any]) -> PipelineSpec:
    """Keep what holds of a spec that does not, so that the rest of its problems can be found too."""
    inputs = data.get("inputs")
    steps = {}
    raw = data.get("steps")
    for name, step in raw.items() if isinstance(raw, Mapping) else ():
        try:
            steps[TypeAdapter(Name).validate_python(name)] = StepSpec.model_validate(step)
        except ValidationError:
            if isinstance(step, Mapping):
                steps[str(name)] = _salvaged_step(step)
    names = {str(n): "images" for n in inputs} if isinstance(inputs, Mapping) else {}
    return PipelineSpec.model_construct(pipeline="unnamed", inputs=names, steps=steps, report=ReportLayout())


def _salvaged_step(step: Mapping[str, Any]) -> StepSpec:
    links = step.get("inputs")
    links = {str(k): v for k, v in links.items() if isinstance(v, str)} if isinstance(links, Mapping) else {}
    try:
        use = TypeAdapter(ComponentId).validate_python(step.get("use"))
    except ValidationError:
        use = ""
    options = step.get("with")
    return StepSpec.model_construct(use=use, inputs=links, with_=options if isinstance(options, dict) else {}, backbone=None)


class _Draft:
    """One pass over a spec; every check adds its problems to one list and goes on."""

    def __init__(self, spec: PipelineSpec, host: Host, layers: Layers, catalogue: Catalogue, problems: list[str]) -> None:
        self.spec, self.host, self.layers, self.problems = spec, host, layers, problems
        self.settings = layers.resolve()
        self.slots = Slots(host, layers, self.settings, catalogue)

    def resolve(self) -> dict[str, PlannedStep]:
        steps = {}
        for name, step in self.spec.steps.items():
            if name in self.spec.inputs:
                self.problems.append(f"steps.{name}: an input has the same name")
            if step.use and (planned := self._step(name, step)):
                steps[name] = planned
        return steps

    def _step(self, name: str, step: StepSpec) -> PlannedStep | None:
        try:
            offer = self.host.find(step.use, *CLASS_OF_ROLE)
            self.layers.check_component(step.use)
        except ShiftlensError as error:
            self.problems.append(f"steps.{name}.use: {error.message}; {error.hint}")
            return None
        config = self._config(name, step, offer)
        backbones = self.slots.fill(offer.card, self.problems, at=f"steps.{name}", named=step.backbone)
        first = next(iter(backbones), None)
        chosen = step.backbone or (self.settings.backbones.get(first) if first else None)
        families = tuple(self._family(spec) for spec in backbones.values())
        return PlannedStep(name, offer, config, dict(step.inputs), backbones, chosen, tuple(filter(None, families)))

    def _family(self, spec: BackboneSpec) -> str:
        """Name the code that runs a backbone; the first version of our own goes without saying."""
        offer = self.host.find(spec.family, "backbone-family")
        own = offer.distribution == PROJECT and offer.card.version == 1
        return "" if own else f"{offer.card.id}@{offer.card.version} of {offer.distribution}"

    def _config(self, name: str, step: StepSpec, offer: Offer) -> BaseModel:
        model: type[BaseModel] = NoConfig
        try:
            model = config_model(offer)
            options = self.layers.options(offer.card.id, model.model_fields, step.with_)
            return model.model_validate(options.values)
        except ValidationError as error:
            self.problems += [f"steps.{name}.with.{options.said(problem)}" for problem in problems_of(error, model)]
        except ShiftlensError as error:
            self.problems.append(f"steps.{name}.use: {error.message}")
        return NoConfig()

    def check_links(self, steps: dict[str, PlannedStep]) -> None:
        for name, step in self.spec.steps.items():
            for port, source in step.inputs.items():
                if source not in self.spec.inputs and source not in self.spec.steps:
                    known = [*self.spec.inputs, *self.spec.steps]
                    self.problems.append(
                        f"steps.{name}.inputs.{port}: nothing is called {quoted(source)}; {nearest(source, known)}"
                    )
            if name in steps:
                self._check_ports(steps[name], steps)

    def _check_ports(self, step: PlannedStep, steps: dict[str, PlannedStep]) -> None:
        ports = ports_of(step.offer.role).inputs
        takes = required_ports(step.offer)
        for port in step.inputs:
            if port in ports and takes is not None and port not in takes:
                self.problems.append(f"steps.{step.name}.inputs.{port}: {step.offer.card.id} makes no use of it; leave it out")
            if port not in ports:
                self.problems.append(
                    f"steps.{step.name}.inputs.{port}: {step.offer.card.id} has no such input; {nearest(port, ports)}"
                )
        for port, wanted in ports.items():
            source = step.inputs.get(port)
            if source is None:
                if not wanted.optional if takes is None else port in takes and (takes[port] or not wanted.optional):
                    self.problems.append(f"steps.{step.name}.inputs: {port!r} ({wanted.type.__name__}) is missing")
                continue
            given = (
                ImageSet
                if source in self.spec.inputs
                else ports_of(steps[source].offer.role).output
                if source in steps
                else None
            )
            if given and given is not wanted.type:
                self.problems.append(
                    f"steps.{step.name}.inputs.{port}: {source!r} gives {given.__name__}, {wanted.type.__name__} is needed"
                )
            if source in steps and issubclass(wanted.type, PerImage):
                self._check_images(step, port, steps)
        self._check_spaces(step, steps)

    def _check_images(self, step: PlannedStep, port: str, steps: dict[str, PlannedStep]) -> None:
        """What has one entry an image must be of the images that it comes with, or of those that they were made of."""
        source = steps[step.inputs[port]]
        own, other = (self._origin(one.inputs.get(IMAGES), steps) for one in (step, source))
        if own is not None and other is not None and own != other:
            self.problems.append(
                f"steps.{step.name}.inputs.{port}: {source.name!r} is about the images {other!r}, not about {own!r}"
            )

    def _origin(self, name: str | None, steps: dict[str, PlannedStep]) -> str | None:
        """Give the input that images come from."""
        seen: set[str] = set()
        while name in steps and name not in seen:
            seen.add(name)
            name = steps[name].inputs.get(IMAGES)
        return name

    def _check_spaces(self, step: PlannedStep, steps: dict[str, PlannedStep]) -> None:
        """Latents that meet in one step must come from one space."""
        sources = [
            (port, steps[source])
            for port, source in step.inputs.items()
            if source in steps and ports_of(steps[source].offer.role).output is Latents
        ]
        for port, source in sources[1:]:
            first_port, first = sources[0]
            if source.space_key() != first.space_key():
                spaces = f"{_space(first)} and {_space(source)}"
                self.problems.append(f"steps.{step.name}.inputs: {first_port!r} and {port!r} come from two spaces, {spaces}")

    def check_settings(self, steps: Mapping[str, PlannedStep]) -> None:
        """Name options that nothing takes, whether or not a step has the component."""
        known = {offer.card.id for offer in self.host.offers}
        for name, options in self.settings.components.items():
            if name not in known:
                self.problems.append(f"settings components.{name}: no such component is enabled; {nearest(name, known)}")
            elif all(step.offer.card.id != name for step in steps.values()):
                self.problems += self._strange(name, options)
        if self.settings.executor not in (None, LOCAL):
            try:
                self.host.find(str(self.settings.executor), "executor")
            except ShiftlensError as error:
                self.problems.append(f"settings executor: {error.message}; {error.hint}")
        asked = self.layers.layers[-1].values
        for option in (option for option in COMMON if asked.get(option) is not None):
            if all(option not in type(step.config).model_fields for step in steps.values()):
                self.problems.append(f"{option}: no component of this pipeline has such an option")

    def _strange(self, id_: str, options: Mapping[str, Any]) -> list[str]:
        names: set[str] = set()
        for offer in (offer for offer in self.host.offers if offer.card.id == id_):  # of several roles, perhaps
            try:
                fields = config_model(offer).model_fields
            except ShiftlensError:  # a fault of the plugin's, which no step of this pipeline meets
                return []
            names |= {*fields, *(field.alias for field in fields.values() if field.alias)}
        where = f"settings components.{id_}"
        return [f"{where}.{key}: nothing takes this option; {nearest(key, names)}" for key in options if key not in names]

    def check_layout(self) -> None:
        known = {*SECTIONS, *(offer.card.id for offer in self.host.of_role("report-section"))}
        for i, name in enumerate(self.spec.report.sections):
            if name not in known:
                self.problems.append(f"report.sections[{i}]: no section {quoted(name)}; {nearest(name, known)}")

    def in_order(self, steps: dict[str, PlannedStep]) -> tuple[PlannedStep, ...]:
        """Put each step after those that feed it, else as written."""
        done: dict[str, PlannedStep] = {}
        waiting = dict(steps)
        while waiting:
            ready = (n for n, s in waiting.items() if not any(source in waiting for source in s.inputs.values()))
            name = next(ready, None)
            if name is None:
                self.problems.append(f"steps: {', '.join(map(repr, waiting))} feed each other in a circle")
                break
            done[name] = waiting.pop(name)
        return tuple(done.values())


def _space(step: PlannedStep) -> str:
    weights = f" on {', '.join(one.name for one in step.backbones.values())}" if step.backbones else ""
    options = step.config.model_dump(mode="json")
    return f"{step.name!r} ({step.offer.card.id}@{step.offer.card.version}{weights}, {options})"
