"""Cards: what a plugin offers, readable without importing how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ..specs.base import Spec

Role = Literal[
    "encoder",
    "latent-scorer",
    "attention-explainer",
    "compensator",
    "translator",
    "editor",
    "fitter",
    "backbone-family",
    "reader",
    "report-section",
    "command",
]
Target = Annotated[str, StringConstraints(pattern=r"^[\w.]+:\w+$")]


class Need(Spec):
    """A backbone that a component needs: the slot that a site fills, and the protocol it must provide.

    ``default`` names the backbone that fills the slot where no layer of settings says otherwise.
    """

    slot: str
    protocol: str
    default: str | None = None


class Card(Spec):
    """One thing that a plugin offers.

    ``target`` is imported only when a run needs it; ``config`` is the pydantic model of its options;
    ``version`` goes up whenever its results change; ``extra`` names the extra that installs what
    the target imports.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)
    version: int = Field(ge=1)
    target: Target
    config: Target | None = None
    title: str = ""
    needs: Need | None = None
    provides: frozenset[str] = frozenset()
    extra: str | None = None
