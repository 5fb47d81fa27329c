"""What is concluded from the table: which way to repair may be used, and why not another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ... import Text
from .config import METHODS, Limits, Method, Verdict
from .safety import Row

_MARGIN, _SURE = 0.05, 0.95
_LEVEL = 1 / 255


def verdict(rows: Sequence[Row], limits: Limits) -> Verdict:
    """Choose: of the ways that keep defects, the one nearest to the target; the cheapest of those that are as near.

    One is nearer than another by more than a twentieth of the distance that there is without any repair, and in 95 % of the
    draws. Of two that are as near, one that leaves less than half of the other's difference in light, and a grey level less,
    is preferred at any price.
    """
    by_name = {row.name: row for row in rows}
    nothing, passed = by_name["none"], [row for name in METHODS if (row := by_name.get(name)) and not failed(row, limits)]
    winner: Row | None = None
    for row in passed:
        if _better(row, winner or nothing, nothing):
            winner = row
    network = by_name.get("network")
    why = failed(network, limits) if network else None
    if winner is not None:
        return Verdict(winner=_method(winner.name), reason=_chosen(winner, nothing, why))
    if why is not None and not passed:
        return Verdict(winner=None, reason=why)
    none = "no way to repair brings the images nearer to the target than they are"
    en, ja = _with(why, none, "どの補正でも目標データに近づきません")
    return Verdict(winner=None, reason=Text(en=en, ja=ja))


def failed(row: Row, limits: Limits) -> Text | None:
    """Say what a way does not hold, or nothing."""
    kept = row.kept if row.kept_through is None else row.kept_through
    extra = row.invented if row.invented_through is None else row.invented_through
    if not row.planted:
        return Text(
            en="no planted defect can be seen on these images, so nothing is known of what becomes of defects",
            ja="これらの画像では埋め込んだ欠陥が見えないため、欠陥への影響を判定できません",
        )
    if row.held_ok > limits.held:
        share = f"{100 * row.held_ok:.0f} %"
        return Text(
            en=f"{row.name}: the gate holds back {share} of good images",
            ja=f"{row.name}：良品画像の {share} がゲートで止まります",
        )
    if kept < limits.kept:
        share, least = f"{100 * kept:.1f} %", f"{100 * limits.kept:g} %"
        return Text(
            en=f"{row.name}: {share} of {row.planted} planted defects are kept, {least} are asked for",
            ja=f"{row.name}：埋め込んだ欠陥 {row.planted} 個のうち {share} が残ります（基準 {least}）",
        )
    if extra > limits.invented:
        share, most = f"{100 * extra:.1f} %", f"{100 * limits.invented:g} %"
        return Text(
            en=f"{row.name}: a defect is invented on {share} of the images, {most} are allowed",
            ja=f"{row.name}：画像の {share} に存在しない欠陥が現れます（許容 {most}）",
        )
    if row.edges < limits.edges or row.gradients < limits.gradients:
        return Text(
            en=f"{row.name}: structure is lost, edges F1 {row.edges:.2f}, gradients {row.gradients:.2f}",
            ja=f"{row.name}：形状が変わります（輪郭 F1 {row.edges:.2f}、勾配相関 {row.gradients:.2f}）",
        )
    return None


def _better(row: Row, than: Row, nothing: Row) -> bool:
    return _nearer(row, than, nothing) or (not _nearer(than, row, nothing) and _evener(row, than))


def _evener(row: Row, than: Row) -> bool:
    lights = [one.distance.light if one.distance else None for one in (row, than)]
    if lights[0] is None or lights[1] is None:
        return False
    return lights[0] < lights[1] / 2 and lights[1] - lights[0] > _LEVEL


def _nearer(row: Row, than: Row, nothing: Row) -> bool:
    if row.distance is None or than.distance is None or nothing.distance is None:
        return than is nothing and row.name == "network"
    less = np.array(than.distance.draws) - np.array(row.distance.draws)
    return bool(less.mean() > _MARGIN * abs(nothing.distance.kernel) and (less > 0).mean() >= _SURE)


def _method(name: str) -> Method:
    return next(method for method in METHODS if method == name)


def _chosen(winner: Row, nothing: Row, why: Text | None) -> Text:
    if winner.distance is None or nothing.distance is None:
        return Text(
            en=f"{winner.name} keeps defects; distances were not measured", ja=f"{winner.name}：欠陥を保ちます（距離は未測定）"
        )
    left = f"{100 * winner.distance.kernel / nothing.distance.kernel:.0f} %" if nothing.distance.kernel > 0 else "?"
    en, ja = _with(
        why,
        f"{winner.name} keeps defects and leaves {left} of the distance to the target",
        f"{winner.name}：欠陥を保ち、目標データとの距離は補正前の {left} になります",
    )
    return Text(en=en, ja=ja)


def _with(why: Text | None, en: str, ja: str) -> tuple[str, str]:
    """Add why the network may not be used, if so."""
    return (en, ja) if why is None else (f"{en}; {why.en}", f"{ja}。{why.ja}")
