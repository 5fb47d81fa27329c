"""A finished run, as the report and its sections see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..contract.cards import Role
from ..values.images import ImageSet
from ..values.scores import AttributeScores
from ..values.value import Value
from .reopening import open_outcome

V = TypeVar("V", bound=Value)


@dataclass(frozen=True)
class RunOutcome:
    """What a run read, planned and made.

    ``inputs`` are the image sets by the pipeline's names; ``values`` what each step gave, a translator's the images it made;
    ``wiring`` maps each step to ``{port: input or step}``; ``manifest`` is the content of
    ``run.json`` (filled spec, versions, digests, seed, device, seconds a step); ``roles`` are those of the steps.
    """

    pipeline: str
    inputs: Mapping[str, ImageSet]
    values: Mapping[str, Value | ImageSet]
    wiring: Mapping[str, Mapping[str, str]]
    manifest: Mapping[str, Any]
    language: str = "en"
    roles: Mapping[str, Role] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path | str, sources: Mapping[str, ImageSet] | None = None) -> RunOutcome:
        """Read a finished run again from its folder.

        Args:
            folder: that of its report.
            sources: the images of inputs, by name, for what needs pixels; without them every picture is unreadable.

        Raises:
            UsageError: the folder holds no finished run.
            InputUnusable: a value is missing or damaged, or a source has other images than the run had.
        """
        return cls(**open_outcome(Path(folder), sources))

    @property
    def alpha(self) -> float:
        """The level of significance: the strictest that any scorer of the run was given, 0.05 where there is none."""
        return min((scores.alpha for _, scores in self.of_type(AttributeScores)), default=0.05)

    def of_type(self, kind: type[V]) -> Iterator[tuple[str, V]]:
        """Give ``(step, value)`` of every step that made a ``kind``, in the pipeline's order."""
        for step, value in self.values.items():
            if isinstance(value, kind):
                yield step, value

    @property
    def images(self) -> Mapping[str, ImageSet]:
        """Every set of images by name: the inputs, and what translators made, by the name of their step."""
        made = {step: value for step, value in self.values.items() if isinstance(value, ImageSet)}
        return {**self.inputs, **made}

    def source_of(self, step: str) -> str:
        """Give the name of the images that a step's value is about or was made of, followed through its inputs."""
        ports = self.wiring[step]
        name = ports.get("images") or next(iter(ports.values()))
        return name if name in self.images else self.source_of(name)

    def images_of(self, step: str) -> ImageSet:
        """Give the images that a step's value is about, followed through its inputs."""
        return self.images[self.source_of(step)]

    def origin_of(self, name: str) -> str:
        """Give the input that a set of images comes from: itself, or what was given to the translator that made it."""
        return name if name in self.inputs else self.origin_of(self.source_of(name))
