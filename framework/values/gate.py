"""The gate before a space that decodes: may codes speak for these images at all."""

from __future__ import annotations

import numpy as np

from ...specs.base import Spec, Text
from .latents import Latents

SHARE = 0.1
"""Share of a side above the limit at which the gate closes; 1 % is what the backbone's own images have."""


class Gate(Spec):
    """Whether codes can be trusted: how well images are made again from them.

    Shares are those of images whose error is above ``limit``; ``p`` is that of the W1 distance between the
    errors of the two sides, by exchanged groups, none where it was not tested. A ``closed`` gate means that
    the codes say nothing about these images: no attribute may be claimed. ``reason`` is what a reader must
    know first, if anything.
    """

    limit: float | None
    share_reference: float | None
    share_target: float | None
    p: float | None
    closed: bool = False
    reason: Text | None = None


def gate_of(
    reference: Latents, target: Latents, *, p: float | None = None, share: float = SHARE, alpha: float = 0.05
) -> Gate | None:
    """Judge two sets by how well their images are made again from their codes; nothing where they are not.

    Args:
        reference: latents of the one side, with errors, its space perhaps with an ``error_limit``.
        target: those of the other.
        p: that the errors of both sides are alike, where it was tested.
        share: the gate closes where more than this share of either side is above the limit.
        alpha: below this ``p`` the reader is warned.

    >>> from .space import Space
    >>> space = Space(encoder="e", key="k", dimensions=(), error_limit=0.1)
    >>> known, strange = (
    ...     Latents(space=space, images=i, ids=("1",), groups=("1",), values=np.zeros((1, 0)), error=np.array([error]))
    ...     for i, error in (("a", 0.05), ("b", 0.3))
    ... )
    >>> gate_of(known, known).closed, gate_of(known, strange).closed, gate_of(known, strange).share_target
    (False, True, 1.0)
    """
    errors = [side.error for side in (reference, target) if side.error is not None]
    if len(errors) < 2:
        return None
    name, limit = reference.space.encoder, reference.space.error_limit
    if limit is None:
        said = _joined(_unlimited(name), _bias(name, p, alpha))
        return Gate(limit=None, share_reference=None, share_target=None, p=p, reason=said)
    above = [float(np.mean(error > limit)) if len(error) else 0.0 for error in errors]
    closed = max(above) > share
    reason = _unknown(name, above, share) if closed else _bias(name, p, alpha)
    return Gate(limit=limit, share_reference=above[0], share_target=above[1], p=p, closed=closed, reason=reason)


_SIDES = (Text(en="development", ja="開発データ"), Text(en="site", ja="現場データ"))


def _unlimited(name: str) -> Text:
    return Text(
        en=f"The {name} backbone does not say how well it makes its own images again, so nothing says whether it knows these.",
        ja=f"{name} のバックボーンに再構成誤差の限界値がないため、これらの画像を表現できるかどうかは判定していません。",
    )


def _unknown(name: str, above: list[float], share: float) -> Text:
    worst = [(side, f"{100 * value:.0f} %") for side, value in zip(_SIDES, above, strict=True) if value > share]
    en = " and ".join(f"{value} of the {side.en} images" for side, value in worst)
    ja = "、".join(f"{side.ja}の {value}" for side, value in worst)
    return Text(
        en=f"The {name} backbone does not know these images: {en} are reconstructed worse than 99 % of what it was made for. "
        "No attribute of its space is claimed.",
        ja=f"{name} のバックボーンはこれらの画像を表現できません：{ja}で、再構成誤差が学習対象の 99 % を上回っています。"
        "この空間の属性については判定しません。",
    )


def _bias(name: str, p: float | None, alpha: float) -> Text | None:
    if p is None or p >= alpha:
        return None
    return Text(
        en=f"The {name} backbone reconstructs the two sides unequally well (p {p:.2g}): part of any difference in its space "
        "may come from the encoder, not from the images.",
        ja=f"{name} のバックボーンの再構成誤差が両データで異なります（p {p:.2g}）。この空間の差異の一部は、"
        "画像ではなくエンコーダーに由来する可能性があります。",
    )


def _joined(first: Text, second: Text | None) -> Text:
    return first if second is None else Text(en=f"{first.en} {second.en}", ja=f"{first.ja}{second.ja}")
