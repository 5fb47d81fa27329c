"""Parts as a source of images: rendered block by block when they are asked for, a few blocks kept."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from difflib import get_close_matches
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from ... import DatasetSpec, InputUnusable, UsageError
from ...plugin import ImageRef, ImageSet, Picture, Reader, Square, Unreadable, decode, lanes, quoted, square
from .config import PartsOptions, SourceOptions, changes_of
from .factors import FACTORS, FAMILIES
from .renderer import VERSION, World, jpeg, render_block
from .shift import Shift, shifted
from .sites import site_named
from .truth import defects_of, identity

_KEPT = 24
"""Blocks kept and under way; the largest is one picture of 512 px, 0.8 MB."""
_LISTED_AT_ONCE = 4096


def options_of(text: str, given: dict[str, str]) -> tuple[str, PartsOptions, str]:
    """Read ``parts:SITE?…`` with the options ``given`` on top: the site, its options, and the source as it is then written.

    Raises:
        UsageError: another scheme, or options that do not hold; each is named.
    """
    source = DatasetSpec.parse(text)
    if source.scheme not in (None, "parts"):
        raise UsageError(f"source {quoted(text)}: scheme {quoted(source.scheme)} is not rendered", hint="write parts:osaka")
    options = source.options | given
    try:
        made = SourceOptions.model_validate(options)
    except ValidationError as error:
        said = "; ".join(_problem(one) for one in error.errors(include_url=False))
        raise UsageError(f"source {quoted(text)}: {said}", hint="`shiftlens plugins info parts` lists the options") from None
    return source.place, made, written(source.place, options)


def written(place: str, options: Mapping[str, str]) -> str:
    """Give a source as people write it; ``%2B`` stands for ``+``."""
    return f"parts:{place}" + (f"?{urlencode(options, safe='*.=')}" if options else "")


def _problem(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"{name}: {error['msg']}, found {quoted(error['input'])}"
    known = {field.alias or key for key, field in SourceOptions.model_fields.items()}
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"{name}: unknown option" + (f"; did you mean {close[0]!r}?" if close else "")


def world_of(place: str, options: PartsOptions) -> World:
    """Give the world that a source names: site ``place`` with the changes that ``options`` ask for.

    Raises:
        UnknownName: there is no such site, or no site as ``like`` says.
        UsageError: a change cannot be read, or is impossible.
    """
    site = site_named(place)
    like = site_named(options.like, field="like") if options.like else None
    shifts = [Shift.parse(of, text) for of, text in changes_of(options).items()]
    if like and (idle := [shift.of for shift in shifts if not _is_of_the_place(shift.of)]):
        raise UsageError(
            f"{idle[0]}: shows nothing, since parts and poses are those of like={like.site}", hint="drop it, or drop like"
        )
    return World(shifted(site, shifts), seed=options.seed, size=options.size, views=options.views, like=like)


def _is_of_the_place(name: str) -> bool:
    """Whether a factor belongs to light or camera, which ``like`` leaves alone."""
    factor = FACTORS.get(name.partition(".")[0])
    return factor is not None and factor.of in ("light", "camera")


class Parts:
    """An :class:`shiftlens.plugin.ImageSource` of one world.

    Renders on ``lanes`` threads of its own, one thread of torch each.
    """

    def __init__(self, world: World, numbers: dict[str, int], lanes: int = 2) -> None:
        self.world = world
        self._numbers = numbers
        self._lanes = lanes
        self._last = max(numbers.values()) // world.block
        self._pool: ThreadPoolExecutor | None = None
        self._blocks: OrderedDict[int, Future[NDArray[np.uint8]]] = OrderedDict()
        self._lock = Lock()

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:  # noqa: ARG002  (never scaled)
        """Render one image, or take it from its block; see :class:`shiftlens.plugin.ImageSource`."""
        number = self._numbers[ref.id]
        block, place = divmod(number, self.world.block)
        with self._lock:
            future = self._begun(block)
            if block - 1 in self._blocks and block < self._last:
                self._begun(block + 1)
        pixels = future.result()[place]
        if ref.id.endswith(".png"):
            return Picture(pixels, 255.0)
        return decode(jpeg(pixels, float(self.world.lot([number]).factors["jpeg_quality"][0])))

    def looks(
        self, ref: ImageRef, sizes: Sequence[int], *, whole: bool
    ) -> tuple[Picture | Unreadable | None, list[Square | Unreadable]]:
        """Render once for all looks; see :class:`shiftlens.plugin.LookedAtOnce`."""
        picture = self.picture(ref)
        return picture if whole else None, [square(picture, size) for size in sizes]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is rendered and who renders: another process has its own."""
        return {"world": self.world, "_numbers": self._numbers, "_lanes": self._lanes, "_last": self._last}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["world"], state["_numbers"], state["_lanes"])  # type: ignore[misc]

    def _begun(self, block: int) -> Future[NDArray[np.uint8]]:
        if block in self._blocks:
            self._blocks.move_to_end(block)
            return self._blocks[block]
        self._pool = self._pool or lanes(self._lanes)
        self._blocks[block] = self._pool.submit(lambda: render_block(self.world, block).pixels)
        while len(self._blocks) > _KEPT:
            self._blocks.popitem(last=False)
        return self._blocks[block]


class PartsReader(Reader):
    """Opens ``parts:SITE``: images of machined parts that are rendered when they are looked at."""

    def read(self, source: DatasetSpec, name: str) -> ImageSet:
        """List the images; nothing is rendered. See :class:`shiftlens.plugin.Reader`."""
        options = self.config if isinstance(self.config, PartsOptions) else PartsOptions()
        if not source.place.strip():
            raise InputUnusable(f"{name}: no site is named", hint="write parts:osaka")
        world = world_of(source.place, options)
        refs = listed(world, options.n)
        numbers = {ref.id: i for i, ref in enumerate(refs)}
        origin = written(source.place, source.options)
        return ImageSet(name, refs, Parts(world, numbers, max(1, self.context.workers)), origin=origin, note="synthetic")


def listed(world: World, count: int) -> tuple[ImageRef, ...]:
    """Give the references of the first ``count`` images of a world; digests come from what renders them."""
    refs: list[ImageRef] = []
    stem = _digest_of(world)
    for first in range(0, count, _LISTED_AT_ONCE):
        lot = world.lot(np.arange(first, min(count, first + _LISTED_AT_ONCE)))
        for i, number in enumerate(lot.index.tolist()):
            id_, group = identity(world, lot, i)
            defects = defects_of(lot, i)
            meta = {"label": "NG" if defects else "OK", "family": FAMILIES[lot.family[i]], "place": world.site.site}
            if defects:
                meta["defect"] = "+".join(defects)
            digest = hashlib.sha256(f"{stem}/{number}".encode()).hexdigest()
            refs.append(ImageRef(id_, digest, group, meta))
    return tuple(refs)


def _digest_of(world: World) -> str:
    what = {
        "renderer": VERSION, "torch": torch.__version__, "site": world.site.model_dump(mode="json"), "seed": world.seed,
        "size": world.size, "views": world.views, "like": world.like.model_dump(mode="json") if world.like else None,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
