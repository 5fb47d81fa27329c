"""Roles of a pipeline's steps. The one method of a role fixes its ports, by parameter names and types.

A component names those ports that it takes: optional ones may be left out, and a new one of a role breaks nothing. What it
gives is checked against the type, and what it says of a space is set by the run.
"""

from __future__ import annotations

from abc import abstractmethod

from ..values.images import ImageSet
from ..values.inversion import Inversion
from ..values.keypoints import Keypoints
from ..values.latents import Latents
from ..values.maps import AttentionMaps
from ..values.scores import AttributeScores
from ..values.traversals import Traversals
from .component import Component


class Encoder(Component):
    """Gives each image a code. A row depends on its image alone, so work is cut in shards freely."""

    method = "encode"

    @abstractmethod
    def encode(self, images: ImageSet) -> Latents:
        """Give one row an image that can be read; name the others in ``set_aside``."""


class LatentScorer(Component):
    """Says how two sets of latents of one space differ."""

    method = "score"

    @abstractmethod
    def score(self, reference: Latents, target: Latents) -> AttributeScores:
        """Score every dimension.

        Raises:
            SpacesDiffer: the two were not made in the same space.
            TooFewImages: nothing can be said of so few.
        """


class AttentionExplainer(Component):
    """Says where in each image something is."""

    method = "explain"

    @abstractmethod
    def explain(self, images: ImageSet, about: AttributeScores | None, keypoints: Keypoints | None) -> AttentionMaps:
        """Give one map an image, all on one scale."""


class KeypointFinder(Component):
    """Finds the same points in every image."""

    method = "find"

    @abstractmethod
    def find(self, images: ImageSet) -> Keypoints:
        """Give as many points an image, in one order; one that is not seen is not ``visible``."""


class Traverser(Component):
    """Shows what the dimensions that differ look like, in a space that can be decoded."""

    method = "traverse"

    @abstractmethod
    def traverse(
        self, reference_images: ImageSet, target_images: ImageSet, reference: Latents, target: Latents, scores: AttributeScores
    ) -> Traversals:
        """Decode the attributes that lead in ``scores``, which were made of ``reference`` and ``target``.

        Raises:
            SpacesDiffer: this component or its backbone cannot decode the space.
        """


class Compensator(Component):
    """Finds what the codes of images lost, so that the images can be made again in full."""

    method = "compensate"

    @abstractmethod
    def compensate(self, images: ImageSet, codes: Latents) -> Inversion:
        """Give codes, in the space of those that it got, and what they lost, one an image."""


class Editor(Component):
    """Changes attributes of images and leaves the rest; which, and how far, is its config.

    What it gives is a set of images like any other, which may be measured, compared and repaired.
    """

    method = "edit"

    @abstractmethod
    def edit(
        self, images: ImageSet, inversion: Inversion | None, about: AttributeScores | None, where: AttentionMaps | None,
        reference: ImageSet | None,
    ) -> ImageSet:  # fmt: skip
        """Give the edited images by :meth:`ImageSet.remade`, of the same sizes, with what was done to each."""


class Translator(Component):
    """Makes images of one domain look like those of another, each of itself alone, so work is cut in shards freely."""

    method = "translate"

    @abstractmethod
    def translate(self, images: ImageSet) -> ImageSet:
        """Give the translated images by :meth:`ImageSet.remade`, of the same sizes, with what was done to each."""
