"""Keys: what names a result, so that equal keys mean equal content. No part of a key comes from a component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..values.images import ImageSet
from ..values.per_image import PerImage
from .numeric import numeric_profile
from .passes import IMAGES
from .plan import digest_of


def key_of(step: Mapping[str, Any], inputs: Mapping[str, str], *, seed: int | None, device: str) -> str:
    """Name what a step makes of its inputs. The one formula for steps, shards, images, translated files and benchmark cells.

    Args:
        step: what fixes the step's results besides its inputs: component, version, distribution, config, backbones
            (:meth:`PlannedStep.identity`).
        inputs: the key or digest of what each port is given.
        seed: of the run; none for what does not depend on it.
        device: where it is computed; with processor and libraries it fixes the last digits.
    """
    return digest_of([step, dict(inputs), seed, numeric_profile(device)])


def given_digests(given: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, str]:
    """Say what each port of a piece of work is given: pieces by their content, whole values by their ``keys``."""
    return {port: piece_digest(value) if is_cut(value, port) else keys[port] for port, value in given.items()}


def is_cut(value: Any, port: str) -> bool:
    """Say whether what a port is given is cut with the images: those themselves, and values with one entry an image."""
    return port == IMAGES or isinstance(value, PerImage)


def piece_digest(value: ImageSet | PerImage) -> str:
    """Name a piece by its content and by the set that it is of, which what is made of it repeats."""
    if not isinstance(value, ImageSet):
        return value.digest()
    return digest_of([value.digest(), value.name, [ref.meta for ref in value.refs]])


def image_keys(
    step: Mapping[str, Any], images: ImageSet, others: Mapping[str, str], *, seed: int | None, device: str
) -> dict[str, str]:
    """Name the picture that a step makes of each image by itself; by id.

    Equal pictures, of which the same is said, get equal names whatever their ids. ``others`` are the digests of
    what the other ports are given.
    """
    said: dict[str, str] = {}
    by_content: dict[str, str] = {}
    for ref in images.refs:
        content = digest_of([ref.digest, ref.meta])
        if content not in by_content:
            given = {"images": ref.digest, **others} | ({"meta": content} if ref.meta else {})
            by_content[content] = key_of(step, given, seed=seed, device=device)
        said[ref.id] = by_content[content]
    return said
