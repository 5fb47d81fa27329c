"""What stylediff offers: one latent scorer."""

from __future__ import annotations

from ...plugin import Card, hookimpl


@hookimpl
def shiftlens_latent_scorers() -> list[Card]:
    """Offer the scorer ``stylediff``."""
    here = __name__.rpartition(".")[0]
    return [
        Card(
            id="stylediff",
            version=1,
            target=f"{here}.scorer:StyleDiff",
            config=f"{here}.config:StyleDiffConfig",
            title="W1 of every dimension with family-wise control, folded by cause",
        )
    ]
