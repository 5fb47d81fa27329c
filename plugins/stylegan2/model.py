"""A generator with its encoder, as :class:`shiftlens.plugin.StyleModel`."""

from __future__ import annotations

from dataclasses import dataclass

from ...plugin import StyleEncoder, StyleGenerator


@dataclass(frozen=True)
class Stylegan2:
    """What the family makes of a backbone; see :class:`shiftlens.plugin.StyleModel`."""

    generator: StyleGenerator
    encoder: StyleEncoder | None = None
    error_limit: float | None = None
