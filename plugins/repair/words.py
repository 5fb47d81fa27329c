"""The words of the section in both languages."""

from __future__ import annotations

from ... import Text

_WORDS = {
    "title": ("Repair: before and after", "補正前・補正後の比較"),
    "step": ("Step {step}", "ステップ {step}"),
    "before": ("Before", "補正前"),
    "after": ("After", "補正後"),
    "named_before": ("{name}, before", "{name}（補正前）"),
    "named_after": ("{name}, after", "{name}（補正後）"),
    "gate": ("What was repaired", "補正した画像"),
    "held": ("Given back as they were", "補正を見送った画像"),
    "held_more": ("All of them by name", "画像名の一覧"),
    "unread": ("Cannot be read", "読み込み不可"),
    "untouched": ("Left as they were, without a reason", "補正なし（理由の記載なし）"),
    "back": ("Given back", "見送り"),
    "note": ("To be known", "留意点"),
    "figures": (
        "Defects, as measured on held-out images when {backbone} was fitted",
        "欠陥への影響（{backbone} の学習時に、学習に使っていない画像で測定）",
    ),
    "defects": ("Defects", "欠陥への影響"),
    "figures_other": (
        "These are of its network; the images here were repaired in another way.",
        "これらはネットワークの値です。今回の画像は別の方法で補正しています。",
    ),
    "no_figures": (
        "What this repair does to defects was not measured. Check it on images with known defects before you rely on it.",
        "この補正が欠陥に与える影響は測定されていません。使用する前に、欠陥が分かっている画像で確認してください。",
    ),
    "kept": ("Planted defects kept", "埋め込んだ欠陥の保持"),
    "kept_through": ("… on images that the gate lets through", "同上（ゲートを通過した画像のみ）"),
    "invented": ("Images with an invented defect", "存在しない欠陥が現れた画像"),
    "held_ok": ("Good images held back", "見送られた良品画像"),
    "slides": ("The images", "画像の比較"),
    "slides_live": (
        "Drag over a picture, or use the arrow keys, to move between before (left) and after (right).",
        "画像上をドラッグするか矢印キーで、補正前（左）と補正後（右）の境界を動かせます。",
    ),
    "slides_note": (
        "Images that represent the leading differences, each of another part or scene where possible.",
        "主な差異を代表する画像です（できるだけ異なる部品・場面から選択）。",
    ),
    "slides_even": ("Images spread evenly over those that were repaired.", "補正した画像から均等に選んだものです。"),
    "move": ("Before and after: {name}", "補正前と補正後：{name}"),
    "table": ("What became of the differences", "差異の変化"),
    "table_note": (
        "Effects in standard deviations (σ) of before. Open circle: before; filled: after; dotted: what chance alone may show. "
        "Closed: no longer significant, and at least 80 % of what exceeded chance is gone.",
        "効果量は補正前の標準偏差（σ）を単位とします。白丸は補正前、黒丸は補正後、点線は偶然でも生じうる限界です。"
        "「解消」は、有意差がなくなり、偶然を超える分の 80 % 以上が消えたことを表します。",
    ),
    "attribute": ("Attribute", "属性"),
    "effect": ("Effect (σ)", "効果量（σ）"),
    "fell": ("Closed by", "減少率"),
    "grew": ("grew by", "増加"),
    "state": ("Result", "結果"),
    "chance": ("within chance", "偶然の範囲内"),
    "not_significant": ("not significant", "有意差なし"),
    "followers": ("What followed from these", "これらに伴う属性の変化"),
    "opened": ("opened", "新たに発生"),
    "worse": ("worse", "悪化"),
    "remains": ("remains", "残存"),
    "differs": ("differs", "差異あり"),
    "unmeasured": ("not measured", "測定不可"),
    "reduced": ("reduced", "縮小"),
    "closed": ("closed", "解消"),
    "actions": ("What remains to be done", "残る差異への対策"),
    "made_by_repair": (
        "The repair made this, not the line. Do not rely on repaired images where it matters: fit again, or use another one.",
        "現場ではなく補正によって生じた差異です。影響する用途では補正画像を使わず、再学習するか別のバックボーンを使用してください。",
    ),
    "no_action": ("No action is known for this attribute.", "この属性に対する定型の対策はありません。"),
    "spaces": ("Learned features", "学習特徴量"),
}  # fmt: skip
W = {key: Text(en=en, ja=ja) for key, (en, ja) in _WORDS.items()}
"""Texts by key."""


def filled(key: str, **values: str) -> Text:
    """Give a text with its blanks filled."""
    return Text(en=W[key].en.format(**values), ja=W[key].ja.format(**values))
