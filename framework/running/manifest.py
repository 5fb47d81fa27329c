"""The manifest of a run: what fixes its numbers, and the record of what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..files.events import now
from ..host.host import Host
from ..values.images import ImageSet
from .numeric import versions
from .plan import Plan


def plugin_versions(host: Host) -> dict[str, str]:
    """Give the version of every plugin that takes part, by distribution."""
    return {r.distribution: r.version for r in host.reports if r.state == "loaded"}


def begun(
    plan: Plan, inputs: Mapping[str, ImageSet], digests: Mapping[str, str], settings: Mapping[str, Any], *, host: Host,
    seed: int, device: str,
) -> dict[str, Any]:  # fmt: skip
    """Give the manifest of a run that begins: all that fixes its numbers but the weights, which its steps add."""
    return {
        "schema_version": 1,
        "started": now(),
        "spec": plan.filled(),
        "settings": dict(settings),
        "inputs": {
            name: {"origin": images.origin, "digest": digests[name], "images": len(images)} for name, images in inputs.items()
        },
        "seed": seed,
        "device": device,
        "versions": versions(),
        "plugins": plugin_versions(host),
        "backbones": {},
        "steps": {},
    }
