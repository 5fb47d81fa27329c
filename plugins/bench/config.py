"""A benchmark suite: images whose truth is known, what is planted in them, and what is asked of scorers and encoders."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from ... import Spec
from ...plugin import nearest, quoted

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]  # that of a step: encoders become steps
Count = Annotated[int, Field(ge=8, le=100_000)]
Strengths = Annotated[tuple[Annotated[float, Field(gt=0, le=100)], ...], Field(min_length=1)]
Kind = Literal["light", "colour", "optics", "position", "surface", "file", "content"]


class Use(Spec):
    """A component at work: ``use`` is its id, the key it stands under by default; ``with`` is its config."""

    use: str | None = None
    with_: dict[str, Any] = Field(default={}, alias="with")


class EncoderUse(Use):
    """An encoder, and smaller numbers where it is dear; what is left out is the suite's.

    ``named`` says whether its dimensions have names that factors can claim; where they have none, what is relevant is found
    on further images, and the suite of pairs, which asks for names, leaves the encoder out.
    """

    named: bool = True
    strengths: Strengths | None = None
    images: tuple[Count, ...] | None = None
    trials: int | None = Field(default=None, ge=1, le=10_000)
    side: Count | None = None


class Factor(Spec):
    """One factor of the world and what is true of it.

    Strength 1 is ``step`` in the factor's unit, or the standard deviation of the factor at the site where there is none.
    ``claims`` are dimensions that are named after the factor; ``follows`` are those that must move with it by physics and
    count neither as right nor as wrong. ``strengths`` stand in for those of the suite; ``options`` make the world one in which
    the factor can be measured, on both sides.
    """

    step: float | None = Field(default=None, allow_inf_nan=False)
    claims: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    strengths: Strengths | None = None
    options: dict[str, str] = {}

    @model_validator(mode="after")
    def _moves(self) -> Factor:
        if self.step == 0:
            raise ValueError("step is 0, which plants nothing")
        both = sorted(set(self.claims) & set(self.follows))
        if both:
            raise ValueError(f"{', '.join(both)} is claimed and follows at once")
        return self


class NullSuite(Spec):
    """A against A: ``splits`` random halves of ``2 * side`` out of ``pool`` images; again in groups of ``views`` images."""

    pool: Count = 400
    side: Count = 100
    splits: int = Field(default=200, ge=1, le=100_000)
    alphas: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.01, 0.05, 0.1)
    views: int = Field(default=5, ge=1, le=100, description="images of one part; 1 leaves the part with groups out")

    @model_validator(mode="after")
    def _fits(self) -> NullSuite:
        if 2 * self.side > self.pool:
            raise ValueError(f"side: two sides of {self.side} images do not fit into pool {self.pool}")
        if self.pool % self.views or self.side % self.views:
            raise ValueError(f"views: pool {self.pool} and side {self.side} are not whole groups of {self.views} images")
        return self


class SuiteSizes(Spec):
    """What the suites that plant something share: sizes, repeats, and the reference that subsets are drawn from."""

    reference: Count = 400
    images: tuple[Count, ...] = Field(default=(50, 200), min_length=1, description="images a side")
    trials: int = Field(default=4, ge=1, le=10_000, description="random subsets of each cell")

    @model_validator(mode="after")
    def _enough(self) -> SuiteSizes:
        if max(self.images) > self.reference:
            raise ValueError(f"images: {max(self.images)} a side do not fit into reference {self.reference}")
        return self


class PlantedSuite(SuiteSizes):
    """Each factor at each strength and sample size.

    For encoders without names, the ``relevant`` dimensions of a factor are found on ``apart`` further images a side, at the
    strongest strength.
    """

    strengths: Strengths = (0.25, 0.5, 1.0, 2.0)
    apart: Count = 100
    relevant: int = Field(default=20, ge=1, le=10_000, description="most dimensions that count as relevant")
    power: float = Field(default=0.8, gt=0, lt=1)
    factors: dict[str, Factor] = Field(min_length=1)
    only: tuple[str, ...] = Field(default=(), description="the factors to run; all where empty")

    @model_validator(mode="after")
    def _known(self) -> PlantedSuite:
        _check_only(self.only, self.factors)
        return self


class Pair(Spec):
    """Two factors planted at once, each at a strength in its own steps."""

    plant: dict[str, float] = Field(min_length=2, max_length=2)


class PairedSuite(SuiteSizes):
    """Pairs of factors: are both named, and is neither folded under the other."""

    factors: dict[str, Factor] = Field(min_length=2)
    pairs: tuple[Pair, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self) -> PairedSuite:
        for i, pair in enumerate(self.pairs):
            for name in pair.plant:
                if name not in self.factors:
                    raise ValueError(f"pairs[{i}].plant.{name}: not among factors")
                if not self.factors[name].claims:
                    raise ValueError(f"factors.{name}.claims: a factor of a pair needs a dimension that claims it")
        return self


class ContentSuite(SuiteSizes):
    """Changes of what is in the pictures, in options of the source; no dimension of the ``unmoved`` kinds should be named."""

    changes: dict[Name, dict[str, str]] = Field(min_length=1)
    unmoved: tuple[Kind, ...] = ("light", "colour")
    only: tuple[str, ...] = Field(default=(), description="the changes to run; all where empty")

    @model_validator(mode="after")
    def _known(self) -> ContentSuite:
        _check_only(self.only, self.changes)
        return self


def _check_only(only: tuple[str, ...], known: Collection[str]) -> None:
    for i, name in enumerate(only):
        if name not in known:
            raise ValueError(f"only[{i}]: no {quoted(name)}; {nearest(name, known)}")


class BenchSpec(Spec):
    """A suite, as written in YAML.

    ``source`` and ``options`` name the world (``parts:osaka``); the parts that a suite leaves out are not run. ``include``
    takes parts from other suites by name. ``quick`` holds smaller numbers, laid over the rest by ``--quick``.
    """

    bench: Name
    title: str = ""
    source: str = "parts:osaka"
    options: dict[str, str] = {}
    alpha: float = Field(default=0.05, ge=0.001, le=0.2)
    encoders: dict[Name, EncoderUse] = Field(min_length=1)
    scorers: dict[Name, Use] = Field(min_length=1)
    null: NullSuite | None = None
    planted: PlantedSuite | None = None
    paired: PairedSuite | None = None
    content: ContentSuite | None = None

    @model_validator(mode="after")
    def _something(self) -> BenchSpec:
        if not any((self.null, self.planted, self.paired, self.content)):
            raise ValueError("none of null, planted, paired and content is given, so there is nothing to run")
        return self
