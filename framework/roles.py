"""Roles: what a component does. The one method of a role fixes its ports, by parameter names and types."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel

from ..specs.backbone import BackboneSpec
from ..specs.base import Text
from ..specs.dataset import DatasetSpec
from ..specs.errors import UsageError
from .images import ImageSet
from .traversals import Traversals
from .values import AttentionMaps, AttributeScores, Inversion, Latents

if TYPE_CHECKING:
    from torch import Tensor


def _silent(done: int, total: int) -> None: ...


@dataclass(frozen=True)
class Context:
    """What a run lends a component.

    ``space_key`` and ``backbone_digest`` (of several backbones, that of the first) are what the run fixed for its
    :class:`shiftlens.Space`; ``workers`` is how many threads it may use; ``progress(done, total)`` shows how far it is.
    ``folder`` is where a fitter works and leaves its backbone; other roles have none.
    """

    device: str = "cpu"
    seed: int = 0
    workers: int = 2
    space_key: str = "unplanned"
    backbone_digest: str | None = None
    progress: Callable[[int, int], None] = _silent
    folder: Path | None = None


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

    def open(self) -> Self:
        """Make ready what the method needs."""
        return self

    def close(self) -> None:  # noqa: B027  (many components hold nothing to free)
        """Free what :meth:`open` took."""

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()


class Encoder(Component):
    """Gives each image a code. A row depends on its image alone, so work is cut in shards freely."""

    method = "encode"

    @abstractmethod
    def encode(self, images: ImageSet) -> Latents:
        """Give one row an image that can be read; name the others in ``set_aside``."""


class LatentScorer(Component):
    """Says how two sets of latents of one space differ."""

    method = "score"

    @abstractmethod
    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        """Score every dimension.

        Raises:
            SpacesDiffer: the two were not made in the same space.
            TooFewImages: nothing can be said of so few.
        """


class AttentionExplainer(Component):
    """Says where in each image something is."""

    method = "explain"

    @abstractmethod
    def explain(self, images: ImageSet, about: AttributeScores | None) -> AttentionMaps:
        """Give one map an image, all on one scale."""


class Traverser(Component):
    """Shows what the dimensions that differ look like, in a space that can be decoded."""

    method = "traverse"

    @abstractmethod
    def traverse(
        self, reference_images: ImageSet, target_images: ImageSet, reference: Latents, target: Latents, scores: AttributeScores
    ) -> Traversals:
        """Decode the attributes that lead in ``scores``, which were made of ``reference`` and ``target``.

        Raises:
            SpacesDiffer: this component or its backbone cannot decode the space.
        """


class Compensator(Component):
    """Finds what the codes of images lost, so that the images can be made again in full."""

    method = "compensate"

    @abstractmethod
    def compensate(self, images: ImageSet, codes: Latents) -> Inversion:
        """Give codes and residuals, one an image."""


@dataclass(frozen=True)
class Edit:
    """Edited images, in the order of the originals, and what was changed in words."""

    images: ImageSet
    changed: tuple[Text, ...] = ()


class Editor(Component):
    """Changes attributes of images and leaves the rest."""

    method = "edit"

    @abstractmethod
    def edit(self, images: ImageSet, inversion: Inversion | None) -> Edit:
        """Give the edited images, of the same sizes."""


class Fitter(Component):
    """Trains on images and makes a backbone; resumable, within a budget that its config states.

    A fitter names its own ports: each parameter of its ``fit`` is an :class:`ImageSet`, ``ImageSet | None`` where it may be
    left out. Its config is a :class:`shiftlens.FitConfig`. It works in ``self.folder``, whose name is the backbone's, and
    leaves the backbone there (:func:`shiftlens.save_backbone`).
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


class Translator(Component):
    """Makes images of one domain look like those of another, each of itself alone, so work is cut in shards freely.

    What was done is told in the ``meta`` of each image that comes out: ``repair`` names the way, or is ``none`` where the
    image is as it was; ``held_back`` says why, ``repair_note`` what to know of it, both in Japanese under ``…_ja``.
    """

    method = "translate"

    @abstractmethod
    def translate(self, images: ImageSet) -> ImageSet:
        """Give as many images, of the same sizes, in the same order."""


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


@dataclass(frozen=True)
class Imported:
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
    def read(self, path: Path, into: Mapping[str, Path] | None) -> Imported:
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

    ``html`` must come from an autoescaping template (:func:`shiftlens.section_html`); ``css`` goes into the page's
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
    def render(self, outcome: Any) -> Section | None:
        """Give the section for a finished run (:class:`shiftlens.RunOutcome`)."""
