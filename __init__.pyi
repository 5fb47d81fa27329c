from .framework.fitting.run import (
    fit as fit,
)
from .framework.pipelines.compare import (
    compare as compare,
    run as run,
)
from .framework.running.outcome import (
    RunOutcome as RunOutcome,
)
from .framework.translation.run import (
    translate as translate,
)
from .framework.translation.table import (
    TranslationReport as TranslationReport,
)
from .specs.backbone import (
    BackboneSpec as BackboneSpec,
    Source as Source,
)
from .specs.base import (
    Spec as Spec,
    Text as Text,
)
from .specs.dataset import (
    DatasetSpec as DatasetSpec,
)
from .specs.errors import (
    BackboneUnusable as BackboneUnusable,
    ComponentFailed as ComponentFailed,
    DigestDiffers as DigestDiffers,
    ForbiddenHere as ForbiddenHere,
    InputUnusable as InputUnusable,
    MissingExtra as MissingExtra,
    OutputUnusable as OutputUnusable,
    PluginConflict as PluginConflict,
    PluginFailed as PluginFailed,
    PromiseBroken as PromiseBroken,
    ShiftlensError as ShiftlensError,
    SpacesDiffer as SpacesDiffer,
    SpecError as SpecError,
    TooFewImages as TooFewImages,
    TrainingDiverged as TrainingDiverged,
    UnknownName as UnknownName,
    UnsafeWeights as UnsafeWeights,
    UsageError as UsageError,
)
from .specs.pipeline import (
    PipelineSpec as PipelineSpec,
    ReportLayout as ReportLayout,
    StepSpec as StepSpec,
)
from .specs.report import (
    Report as Report,
)
from .specs.settings import (
    PluginPolicy as PluginPolicy,
    Settings as Settings,
    SiteSpec as SiteSpec,
)

__version__: str
