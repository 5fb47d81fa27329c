"""Keypoints, boxes and masks in the format of COCO."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .factors import DEFECTS, FAMILIES
from .truth import Truth, keypoint_names

_FIRST_DEFECT = 101
"""Id of the first category of defects; those of families start at 1."""


class Coco:
    """Collects the annotations of images and gives them as one JSON document."""

    def __init__(self) -> None:
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(self, truth: Truth, file: str, part: NDArray[np.bool_], defects: dict[str, NDArray[np.bool_]]) -> None:
        """Add one image, its part and its defects. Masks ``(size, size)``."""
        number = len(self._images) + 1
        self._images.append({"id": number, "file_name": file, "width": part.shape[1], "height": part.shape[0]})
        # 2 is visible, 1 is known but not to be seen: its hole is missing, or it lies outside of the picture.
        points = [value for p in truth.keypoints for value in (round(p.x, 2), round(p.y, 2), 2 if p.visible else 1)]
        self._annotate(
            number,
            FAMILIES.index(truth.family) + 1,
            part,
            keypoints=points,
            num_keypoints=sum(p.visible for p in truth.keypoints),
        )
        for name, mask in defects.items():
            if mask.any():
                self._annotate(number, _FIRST_DEFECT + DEFECTS.index(name), mask)

    def document(self, about: str) -> dict[str, Any]:
        """Give everything that was added."""
        families = [
            {"id": i + 1, "name": name, "supercategory": "part", "keypoints": list(keypoint_names(name)), "skeleton": []}
            for i, name in enumerate(FAMILIES)
        ]
        flaws = [{"id": _FIRST_DEFECT + i, "name": name, "supercategory": "defect"} for i, name in enumerate(DEFECTS)]
        return {
            "info": {"description": about},
            "images": self._images,
            "annotations": self._annotations,
            "categories": families + flaws,
        }

    def _annotate(self, image: int, category: int, mask: NDArray[np.bool_], **rest: Any) -> None:
        self._annotations.append(
            {
                "id": len(self._annotations) + 1, "image_id": image, "category_id": category, "iscrowd": 0,
                "area": int(mask.sum()), "bbox": _box(mask), "segmentation": _runs(mask), **rest,
            }
        )  # fmt: skip


def _box(mask: NDArray[np.bool_]) -> list[int]:
    """Give x, y, width and height of the smallest box around a mask; zeros where it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return [0, 0, 0, 0]
    return [int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)]


def _runs(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Give a mask as COCO's uncompressed run lengths: column by column, zeros first."""
    flat = np.concatenate([[False], mask.ravel(order="F"), [False]])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    ends = np.concatenate([[0], changes, [mask.size]])
    counts = np.diff(ends)
    return {"size": list(mask.shape), "counts": [int(c) for c in (counts if counts[-1] else counts[:-1])]}
