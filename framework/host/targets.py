"""From a card to what it names: the config model, and the class of its target."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pydantic import BaseModel

from ...specs.base import Spec
from ...specs.errors import ComponentFailed, MissingExtra, ShiftlensError
from .host import Offer


class NoConfig(Spec):
    """The config of a component that has none."""


def config_model(offer: Offer) -> type[BaseModel]:
    """Give the config model of an offer; imports no model library.

    Raises:
        ComponentFailed: the plugin names a model that is not there.
    """
    if offer.card.config is None:
        return NoConfig
    model = _named(offer, offer.card.config)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ComponentFailed(f"{offer.card.id}: config {offer.card.config} of {offer.distribution} is no pydantic model")
    return model


def target_class(offer: Offer) -> Any:
    """Import what a card's target names.

    Raises:
        MissingExtra: a library that it needs is not installed.
        ComponentFailed: importing it raised.
    """
    return _named(offer, offer.card.target)


def _named(offer: Offer, place: str) -> Any:
    module, _, name = place.partition(":")
    try:
        return getattr(import_module(module), name)
    except ShiftlensError:
        raise
    except ModuleNotFoundError as error:
        if error.name and not module.startswith(error.name):
            extra = f"{offer.distribution}[{offer.card.extra}]" if offer.card.extra else error.name
            raise MissingExtra(f"{offer.card.id} needs {error.name}", hint=f"install {extra}") from error
        raise ComponentFailed(f"{offer.card.id}: {place} of {offer.distribution} {offer.version} is not there") from error
    except Exception as error:  # third-party code: said whose it was
        whose = f"{place} of {offer.distribution} {offer.version}"
        raise ComponentFailed(
            f"{offer.card.id}: importing {whose} raised {type(error).__name__}: {error}",
            hint="report it to its authors, or disable the plugin",
        ) from error
