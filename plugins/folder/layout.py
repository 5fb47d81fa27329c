"""What folders and names say of an image: OK or NG, defect, split, mask. Metadata only; nothing depends on it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from PIL import Image

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".webp"})
_OK = {"ok", "good", "良品", "正常"}
_NG = {"ng", "bad", "defect", "不良品", "不良", "異常"}
_SPLITS = {"train", "test", "val", "validation"}
_MASK_FOLDERS = {"ground_truth", "masks", "mask"}


def facts(path: PurePosixPath) -> dict[str, str]:
    """Read label, defect and split off a path below the folder.

    >>> facts(PurePosixPath("test/scratch/003.png"))
    {'split': 'test', 'label': 'NG', 'defect': 'scratch'}
    >>> facts(PurePosixPath("lot7/良品/a.bmp"))
    {'label': 'OK'}
    """
    found: dict[str, str] = {}
    parents = [_folded(part) for part in path.parts[:-1]]
    for i, part in enumerate(parents):
        if part in _SPLITS:
            found["split"] = part
            follower = parents[i + 1] if i + 1 < len(parents) else ""
            if follower and follower not in _OK | _NG:
                found |= {"label": "NG", "defect": path.parts[i + 1]}
        if part in _OK | _NG:
            found["label"] = "OK" if part in _OK else "NG"
    return found


def is_mask_name(path: PurePosixPath) -> bool:
    """Whether a path says that it is a mask (``ground_truth/…``, ``…_mask.png``)."""
    return bool({_folded(p) for p in path.parts[:-1]} & _MASK_FOLDERS) or path.stem.lower().endswith("_mask")


def mask_twins(paths: Iterable[PurePosixPath]) -> dict[PurePosixPath, PurePosixPath]:
    """Pair PNG files with a photograph of the same stem beside them; each may be its mask.

    >>> mask_twins([PurePosixPath("a/1.jpg"), PurePosixPath("a/1.png"), PurePosixPath("a/2.png")])
    {PurePosixPath('a/1.png'): PurePosixPath('a/1.jpg')}
    """
    photographs = {(p.parent, p.stem): p for p in paths if p.suffix.lower() != ".png"}
    return {p: photographs[p.parent, p.stem] for p in paths if p.suffix.lower() == ".png" and (p.parent, p.stem) in photographs}


def is_one_channel(path: str) -> bool:
    """Whether a file's header says one channel, as masks have; false where it cannot be read."""
    try:
        with Image.open(path) as image:
            return len(image.getbands()) == 1
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _folded(part: str) -> str:
    return unicodedata.normalize("NFKC", part).casefold().strip()
