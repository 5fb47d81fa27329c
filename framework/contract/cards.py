"""Cards: what a plugin offers, readable without importing how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from ...specs.base import Spec

Role = Literal[
    "encoder",
    "latent-scorer",
    "attention-explainer",
    "keypoint-finder",
    "traverser",
    "compensator",
    "translator",
    "editor",
    "fitter",
    "backbone-family",
    "importer",
    "reader",
    "report-section",
    "command",
    "executor",
]
Target = Annotated[str, StringConstraints(pattern=r"^[\w.]+:\w+$")]


class Need(Spec):
    """A backbone that a component needs: the slot that a site fills, and the protocol it must provide.

    ``default`` names the backbone that fills the slot where no layer of settings says otherwise.
    """

    slot: str
    protocol: str
    default: str | None = None


def _several(needs: Any) -> Any:
    if needs is None:
        return ()
    return (needs,) if isinstance(needs, (Need, dict)) else needs


def _distinct(needs: tuple[Need, ...]) -> tuple[Need, ...]:
    slots = [need.slot for need in needs]
    repeated = sorted({slot for slot in slots if slots.count(slot) > 1})
    if repeated:
        raise ValueError(f"slot {', '.join(map(repr, repeated))} is needed twice")
    return needs


class Card(Spec):
    """One thing that a plugin offers.

    ``target`` is imported only when a run needs it; ``config`` is the pydantic model of its options;
    ``version`` goes up whenever its results change; ``extra`` names the extra that installs what
    the target imports. ``needs`` is written as one :class:`Need`, as several, or as none. ``each_alone`` says that a component
    works image by image: what it gives for one depends on nothing of the others, so the engine cuts its work in shards, keeps
    each and resumes; encoders and translators always do.

    >>> Card(id="e", version=1, target="m:E", needs=Need(slot="s", protocol="p")).needs[0].slot
    's'
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)
    version: int = Field(ge=1)
    target: Target
    config: Target | None = None
    title: str = ""
    needs: Annotated[tuple[Need, ...], BeforeValidator(_several), AfterValidator(_distinct)] = ()
    provides: frozenset[str] = frozenset()
    extra: str | None = None
    each_alone: bool = False

    if TYPE_CHECKING:  # what may be written is wider than what is kept

        def __init__(
            self, *, id: str, version: int, target: str, config: str | None = None, title: str = "",
            needs: Need | tuple[Need, ...] | None = None, provides: frozenset[str] = frozenset(), extra: str | None = None,
            each_alone: bool = False,
        ) -> None: ...  # fmt: skip
