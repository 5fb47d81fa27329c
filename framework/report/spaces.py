"""What is said of a whole space: whether it differs, what could have been found, and its false alarms."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np

from ...specs.report import GateReport, SpaceReport
from .amounts import finite
from .attributes import corrected, label, matters
from .examples import of_space
from .sides import Comparison


def tests_of(compared: list[Comparison]) -> int:
    """Count the tests of a run: one a comparison, and one more, the joint test, for each space without words."""
    return sum(1 if c.named else 2 for c in compared)


def space_report(comparison: Comparison, *, tests: int, alpha: float, mapped: Mapping[str, Collection[str]]) -> SpaceReport:
    """Say what a comparison found as a whole; p is corrected over all ``tests`` of the run, ``mapped`` as in ``of_space``."""
    scores = comparison.scores
    measured = np.asarray(scores.effects.measured, bool)
    p = np.where(measured, corrected(scores.significance.p_family, tests), 1.0)
    p_space = float(np.where(matters(comparison), p, 1.0).min(initial=1.0))
    joint = finite(scores.joint.p)
    if not comparison.named and joint is not None:
        p_space = min(p_space, joint * tests)
    return SpaceReport(
        encoder=scores.space.encoder,
        step=comparison.step,
        backbone=scores.space.backbone,
        named=comparison.named,
        dimensions=len(scores.space),
        measured=int(measured.sum()),
        unmeasured=tuple(label(d) for d, known in zip(scores.space.dimensions, measured, strict=True) if d.words and not known),
        significant=int(((p < alpha) & matters(comparison)).sum()),
        differs=p_space < alpha,
        p_adjusted=p_space,
        critical=finite(scores.significance.critical),
        detectable=finite(scores.significance.detectable),
        images_now=(len(scores.reference_ids), len(scores.target_ids)),
        images_for_half=scores.significance.images_for_half,
        separation=finite(scores.joint.separation),
        separation_p=joint,
        self_splits=scores.self_test.splits,
        self_alarms=scores.self_test.alarms,
        self_interval=wilson(scores.self_test.alarms, scores.self_test.splits),
        representative=of_space(comparison, mapped) if not comparison.named and p_space < alpha else (),
        gate=GateReport(**scores.gate.model_dump(exclude={"reason"})) if scores.gate else None,
    )


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Give the 95 % score interval of a share (Wilson 1927).

    >>> [round(end, 3) for end in wilson(1, 20)]
    [0.009, 0.236]
    """
    if of == 0:
        return 0.0, 1.0
    z = 1.959963984540054
    share = hits / of
    centre = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, centre - half), min(1.0, centre + half)
