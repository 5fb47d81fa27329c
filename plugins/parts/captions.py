"""What an image shows, in plain words, English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ... import Text

_FAMILIES = {
    "bracket": ("bracket", "ブラケット"), "washer": ("tab washer", "舌付き座金"), "gear": ("gear", "歯車"),
    "flange": ("flange", "フランジ"), "connector": ("connector", "コネクタ"), "link": ("link", "リンク"),
    "plate": ("plate", "プレート"),
}  # fmt: skip
_DEFECTS = {
    "scratch": ("a scratch", "キズ"), "dent": ("a dent", "打痕"), "stain": ("a stain", "シミ"), "burr": ("a burr", "バリ"),
    "missing-hole": ("a missing hole", "穴なし"), "crack": ("a crack", "クラック"),
}  # fmt: skip
_GROUNDS = {
    "belt": ("a dark conveyor belt", "暗色のベルト"),
    "tray": ("a pale tray", "明色のトレイ"),
    "mat": ("a blue-grey mat", "青灰色のマット"),
}
_SIDES = (
    ("the right", "右"), ("the upper right", "右上"), ("above", "上"), ("the upper left", "左上"),
    ("the left", "左"), ("the lower left", "左下"), ("below", "下"), ("the lower right", "右下"),
)  # fmt: skip


def caption(family: str, finish: str, code: str, defects: Sequence[str], ground: str, factors: Mapping[str, float]) -> Text:
    """Say what the part is, how it lies, where the light comes from, and what is wrong with it.

    >>> caption("gear", "cast", "A17", ["crack"], "belt", {"rotation": 12.2, "lamp_azimuth": 130.0}).en
    'A cast gear marked A17 on a dark conveyor belt, turned 12° counter-clockwise, lit from the upper left. It has a crack.'
    """
    turn = round((factors["rotation"] + 180) % 360 - 180)
    side = _SIDES[round(factors["lamp_azimuth"] / 45) % 8]
    turned = (
        (
            f", turned {abs(turn)}° {'counter-' if turn > 0 else ''}clockwise",
            f"{'反時計' if turn > 0 else '時計'}回りに{abs(turn)}°回転、",
        )
        if turn
        else ("", "")
    )
    wrong = [_DEFECTS[name] for name in defects]
    en = f"A {finish} {_FAMILIES[family][0]} marked {code} on {_GROUNDS[ground][0]}{turned[0]}, lit from {side[0]}."
    en += f" It has {_listed([name for name, _ in wrong])}." if wrong else " It has no defect."
    skin = "ヘアライン仕上げ" if finish == "brushed" else "鋳肌"
    ja = f"{_GROUNDS[ground][1]}上の{skin}の{_FAMILIES[family][1]}（刻印{code}）。"
    ja += f"{turned[1]}照明は{side[1]}から。" + (f"欠陥：{'、'.join(name for _, name in wrong)}。" if wrong else "欠陥なし。")
    return Text(en=en, ja=ja)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
