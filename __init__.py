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
        "SpacesDiffer", "BackboneUnusable", "DigestDiffers", "UnsafeWeights", "OutputUnusable", "quoted",
    ),
    "specs.pipeline": ("PipelineSpec", "StepSpec", "ReportLayout"),
    "specs.backbone": ("BackboneSpec", "Source"),
    "specs.settings": ("Settings", "SiteSpec", "PluginPolicy"),
    "specs.dataset": ("DatasetSpec",),
    "specs.report": ("Report",),
    "registry.loading": ("load_tensors",),
    "framework.cards": ("Card", "Need"),
    "framework.hookspecs": ("hookimpl",),
    "framework.pictures": ("Picture", "Unreadable", "decode"),
    "framework.ahead": ("in_order",),
    "framework.images": ("ImageRef", "ImageSet", "ImageSource"),
    "framework.values": (
        "Value", "Space", "Dimension", "Words", "SetAside", "Latents", "AttributeScores", "AttentionMaps",
        "Keypoints", "Inversion",
    ),
    "framework.protocols": ("Features", "StyleLayer", "Synthesis", "StyleGenerator", "StyleEncoder", "StyleModel"),
    "framework.roles": (
        "Component", "Context", "Encoder", "LatentScorer", "AttentionExplainer", "Compensator", "Translator", "Editor",
        "Edit", "Fitter", "Reader",
        "BackboneFamily", "ReportSection", "Section",
    ),
    "framework.outcome": ("RunOutcome",),
    "framework.api": ("compare", "run"),
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
    from .registry.loading import (
        load_tensors as load_tensors,
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
    )
    from .framework.ahead import (
        in_order as in_order,
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
    )
    from .framework.protocols import (
        Features as Features,
        StyleLayer as StyleLayer,
        Synthesis as Synthesis,
        StyleGenerator as StyleGenerator,
        StyleEncoder as StyleEncoder,
        StyleModel as StyleModel,
    )
    from .framework.roles import (
        Component as Component,
        Context as Context,
        Encoder as Encoder,
        LatentScorer as LatentScorer,
        AttentionExplainer as AttentionExplainer,
        Compensator as Compensator,
        Translator as Translator,
        Editor as Editor,
        Edit as Edit,
        Fitter as Fitter,
        Reader as Reader,
        BackboneFamily as BackboneFamily,
        ReportSection as ReportSection,
        Section as Section,
    )
    from .framework.outcome import (
        RunOutcome as RunOutcome,
    )
    from .framework.api import (
        compare as compare,
        run as run,
    )
