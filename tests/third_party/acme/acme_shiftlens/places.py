"""Where things are: maps and points, each image of its own alone."""

from itertools import pairwise

import numpy as np

from shiftlens.plugin import AttentionExplainer, AttentionMaps, ImageSet, KeypointFinder, Keypoints, SetAside

GRID = 16


def _grid(picture):
    """Give a picture as ``(GRID, GRID)`` in 0..1."""
    grey = picture.rgb8().mean(axis=2) / 255
    rows, columns = (np.linspace(0, n, GRID + 1).astype(int) for n in grey.shape)
    return np.array([[grey[a:b, c:d].mean() for c, d in pairwise(columns)] for a, b in pairwise(rows)])


def _seen(images):
    """Give what can be read, and what cannot."""
    found = list(images.decoded())
    return [one for one in found if not isinstance(one[1], SetAside)], tuple(
        one for _, one in found if isinstance(one, SetAside)
    )


class BrightMap(AttentionExplainer):
    """Where an image is bright. Written before explainers could be given scores or keypoints: it names the images alone."""

    def explain(self, images: ImageSet) -> AttentionMaps:
        """Give one map an image."""
        seen, aside = _seen(images)
        maps = np.array([_grid(picture) for _, picture in seen], np.float32).reshape(-1, GRID, GRID)
        ids = tuple(ref.id for ref, _ in seen)
        return AttentionMaps(images=images.name, ids=ids, maps=maps, low=0.0, high=1.0, about="brightness", set_aside=aside)


class AroundPoints(AttentionExplainer):
    """Where keypoints are."""

    def explain(self, images: ImageSet, keypoints: Keypoints) -> AttentionMaps:
        """Give one map an image that has points."""
        maps = np.zeros((len(keypoints.ids), GRID, GRID), np.float32)
        for row, points in enumerate(keypoints.points):
            for x, y in points:
                maps[row, min(int(y * GRID), GRID - 1), min(int(x * GRID), GRID - 1)] = 1
        return AttentionMaps(images=images.name, ids=keypoints.ids, maps=maps, low=0.0, high=1.0, about="keypoints")


class Brightest(KeypointFinder):
    """The brightest place of the left and of the right half."""

    def find(self, images: ImageSet) -> Keypoints:
        """Give two points an image."""
        seen, aside = _seen(images)
        points, scores, sizes = [], [], []
        for _, picture in seen:
            grid = _grid(picture)
            for half in (0, 1):
                part = grid[:, half * GRID // 2 : (half + 1) * GRID // 2]
                row, column = np.unravel_index(part.argmax(), part.shape)
                points.append(((column + half * GRID // 2 + 0.5) / GRID, (row + 0.5) / GRID))
                scores.append(part.max())
            sizes.append(picture.size)
        return Keypoints(
            images=images.name,
            ids=tuple(ref.id for ref, _ in seen),
            names=("left", "right"),
            points=np.array(points, np.float32).reshape(-1, 2, 2),
            visible=np.array(scores).reshape(-1, 2) > 0.3,
            scores=np.array(scores, np.float32).reshape(-1, 2),
            sizes=np.array(sizes, int).reshape(-1, 2),
            set_aside=aside,
        )
