"""Opening a source of images with the reader that its scheme, or its place, asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...specs.dataset import DatasetSpec
from ...specs.errors import InputUnusable, PromiseBroken, UsageError, quoted
from ...specs.nearest import nearest
from ...specs.yaml import problems_of
from ..contract.component import Context
from ..host.host import Host
from ..host.targets import config_model, target_class
from ..values.images import ImageSet
from .faults import faults_named


def open_source(text: str, name: str, host: Host, context: Context | None = None) -> ImageSet:
    """List the images of ``text``, which a person wrote, as the input ``name``; ``context`` lends threads and progress.

    Raises:
        UsageError: no reader of that scheme is enabled, or its options do not hold.
        InputUnusable: the source cannot be used.
    """
    source = DatasetSpec.parse(text)
    schemes = [offer.card.id for offer in host.of_role("reader")]
    scheme = source.scheme or _scheme_of_place(source.place, name)
    if scheme not in schemes:
        raise UsageError(f"{name}: no reader {quoted(scheme)} is enabled", hint=nearest(scheme, schemes))
    offer = host.find(scheme, "reader")
    model = config_model(offer)
    try:
        options = model.model_validate(source.options)
    except ValidationError as error:
        problems = "; ".join(problems_of(error, model))
        raise UsageError(
            f"{name}: options of {quoted(text)}: {problems}", hint=f"`shiftlens plugins info {scheme}` lists them"
        ) from None
    kind = target_class(offer)
    with faults_named(offer, name), kind(options, context=context) as reader:
        return _listed(reader.read(source, name))


def _listed(images: Any) -> ImageSet:
    """Give what a reader listed, if it is a set of images.

    Raises:
        PromiseBroken: it is none, or what it says of an image is no text, or an id stands twice.
    """
    if not isinstance(images, ImageSet):
        raise PromiseBroken(f"{type(images).__name__} came, ImageSet was promised")
    seen: set[str] = set()
    for ref in images.refs:
        if not all(isinstance(one, str) for one in (ref.id, ref.digest, ref.group, *ref.meta, *ref.meta.values())):
            raise PromiseBroken(f"ImageRef: id, digest, group and meta of {ref.id!r} are not all text, which was promised")
        if ref.id in seen:
            raise PromiseBroken(f"ImageRef.id: {ref.id!r} came twice, each once was promised")
        seen.add(ref.id)
    return images


def _scheme_of_place(place: str, name: str) -> str:
    path = Path(place)
    if path.is_dir():
        return "folder"
    if path.suffix.lower() == ".csv":
        return "list"
    if path.exists():
        raise InputUnusable(f"{name}: {quoted(place)} is a single file", hint="give a folder of images, or a CSV list of paths")
    raise InputUnusable(
        f"{name}: folder {quoted(place)} does not exist", hint="give a folder of images, a CSV list, or scheme:place"
    )
