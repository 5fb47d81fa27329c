"""shiftlens: which attributes differ between two folders of unlabelled images, where, and what to do.

This module is what users and plugin authors import. Names are loaded when they are first used,
so ``import shiftlens`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "specs.base": ("Spec", "Text"),
    "specs.errors": (
        "ShiftlensError", "SpecError", "UsageError", "UnknownName", "ForbiddenHere", "PluginFailed",
        "PluginConflict", "ComponentFailed", "MissingExtra", "InputUnusable", "TooFewImages",
        "SpacesDiffer", "BackboneUnusable", "DigestDiffers", "UnsafeWeights", "TrainingDiverged", "OutputUnusable", "quoted",
    ),
    "specs.pipeline": ("PipelineSpec", "StepSpec", "ReportLayout"),
    "specs.backbone": ("BackboneSpec", "Source"),
    "specs.settings": ("Settings", "SiteSpec", "PluginPolicy"),
    "specs.dataset": ("DatasetSpec",),
    "specs.report": ("Report",),
    "registry.loading": ("HasShape", "load_tensors", "misfits"),
    "registry.saved": ("read_card",),
    "registry.checkpoints": ("read_checkpoint",),
    "registry.stored": ("Stored", "read_stored"),
    "registry.inert": ("Record",),
    "framework.cards": ("Card", "Need"),
    "framework.hookspecs": ("hookimpl",),
    "framework.pictures": ("Picture", "Unreadable", "decode", "square"),
    "framework.ahead": ("in_order",),
    "framework.batches": ("Batch", "batches"),
    "framework.lanes": ("lanes", "in_lanes"),
    "framework.files": ("written_whole",),
    "framework.gate": ("gate_of",),
    "framework.reconstruction": ("reconstruction_error",),
    "framework.distances": ("frechet_distance", "kernel_distance", "pooled_features"),
    "framework.images": ("ImageRef", "ImageSet", "ImageSource"),
    "framework.values": (
        "Value", "Space", "Dimension", "Words", "SetAside", "Latents", "AttributeScores", "AttentionMaps",
        "Keypoints", "Inversion", "Gate",
    ),
    "framework.traversals": ("ALONG", "Shown", "Traversal", "Unseen", "LayerEffect", "Traversals"),
    "framework.protocols": (
        "Features", "StyleLayer", "Synthesis", "StyleGenerator", "StyleEncoder", "StyleModel", "Translates",
    ),
    "framework.roles": (
        "Component", "Context", "Encoder", "LatentScorer", "AttentionExplainer", "Traverser", "Compensator", "Translator",
        "Editor", "Edit", "Fitter", "Reader",
        "BackboneFamily", "Importer", "Imported", "ReportSection", "Section",
    ),
    "framework.fitting.config": ("FitConfig",),
    "framework.fitting.training": ("Training",),
    "framework.fitting.steps": ("descend", "follow", "seeded"),
    "framework.fitting.saving": ("save_backbone",),
    "framework.fitting.squares": ("Squares", "squares"),
    "framework.fitting.run": ("fit",),
    "framework.outcome": ("RunOutcome",),
    "framework.report.kit": (
        "Attribute", "Comparison", "Judged", "OneSide", "Repair", "RepresentativeImage", "SpaceReport", "Thumbnail",
        "comparisons", "distribution", "extreme_images", "heat_bar_uri", "heat_uri", "judged", "judged_space", "picture_uri",
        "repairs", "section_html", "storable", "thumbnails", "typical_images",
    ),
    "framework.api": ("compare", "run"),
    "framework.translation.run": ("translate",),
    "framework.translation.table": ("Translated",),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _WHERE.items() for name in names}
__all__ = ["__version__", *sorted(_MODULE_OF)]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__


if TYPE_CHECKING:  # the same names, for checkers
    from .specs.base import (
        Spec as Spec,
        Text as Text,
    )
    from .specs.errors import (
        ShiftlensError as ShiftlensError,
        SpecError as SpecError,
        UsageError as UsageError,
        UnknownName as UnknownName,
        ForbiddenHere as ForbiddenHere,
        PluginFailed as PluginFailed,
        PluginConflict as PluginConflict,
        ComponentFailed as ComponentFailed,
        MissingExtra as MissingExtra,
        InputUnusable as InputUnusable,
        TooFewImages as TooFewImages,
        SpacesDiffer as SpacesDiffer,
        BackboneUnusable as BackboneUnusable,
        DigestDiffers as DigestDiffers,
        UnsafeWeights as UnsafeWeights,
        TrainingDiverged as TrainingDiverged,
        OutputUnusable as OutputUnusable,
        quoted as quoted,
    )
    from .specs.pipeline import (
        PipelineSpec as PipelineSpec,
        StepSpec as StepSpec,
        ReportLayout as ReportLayout,
    )
    from .specs.backbone import (
        BackboneSpec as BackboneSpec,
        Source as Source,
    )
    from .specs.settings import (
        Settings as Settings,
        SiteSpec as SiteSpec,
        PluginPolicy as PluginPolicy,
    )
    from .specs.dataset import (
        DatasetSpec as DatasetSpec,
    )
    from .specs.report import (
        Report as Report,
    )
    from .registry.saved import (
        read_card as read_card,
    )
    from .registry.loading import (
        HasShape as HasShape,
        load_tensors as load_tensors,
        misfits as misfits,
    )
    from .registry.checkpoints import (
        read_checkpoint as read_checkpoint,
    )
    from .registry.stored import (
        Stored as Stored,
        read_stored as read_stored,
    )
    from .registry.inert import (
        Record as Record,
    )
    from .framework.cards import (
        Card as Card,
        Need as Need,
    )
    from .framework.hookspecs import (
        hookimpl as hookimpl,
    )
    from .framework.pictures import (
        Picture as Picture,
        Unreadable as Unreadable,
        decode as decode,
        square as square,
    )
    from .framework.ahead import (
        in_order as in_order,
    )
    from .framework.batches import (
        Batch as Batch,
        batches as batches,
    )
    from .framework.files import (
        written_whole as written_whole,
    )
    from .framework.gate import (
        gate_of as gate_of,
    )
    from .framework.lanes import (
        lanes as lanes,
        in_lanes as in_lanes,
    )
    from .framework.reconstruction import (
        reconstruction_error as reconstruction_error,
    )
    from .framework.distances import (
        frechet_distance as frechet_distance,
        kernel_distance as kernel_distance,
        pooled_features as pooled_features,
    )
    from .framework.images import (
        ImageRef as ImageRef,
        ImageSet as ImageSet,
        ImageSource as ImageSource,
    )
    from .framework.values import (
        Value as Value,
        Space as Space,
        Dimension as Dimension,
        Words as Words,
        SetAside as SetAside,
        Latents as Latents,
        AttributeScores as AttributeScores,
        AttentionMaps as AttentionMaps,
        Keypoints as Keypoints,
        Inversion as Inversion,
        Gate as Gate,
    )
    from .framework.traversals import (
        ALONG as ALONG,
        Shown as Shown,
        Traversal as Traversal,
        Unseen as Unseen,
        LayerEffect as LayerEffect,
        Traversals as Traversals,
    )
    from .framework.protocols import (
        Features as Features,
        StyleLayer as StyleLayer,
        Synthesis as Synthesis,
        StyleGenerator as StyleGenerator,
        StyleEncoder as StyleEncoder,
        StyleModel as StyleModel,
        Translates as Translates,
    )
    from .framework.roles import (
        Component as Component,
        Context as Context,
        Encoder as Encoder,
        LatentScorer as LatentScorer,
        AttentionExplainer as AttentionExplainer,
        Traverser as Traverser,
        Compensator as Compensator,
        Translator as Translator,
        Editor as Editor,
        Edit as Edit,
        Fitter as Fitter,
        Reader as Reader,
        BackboneFamily as BackboneFamily,
        Importer as Importer,
        Imported as Imported,
        ReportSection as ReportSection,
        Section as Section,
    )
    from .framework.fitting.config import (
        FitConfig as FitConfig,
    )
    from .framework.fitting.training import (
        Training as Training,
    )
    from .framework.fitting.steps import (
        descend as descend,
        follow as follow,
        seeded as seeded,
    )
    from .framework.fitting.saving import (
        save_backbone as save_backbone,
    )
    from .framework.fitting.squares import (
        Squares as Squares,
        squares as squares,
    )
    from .framework.fitting.run import (
        fit as fit,
    )
    from .framework.outcome import (
        RunOutcome as RunOutcome,
    )
    from .framework.report.kit import (
        Attribute as Attribute,
        Comparison as Comparison,
        Judged as Judged,
        OneSide as OneSide,
        Repair as Repair,
        RepresentativeImage as RepresentativeImage,
        SpaceReport as SpaceReport,
        Thumbnail as Thumbnail,
        comparisons as comparisons,
        distribution as distribution,
        extreme_images as extreme_images,
        heat_bar_uri as heat_bar_uri,
        heat_uri as heat_uri,
        judged as judged,
        judged_space as judged_space,
        picture_uri as picture_uri,
        repairs as repairs,
        section_html as section_html,
        storable as storable,
        thumbnails as thumbnails,
        typical_images as typical_images,
    )
    from .framework.api import (
        compare as compare,
        run as run,
    )
    from .framework.translation.run import (
        translate as translate,
    )
    from .framework.translation.table import (
        Translated as Translated,
    )
