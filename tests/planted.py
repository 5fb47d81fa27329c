"""Plugins planted in this process: components of a test, found like those of an installed package."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import numpy as np

from shiftlens import RunOutcome
from shiftlens.framework.host.host import Host, discover
from shiftlens.framework.running.engine import Engine
from shiftlens.framework.running.planner import make_plan
from shiftlens.framework.running.session import Session
from shiftlens.framework.running.store import Store
from shiftlens.framework.running.workshop import Workshop
from shiftlens.plugin import Card, Dimension, ImageSet, Latents, Picture, SetAside, Space, hookimpl
from shiftlens.registry.catalogue import Catalogue
from shiftlens.registry.layers import Layers


def host_with(module: str, hooks: Mapping[str, Callable[..., Any]], *, built_in: tuple[str, ...] = (), **members: Any) -> Host:
    """Give a host with one planted plugin and some of those that come along; ``members`` are what its cards may name."""
    planted = types.ModuleType(module)
    for name, hook in hooks.items():
        setattr(planted, name, hookimpl(hook))
    vars(planted).update(members)
    sys.modules[module] = planted
    points = [point for point in entry_points(group="shiftlens") if point.name in built_in]
    return discover(points=[*points, EntryPoint("planted", module, "shiftlens")])


def offers(**cards: list[Card]) -> dict[str, Callable[[], list[Card]]]:
    """Give hooks that offer cards: ``offers(translators=[Card(...)])``."""
    return {f"shiftlens_{kind}": (lambda own=own: own) for kind, own in cards.items()}


def session_of(host: Host, folder: Path, **settings: Any) -> Session:
    """Give a session with planted plugins; ``settings`` are those of the command line."""
    layers = Layers.read(folder=folder, command_line=settings)
    return Session(host, layers, layers.resolve(), Catalogue())


def run_steps(
    session: Session, steps: Mapping[str, Any], inputs: Mapping[str, ImageSet], folder: Path, store: Path | None = None
) -> RunOutcome:
    """Plan and run steps."""
    data = {"pipeline": "p", "inputs": dict.fromkeys(inputs, "images"), "steps": steps}
    plan = make_plan(data, session.host, session.layers, session.catalogue)
    return Engine(Workshop.of(session), Store(store or folder / "store"), folder / "out").run(plan, inputs)


def levels_of(images: ImageSet) -> Latents:
    """Give the mean level of every image, as an encoder would."""
    every = list(images.decoded())
    seen = [(ref, picture) for ref, picture in every if isinstance(picture, Picture)]
    return Latents(
        space=Space(encoder="anything", key="its own", dimensions=(Dimension(id="level"),)),
        images=images.name,
        ids=tuple(ref.id for ref, _ in seen),
        groups=tuple(ref.group for ref, _ in seen),
        values=np.array([[picture.unit().mean()] for _, picture in seen], np.float32).reshape(-1, 1),
        set_aside=tuple(picture for _, picture in every if isinstance(picture, SetAside)),
    )
