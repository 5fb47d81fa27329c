"""Small pictures for a page: each image decoded once, its aspect ratio kept, as a data URI."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from ..files.names import storable
from ..running.outcome import RunOutcome
from ..values.per_image import SetAside

WIDE, TALL = 200, 240
"""Most pixels of a thumbnail."""
QUALITY = 80


@dataclass(frozen=True)
class Thumbnail:
    """One small picture; ``uri`` is empty where the image could not be read again, ``problem`` says why."""

    uri: str = ""
    size: tuple[int, int] = (0, 0)
    picture: Image.Image | None = None
    problem: str = ""


def thumbnails(
    outcome: RunOutcome, wanted: Iterable[tuple[str, str]], most: tuple[int, int] = (WIDE, TALL)
) -> dict[tuple[str, str], Thumbnail]:
    """Give the thumbnail of each ``(name of the set, image id)``, ``most`` pixels wide and tall.

    Sets are those of :attr:`RunOutcome.images`; ids are as the report writes them.
    """
    names = set(wanted)
    made: dict[tuple[str, str], Thumbnail] = {}
    for name, images in outcome.images.items():
        refs = tuple(ref for ref in images.refs if (name, storable(ref.id)) in names)
        small = images.select(refs).seen(lambda picture: thumbnail(Image.fromarray(picture.rgb8()), most), at_least=most[1])
        for ref, found in small:
            made[name, storable(ref.id)] = Thumbnail(problem=found.reason) if isinstance(found, SetAside) else found
    return made


def thumbnail(image: Image.Image, most: tuple[int, int] = (WIDE, TALL)) -> Thumbnail:
    """Give the thumbnail of one picture, which is used up for it; a small picture keeps its size."""
    small = image
    small.thumbnail(most, Image.Resampling.BOX if min(image.size) > 4 * most[1] else Image.Resampling.LANCZOS)
    return Thumbnail(uri=jpeg_uri(small), size=small.size, picture=small)


def jpeg_uri(image: Image.Image, quality: int = QUALITY) -> str:
    """Give a picture as a JPEG data URI; above the usual quality with colours as fine as the rest."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True, subsampling=0 if quality > QUALITY else 2)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def png_uri(image: Image.Image) -> str:
    """Give a picture as a PNG data URI."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
