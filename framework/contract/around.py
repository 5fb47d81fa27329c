"""Roles around a pipeline: readers, families, fitters, importers, sections of reports, executors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...specs.backbone import BackboneSpec
from ...specs.base import Text
from ...specs.dataset import DatasetSpec
from ...specs.errors import UsageError
from ..values.images import ImageSet
from .component import Component

if TYPE_CHECKING:
    from torch import Tensor

    from ..running.outcome import RunOutcome
    from ..running.tasks import JobResult, Task


class Reader(Component):
    """Opens a source of images."""

    method = "read"

    @abstractmethod
    def read(self, source: DatasetSpec, name: str) -> ImageSet:
        """List the images of ``source`` without decoding them.

        Raises:
            InputUnusable: nothing of it can be used.
        """


class BackboneFamily(Component):
    """Turns weights into something that a protocol describes."""

    method = "load"

    @abstractmethod
    def load(self, spec: BackboneSpec, files: Mapping[str, Path]) -> Any:
        """Make the model of ``spec`` from its checked ``files``.

        Raises:
            BackboneUnusable: the weights do not fit.
        """


class Fitter(Component):
    """Trains on images and makes a backbone; resumable, within a budget that its config states.

    A fitter names its own ports: each parameter of its ``fit`` is an :class:`ImageSet`, ``ImageSet | None`` where it may be
    left out. Its config is a :class:`shiftlens.training.FitConfig`. It works in ``self.folder``, whose name is the
    backbone's, and leaves the backbone there (:func:`shiftlens.training.save_backbone`).
    """

    method = "fit"

    @property
    def folder(self) -> Path:
        """Where it works: the folder of its context.

        Raises:
            UsageError: the context has none.
        """
        if self.context.folder is None:
            raise UsageError(
                "a fitter works in a folder", hint="give -o FOLDER or --name NAME, in Python a Context with a folder"
            )
        return self.context.folder

    @abstractmethod
    def fit(self, *_: Any, **image_sets: Any) -> BackboneSpec:
        """Give the backbone, its weights saved and its quality measured."""


@dataclass(frozen=True)
class ImportedBackbone:
    """A backbone that an importer read and that is not saved yet.

    ``files`` are tensors by file (a name ending in ``.safetensors``) and name, in the layout of ``family``; the other fields
    are those of :class:`shiftlens.BackboneSpec`. ``notes`` say what was left out or had to be found otherwise.
    """

    family: str
    files: Mapping[str, Mapping[str, Tensor]]
    provides: frozenset[str] = frozenset()
    input_size: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Importer(Component):
    """Reads the files of another program, without running anything of theirs.

    ``adds`` says that its files are no backbones but additions to one.
    """

    method = "read"
    adds: ClassVar[bool] = False

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Say whether the content of a file, not its name, is of this format.

        Raises:
            UnsafeWeights: the file would run code if it were read in the usual way.
            BackboneUnusable: it cannot be read at all.
        """

    @abstractmethod
    def read(self, path: Path, into: Mapping[str, Path] | None) -> ImportedBackbone:
        """Read a file of this format.

        Args:
            path: the file.
            into: the checked files of the backbone that it is added to, where this importer ``adds``; what is given back
                then holds all of it.

        Raises:
            UnsafeWeights: the file would run code if it were read in the usual way.
            BackboneUnusable: it is damaged, or a model that the family cannot run; which, and why.
        """


@dataclass(frozen=True)
class Section:
    """A piece of a report: a heading and escaped HTML, or none where there is nothing to say.

    ``html`` must come from an autoescaping template (:func:`shiftlens.reporting.section_html`); ``css`` goes into the page's
    head; ``data`` goes into ``report.json``; ``tables``, rows by name, are written beside the report as ``NAME.csv``.
    """

    id: str
    title: Text
    html: str
    data: Mapping[str, Any] = field(default_factory=dict)
    css: str = ""
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


class ReportSection(Component):
    """Adds a section to reports."""

    method = "render"

    @abstractmethod
    def render(self, outcome: RunOutcome) -> Section | None:
        """Give the section for a finished run, or nothing where it has nothing to say."""


class Executor(Component):
    """Maps tasks over whatever there is to compute on. Its results do not depend on which one does it."""

    method = "map"

    @abstractmethod
    def map(self, tasks: Iterable[Task]) -> Iterator[list[JobResult]]:
        """Give what each task gives, in their order, as it becomes known.

        A process does a task by calling a :class:`shiftlens.plugin.Worker` with it; tasks and what they give pickle. Tasks of
        one call are pieces of the same steps. What they make lies in the store before it is given.
        """
