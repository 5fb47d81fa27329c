from .framework.contract.cards import (
    Card as Card,
    Need as Need,
)
from .framework.contract.hookspecs import (
    hookimpl as hookimpl,
)
from .framework.contract.protocols import (
    Features as Features,
    StyleEncoder as StyleEncoder,
    StyleGenerator as StyleGenerator,
    StyleLayer as StyleLayer,
    StyleModel as StyleModel,
    Synthesis as Synthesis,
    Translates as Translates,
)
from .framework.contract.around import (
    BackboneFamily as BackboneFamily,
    Executor as Executor,
    Fitter as Fitter,
    ImportedBackbone as ImportedBackbone,
    Importer as Importer,
    Reader as Reader,
)
from .framework.contract.component import (
    Component as Component,
    Context as Context,
)
from .framework.contract.steps import (
    AttentionExplainer as AttentionExplainer,
    Compensator as Compensator,
    Editor as Editor,
    Encoder as Encoder,
    KeypointFinder as KeypointFinder,
    LatentScorer as LatentScorer,
    Translator as Translator,
    Traverser as Traverser,
)
from .framework.files.whole import (
    written_whole as written_whole,
)
from .framework.kit.batches import (
    Batch as Batch,
    batches as batches,
)
from .framework.kit.lanes import (
    in_lanes as in_lanes,
    lanes as lanes,
)
from .framework.kit.reconstruction import (
    reconstruction_error as reconstruction_error,
)
from .framework.values.ahead import (
    in_order as in_order,
)
from .framework.values.gate import (
    Gate as Gate,
    gate_of as gate_of,
)
from .framework.values.images import (
    ImageRef as ImageRef,
    ImageSet as ImageSet,
    ImageSource as ImageSource,
)
from .framework.values.inversion import (
    Inversion as Inversion,
)
from .framework.values.keypoints import (
    Keypoints as Keypoints,
)
from .framework.values.latents import (
    Latents as Latents,
)
from .framework.values.maps import (
    AttentionMaps as AttentionMaps,
)
from .framework.values.pictures import (
    Picture as Picture,
    Unreadable as Unreadable,
    decode as decode,
    decode_looks as decode_looks,
    Square as Square,
    square as square,
)
from .framework.values.scores import (
    AttributeScores as AttributeScores,
)
from .framework.values.space import (
    Dimension as Dimension,
    Space as Space,
    Words as Words,
)
from .framework.values.traversals import (
    ALONG as ALONG,
    LayerEffect as LayerEffect,
    TraversalRow as TraversalRow,
    Traversal as Traversal,
    Traversals as Traversals,
    InvisibleChange as InvisibleChange,
)
from .framework.values.value import (
    Value as Value,
)
from .specs.errors import (
    quoted as quoted,
)
from .framework.values.per_image import (
    SetAside as SetAside,
    PerImage as PerImage,
)
from .framework.values.value import (
    Array as Array,
    Axes as Axes,
)
from .framework.values.treatment import (
    Treatment as Treatment,
)
from .framework.values.scores import (
    Effects as Effects,
    Significance as Significance,
    Causes as Causes,
    JointTest as JointTest,
    SelfTest as SelfTest,
)
from .framework.running.decoding import (
    LookedAtOnce as LookedAtOnce,
)
from .framework.running.tasks import (
    JobResult as JobResult,
    Job as Job,
    Task as Task,
    Worker as Worker,
)
from .specs.backbone import (
    DEFECT_FIGURES as DEFECT_FIGURES,
)

# what commands are written with
from .framework.cli.options import (
    layered as layered,
)
from .framework.files.events import (
    as_json as as_json,
)
from .framework.host.targets import (
    config_model as config_model,
)
from .framework.running.doing import (
    do as do,
    works_of as works_of,
)
from .framework.running.keys import (
    key_of as key_of,
)
from .framework.running.numeric import (
    versions as versions,
)
from .framework.running.planner import (
    make_plan as make_plan,
)
from .framework.running.session import (
    Session as Session,
    session as session,
)
from .framework.running.store import (
    Store as Store,
    default_store as default_store,
)
from .framework.running.workshop import (
    Workshop as Workshop,
)
from .specs.merged import (
    merged as merged,
)
from .specs.nearest import (
    nearest as nearest,
)
from .specs.yaml import (
    parse_model as parse_model,
    read_yaml as read_yaml,
)
