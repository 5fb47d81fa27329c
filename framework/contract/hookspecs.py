"""All hook specs on one page. A contribution returns cards; order never matters.

Implement any of them in a module or object and offer it by the entry point group ``shiftlens``::

    [project.entry-points.shiftlens]
    acme = "acme_shiftlens.plugin"

Hooks are called once a process, before any spec is checked; they must not import a model library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from .cards import Card

if TYPE_CHECKING:
    from ...specs.report import Report
    from ..running.outcome import RunOutcome

PROJECT = "shiftlens"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Contributions:
    """Hooks that offer components."""

    @hookspec
    def shiftlens_encoders(self) -> Iterable[Card]:
        """Offer encoders: images to latents. Targets are :class:`shiftlens.plugin.Encoder` classes."""
        return ()

    @hookspec
    def shiftlens_latent_scorers(self) -> Iterable[Card]:
        """Offer latent scorers: how two sets of latents differ (:class:`shiftlens.plugin.LatentScorer`)."""
        return ()

    @hookspec
    def shiftlens_attention_explainers(self) -> Iterable[Card]:
        """Offer attention explainers: where in each image (:class:`shiftlens.plugin.AttentionExplainer`)."""
        return ()

    @hookspec
    def shiftlens_keypoint_finders(self) -> Iterable[Card]:
        """Offer keypoint finders: the same points in every image (:class:`shiftlens.plugin.KeypointFinder`)."""
        return ()

    @hookspec
    def shiftlens_traversers(self) -> Iterable[Card]:
        """Offer traversers: what differing dimensions look like (:class:`shiftlens.plugin.Traverser`)."""
        return ()

    @hookspec
    def shiftlens_compensators(self) -> Iterable[Card]:
        """Offer compensators: what an inversion lost, put back (:class:`shiftlens.plugin.Compensator`)."""
        return ()

    @hookspec
    def shiftlens_translators(self) -> Iterable[Card]:
        """Offer translators: images of one domain as of another (:class:`shiftlens.plugin.Translator`)."""
        return ()

    @hookspec
    def shiftlens_editors(self) -> Iterable[Card]:
        """Offer editors: images with attributes changed (:class:`shiftlens.plugin.Editor`)."""
        return ()

    @hookspec
    def shiftlens_fitters(self) -> Iterable[Card]:
        """Offer fitters: trained on images, they make backbones (:class:`shiftlens.plugin.Fitter`)."""
        return ()

    @hookspec
    def shiftlens_backbone_families(self) -> Iterable[Card]:
        """Offer backbone families: weights to models (:class:`shiftlens.plugin.BackboneFamily`)."""
        return ()

    @hookspec
    def shiftlens_importers(self) -> Iterable[Card]:
        """Offer importers; a card's id is the name of the format that it reads (:class:`shiftlens.plugin.Importer`)."""
        return ()

    @hookspec
    def shiftlens_backbones(self) -> Iterable[Mapping[str, Any]]:
        """Offer backbones, each as the data of a :class:`shiftlens.BackboneSpec`."""
        return ()

    @hookspec
    def shiftlens_readers(self) -> Iterable[Card]:
        """Offer readers; a card's id is the scheme of the sources it opens (:class:`shiftlens.plugin.Reader`)."""
        return ()

    @hookspec
    def shiftlens_report_sections(self) -> Iterable[Card]:
        """Offer report sections (:class:`shiftlens.reporting.ReportSection`)."""
        return ()

    @hookspec
    def shiftlens_commands(self) -> Iterable[Card]:
        """Offer commands; a card's target is a click command, its id the word after ``shiftlens``."""
        return ()

    @hookspec
    def shiftlens_executors(self) -> Iterable[Card]:
        """Offer executors: what shards of work are done by (:class:`shiftlens.plugin.Executor`)."""
        return ()


class LifeCycle:
    """Hooks that are told what a run does. What they return is ignored; what they raise is reported, the run goes on."""

    @hookspec
    def shiftlens_run_started(self, manifest: Mapping[str, Any]) -> None:
        """Hear that a run starts. ``manifest`` is ``run.json`` as far as it is known."""

    @hookspec
    def shiftlens_step_started(self, step: str, component: str) -> None:
        """Hear that a step starts; its ``component`` is an id."""

    @hookspec
    def shiftlens_step_failed(self, step: str, component: str, error: str) -> None:
        """Hear that a step failed, which ends the run; ``error`` is the message."""

    @hookspec
    def shiftlens_step_finished(self, step: str, component: str, seconds: float, reused: bool) -> None:
        """Hear that a step is done; ``reused`` means that its value was in the store."""

    @hookspec
    def shiftlens_run_finished(self, outcome: RunOutcome) -> None:
        """Hear that all steps of a run are done, before its report is written."""

    @hookspec
    def shiftlens_report_written(self, folder: Path, report: Report) -> None:
        """Hear that the report of a run is written into ``folder``."""
