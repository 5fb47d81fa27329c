"""What baselines offers: four latent scorers."""

from __future__ import annotations

from ...plugin import Card, hookimpl

_HERE = __name__.rpartition(".")[0]


def _card(id_: str, place: str, config: str, title: str) -> Card:
    return Card(id=id_, version=1, target=f"{_HERE}.{place}", config=f"{_HERE}.config:{config}", title=title)


@hookimpl
def shiftlens_latent_scorers() -> list[Card]:
    """Offer the scorers ``welch``, ``ks``, ``classifier`` and ``mmd``."""
    return [
        _card("welch", "welch:Welch", "PlainConfig", "Mean difference of every dimension, Welch's t, Holm's correction"),
        _card("ks", "ks:KolmogorovSmirnov", "PlainConfig", "Kolmogorov-Smirnov distance of every dimension, Holm's correction"),
        _card(
            "classifier", "classifier:DomainClassifier", "ClassifierConfig", "Linear classifier of the two sets: AUC, weights"
        ),
        _card("mmd", "mmd:Mmd", "MmdConfig", "Maximum mean discrepancy with a Gaussian kernel, and its witness"),
    ]
