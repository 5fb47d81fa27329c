"""The conformance kit: promises of a role as tests. A plugin gets them by giving one fixture.

::

    from shiftlens.testing import EncoderConformance

    class TestMine(EncoderConformance):
        @pytest.fixture
        def encoder(self):
            return Mine()

Needs pytest.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from ..contract.steps import AttentionExplainer, Encoder, LatentScorer, Translator, Traverser
from ..values.gate import Gate
from ..values.images import ImageRef, ImageSet
from ..values.latents import Latents
from ..values.pictures import Picture, Unreadable
from ..values.scores import AttributeScores
from ..values.space import Dimension, Space
from ..values.traversals import ALONG, Traversals

TOLERANCE = 1e-4
Compared = tuple[ImageSet, ImageSet, Latents, Latents, AttributeScores]


@dataclass(frozen=True)
class Pictures:
    """Pictures in memory, as a source; an id without one is unreadable."""

    pictures: Mapping[str, Picture]

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:  # noqa: ARG002  (nothing to reduce)
        """Give the picture of ``ref``; see :class:`shiftlens.plugin.ImageSource`."""
        if ref.id not in self.pictures:
            raise Unreadable("planted: no picture")
        return self.pictures[ref.id]


def sample_images(count: int = 9, *, seed: int = 0, name: str = "sample", broken: int | None = 2) -> ImageSet:
    """Give ``count`` textured pictures of several sizes, grey and RGB, 8 and 16 bits; the one at ``broken`` cannot be read."""
    rng = np.random.default_rng(seed)
    pictures = {}
    for i in range(count):
        height, width = 72 + 8 * (i % 3), 96 - 8 * (i % 2)
        ramp = np.linspace(40, 180, width) + rng.normal(0, 12, (height, width))
        grey = np.clip(ramp, 0, 255).astype(np.uint8)
        if i % 3 == 1:
            pictures[f"{i}.png"] = Picture(np.stack([grey, grey // 2 + 40, grey // 3 + 60], axis=-1), 255.0)
        elif i % 3 == 2:
            pictures[f"{i}.png"] = Picture(grey.astype(np.uint16) * 257, 65535.0)
        else:
            pictures[f"{i}.png"] = Picture(grey, 255.0)
    names = list(pictures)
    if broken is not None:
        del pictures[names[broken]]
    refs = tuple(ImageRef(n, f"{seed}-{n}", f"{name}:{n}") for n in names)
    return ImageSet(name, refs, Pictures(pictures))


def sample_latents(count: int = 60, dimensions: int = 6, *, shift: float = 0.0, seed: int = 0, name: str = "sample") -> Latents:
    """Give normal latents whose first dimension is moved by ``shift`` standard deviations."""
    values = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    values[:, 0] += np.float32(shift)
    ids = tuple(f"{i}.png" for i in range(count))
    space = Space(encoder="sample", key="sample", dimensions=tuple(Dimension(id=f"d{i}") for i in range(dimensions)))
    return Latents(space=space, images=name, ids=ids, groups=tuple(f"{name}:{i}" for i in ids), values=values)


class EncoderConformance:
    """What every encoder promises. Give a fixture ``encoder``; override ``images`` for special inputs."""

    @pytest.fixture
    def images(self) -> ImageSet:
        return sample_images()

    def test_every_image_has_a_row_or_a_reason(self, encoder: Encoder, images: ImageSet) -> None:
        with encoder:
            latents = encoder.encode(images)
        assert sorted([*latents.ids, *(s.id for s in latents.set_aside)]) == sorted(r.id for r in images.refs)
        assert latents.values.shape == (len(latents.ids), len(latents.space))
        assert latents.values.dtype == np.float32
        assert not np.isinf(latents.values).any()

    def test_rows_keep_the_order_and_the_groups_of_the_images(self, encoder: Encoder, images: ImageSet) -> None:
        with encoder:
            latents = encoder.encode(images)
        group_of = {r.id: r.group for r in images.refs}
        assert latents.ids == tuple(r.id for r in images.refs if r.id in set(latents.ids))
        assert latents.groups == tuple(group_of[i] for i in latents.ids)

    def test_a_row_depends_on_its_image_alone(self, encoder: Encoder, images: ImageSet) -> None:
        with encoder:
            whole = encoder.encode(images)
            parts = Latents.concatenate([encoder.encode(shard) for shard in images.shards(2)])
        assert parts.ids == whole.ids
        np.testing.assert_allclose(parts.values, whole.values, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)

    def test_the_same_images_give_the_same_numbers(self, encoder: Encoder, images: ImageSet) -> None:
        with encoder:
            first, second = encoder.encode(images), encoder.encode(images)
        np.testing.assert_array_equal(first.values, second.values)
        assert first.space == second.space

    def test_images_that_cannot_be_read_leave_an_empty_table(self, encoder: Encoder, images: ImageSet) -> None:
        nothing = ImageSet("nothing", images.refs[:2], Pictures({}))
        with encoder:
            latents = encoder.encode(nothing)
        assert latents.values.shape == (0, len(latents.space))
        assert len(latents.set_aside) == 2

    def test_a_constructor_is_free_and_the_names_of_dimensions_are_unique(self, encoder: Encoder, images: ImageSet) -> None:
        with encoder:
            names = [d.id for d in encoder.encode(images).space.dimensions]
        assert len(set(names)) == len(names) > 0


class LatentScorerConformance:
    """What every latent scorer promises. Give a fixture ``scorer``."""

    def test_a_planted_shift_ranks_first(self, scorer: LatentScorer) -> None:
        scores = self._score(scorer, sample_latents(name="a"), sample_latents(shift=2.0, seed=1, name="b"))
        assert scores.effects.rank[0] == 1
        assert scores.significance.p_family[0] < 0.05
        assert scores.effects.shift[0] == pytest.approx(2.0, abs=0.5)

    def test_equal_values_differ_nowhere(self, scorer: LatentScorer) -> None:
        scores = self._score(scorer, sample_latents(name="a"), sample_latents(name="b"))
        np.testing.assert_allclose(scores.effects.size, 0, atol=1e-6)
        assert (scores.significance.p_family > 0.05).all()

    def test_one_entry_a_dimension(self, scorer: LatentScorer) -> None:
        scores = self._score(scorer, sample_latents(name="a"), sample_latents(seed=1, name="b"))
        for part in (scores.effects, scores.significance, scores.causes, scores.joint):
            part.check({"dimensions": len(scores.space)})

    @staticmethod
    def _score(scorer: LatentScorer, reference: Latents, target: Latents) -> AttributeScores:
        with scorer:
            return scorer.score(reference, target)


class TraverserConformance:
    """What every traverser promises. Give fixtures ``traverser`` and ``compared``, its arguments, in a space that differs."""

    def test_every_attribute_has_its_pictures(self, traverser: Traverser, compared: Compared) -> None:
        with traverser:
            made = traverser.traverse(*compared)
        assert made.attributes
        assert made.strips.dtype == np.uint8
        for facts, strip, values in zip(made.attributes, made.strips, made.values, strict=True):
            assert strip.shape[:2] == (len(facts.rows), len(made.levels))
            assert (np.diff(values) >= 0).all()
            assert facts.visible >= 0
            assert len(facts.steps) == len(facts.members)

    def test_only_significant_dimensions_are_shown(self, traverser: Traverser, compared: Compared) -> None:
        scores = compared[-1]
        with traverser:
            made = traverser.traverse(*compared)
        for facts in made.attributes:
            assert facts.dimension == ALONG or scores.significance.p_family[facts.dimension] <= scores.alpha
            assert facts.dimension == ALONG or facts.dimension in facts.members

    def test_a_closed_gate_shows_nothing(self, traverser: Traverser, compared: Compared) -> None:
        shut = Gate(limit=0.1, share_reference=0.0, share_target=1.0, p=0.01, closed=True)
        scores = compared[-1].model_copy(update={"gate": shut})
        with traverser:
            made = traverser.traverse(*compared[:-1], scores)
        assert made.attributes == ()
        assert made.unseen == ()

    def test_the_same_arguments_give_the_same_pictures(self, traverser: Traverser, compared: Compared) -> None:
        with traverser:
            first, second = traverser.traverse(*compared), traverser.traverse(*compared)
        assert first.digest() == second.digest()

    def test_a_value_survives_its_storage(self, traverser: Traverser, compared: Compared) -> None:
        with traverser:
            made = traverser.traverse(*compared)
        assert Traversals.join(*made.parts()).digest() == made.digest()


class TranslatorConformance:
    """What every translator promises. Give a fixture ``translator``; override ``images`` for special inputs."""

    @pytest.fixture
    def images(self) -> ImageSet:
        return sample_images()

    def test_every_image_comes_back_as_large_as_it_was(self, translator: Translator, images: ImageSet) -> None:
        with translator:
            made = translator.translate(images)
        assert made.is_remade, "ImageSet.remade gives other pixels"
        assert [(r.id, r.group) for r in made.refs] == [(r.id, r.group) for r in images.refs]
        for (_, before), (_, after) in zip(images.decoded(), made.decoded(), strict=True):
            assert isinstance(after, Picture) == isinstance(before, Picture)
            if isinstance(before, Picture) and isinstance(after, Picture):
                assert (after.pixels.shape, after.pixels.dtype) == (before.pixels.shape, before.pixels.dtype)

    def test_an_image_is_made_of_its_own_alone(self, translator: Translator, images: ImageSet) -> None:
        with translator:
            whole = translator.translate(images)
            parts = [translator.translate(shard) for shard in images.shards(2)]
        apart = [(part, ref) for part in parts for ref in part.refs]
        assert [(ref.id, ref.treatment) for _, ref in apart] == [(ref.id, ref.treatment) for ref in whole.refs]
        for (_, picture), (part, ref) in zip(whole.decoded(), apart, strict=True):
            if isinstance(picture, Picture):
                np.testing.assert_allclose(part.source.picture(ref).unit(), picture.unit(), atol=1.01 / 255)


class AttentionExplainerConformance:
    """What every attention explainer promises. Give fixtures ``explainer``, ``images`` and ``about``."""

    def test_maps_are_of_the_images_and_on_one_scale(
        self, explainer: AttentionExplainer, images: ImageSet, about: AttributeScores | None
    ) -> None:
        with explainer:
            given: dict[str, Any] = {"images": images, "about": about, "keypoints": None}
            named = inspect.signature(explainer.explain).parameters
            maps = explainer.explain(**{port: value for port, value in given.items() if port in named})
        assert maps.maps.ndim == 3
        assert len(maps.maps) == len(maps.ids)
        assert set(maps.ids) <= {r.id for r in images.refs}
        assert np.isfinite(maps.maps).all()
        assert maps.low < maps.high
