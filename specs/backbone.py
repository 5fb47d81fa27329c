"""A backbone: weights by name, with what one must know before trusting them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, StringConstraints, ValidationError, model_validator

from .base import Spec
from .errors import BackboneUnusable

Options = TypeVar("Options", bound=BaseModel)

BackboneName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


DEFECT_FIGURES = ("kept", "kept_through", "invented", "held_ok")
"""Figures of ``quality`` by which a backbone that repairs images says what it does to defects, as shares in 0..1.

Of planted defects ``kept`` are still found on what it makes, ``kept_through`` where the gate lets it through; on
``invented`` of good images a defect appears; ``held_ok`` of good images are held back. Any family's backbones may state them.
"""


class Source(Spec):
    """Where the weights lie.

    ``path``: files below a file or folder (relative to the file that says so); ``package``: files of
    an installed Python package; ``hub``: a model id with its ``revision``, fetched only if the run
    allows the network.
    """

    path: str | None = None
    package: str | None = None
    hub: str | None = None
    revision: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Source:
        if sum(x is not None for x in (self.path, self.package, self.hub)) != 1:
            raise ValueError("give exactly one of path, package, hub")
        return self


class BackboneSpec(Spec):
    """Weights plus the family that knows how to run them.

    ``files`` maps each file below the source to its sha256. ``provides`` names the protocols that
    the family can make of it (``features``, ``style-generator`` …). ``options`` are the family's own.
    """

    name: BackboneName
    family: str
    source: Source
    files: dict[str, Sha256] = Field(default={}, description="file below the source -> sha256")
    licence: str = "unknown"
    provides: frozenset[str] = frozenset()
    input_size: int | None = Field(default=None, ge=8, le=4096)
    input_range: Literal["0..1", "-1..1", "imagenet"] = "-1..1"
    trained_on: str = ""
    quality: dict[str, float] = {}
    options: dict[str, Any] = {}

    def options_as(self, model: type[Options], *, hint: str = "mend the card") -> Options:
        """Give ``options`` as the model of a family, filled and checked.

        Raises:
            BackboneUnusable: they do not hold; every problem is named with its field.
        """
        try:
            return model.model_validate(self.options)
        except ValidationError as error:
            problems = error.errors(include_url=False)
        said = "; ".join(f"{'.'.join(map(str, ('options', *one['loc'])))}: {one['msg']}" for one in problems)
        raise BackboneUnusable(f"backbone {self.name!r}: {said}", hint=hint)
