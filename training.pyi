from .framework.fitting.config import (
    FitConfig as FitConfig,
)
from .framework.fitting.saving import (
    save_backbone as save_backbone,
)
from .framework.fitting.squares import (
    Squares as Squares,
    squares as squares,
)
from .framework.fitting.steps import (
    descend as descend,
    update_average as update_average,
    seeded as seeded,
)
from .framework.fitting.training import (
    Training as Training,
)
from .framework.kit.distances import (
    frechet_distance as frechet_distance,
    kernel_distance as kernel_distance,
    pooled_features as pooled_features,
)
from .registry.checkpoints import (
    read_checkpoint as read_checkpoint,
)
from .registry.inert import (
    Record as Record,
)
from .registry.loading import (
    HasShape as HasShape,
    load_tensors as load_tensors,
    misfits as misfits,
)
from .registry.saved import (
    read_card as read_card,
)
from .registry.stored import (
    StoredObject as StoredObject,
    read_stored as read_stored,
)
