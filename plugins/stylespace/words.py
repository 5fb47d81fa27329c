"""The words of the section in both languages."""

from __future__ import annotations

from ... import Text
from ...plugin import Dimension, LayerEffect
from .config import ID

_WORDS = {
    "title": ("Styles, decoded", "スタイルの差異（画像による可視化）"),
    "gate": ("Does the backbone know these images?", "バックボーンはこれらの画像を表現できるか"),
    "gate_open": (
        "Yes: they are made again about as well as what it was made for.",
        "はい。学習対象と同程度に再構成できています。",
    ),
    "gate_mostly": (
        "Most of them; do not rely on those above the limit.",
        "大部分は表現できています。限界値を超えた画像は参考程度としてください。",
    ),
    "gate_closed": (
        "No. Nothing is said of the styles of these images.",
        "いいえ。これらの画像のスタイルについては判定しません。",
    ),
    "gate_unknown": (
        "Not judged: the backbone states no error limit.",
        "判定なし：バックボーンに再構成誤差の限界値がありません。",
    ),
    "above": ("Above the limit", "限界値を超えた画像"),
    "limit": ("Limit (99 % of what it was made for)", "限界値（学習対象の 99 %）"),
    "error_p": ("p that both sides’ errors are alike", "両データの誤差分布が等しいとしたときの p 値"),
    "error_note": (
        "Reconstruction error of each image (RMS, pictures in 0–1); the dotted line is the limit",
        "各画像の再構成誤差（RMS、画素値 0～1）。点線は限界値",
    ),
    "flagged": ("Images above the limit", "限界値を超えた画像の一覧"),
    "how": (
        "Each card is one attribute of the generator’s own code: a number, and what moves with it inside both sets. It is "
        "moved with everything else fixed: look from left to right. It has no name; the pictures say what it does.",
        "各カードは生成モデルの符号の 1 属性（1 つの値と、両データ内でそれに連動する値）だけを動かし、他を固定したものです。"
        "左から右へ見比べてください。属性に名前はなく、何が変わるかは画像が示します。",
    ),
    "nothing": ("No style differs at the chosen level.", "設定した有意水準で差のあるスタイルはありません。"),
    "nothing_seen": (
        "Styles differ, but none of them shows in the pictures; see the list below.",
        "差のあるスタイルはありますが、画像上で目に見える変化はありません。下の一覧をご覧ください。",
    ),
    "mean": ("Mean image", "平均画像"),
    "of_reference": ("Development image", "開発データの画像"),
    "of_target": ("Site image", "現場データの画像"),
    "walk": ("Set to the pooled quantile", "両データを合わせた分位点に設定"),
    "walk_note": (
        "Pictures that the backbone makes (not photographs) of the mean image and of two images a side",
        "平均画像と両データ各 2 枚の再構成（撮影画像ではありません）",
    ),
    "heat": ("Where it changes", "変化する箇所"),
    "heat_note": (
        "Mean change from the lowest to the highest quantile; one scale for all cards",
        "最小から最大の分位点までの平均変化量。全カード共通の尺度",
    ),
    "moves": ("What becomes of development images", "開発データの画像を現場データに合わせた場合"),
    "moves_note": (
        "Left: as reconstructed. Right: with this attribute carried to where the site has it (equal ranks)",
        "左：再構成。右：この属性だけを現場データの同順位の値に移した画像",
    ),
    "originals": ("Originals that represent the difference", "差異を代表する元画像"),
    "extremes": ("Originals with the highest and lowest values", "値が最大・最小の元画像"),
    "highest": ("highest", "最大"),
    "lowest": ("lowest", "最小"),
    "visible": ("Visible change, −2 σ to +2 σ", "見た目の変化（−2 σ～+2 σ）"),
    "alone": ("by itself", "単独では"),
    "auc": ("Separation (AUC)", "分離度（AUC）"),
    "at_site": ("At the site", "現場データ"),
    "members": ("What moves with it", "連動する属性"),
    "along": ("All styles together", "すべてのスタイルを合わせた方向"),
    "along_note": (
        "No single attribute separates the two sets as well as all together. Images are moved the way that leads from the mean "
        "of development to that of the site; the AUC is that of images which the direction had not seen.",
        "単独の属性よりも、全体を合わせた方向のほうが両データをよく分離します。開発データの平均から現場データの平均へ向かう"
        "方向に画像を動かしたものです。AUC は交差検証による値です。",
    ),
    "unseen": ("Not visible", "目に見えない差異"),
    "unseen_note": (
        "These differ, but changing them changes the pictures too little to be seen, however large the difference.",
        "以下は差がありますが、動かしても画像の変化が小さく、差の大きさにかかわらず目に見えません。",
    ),
    "layers": ("In which layers the difference lies", "差異が現れる層"),
    "layer": ("Layer", "層"),
    "mean_effect": ("Mean effect above chance (σ)", "偶然を上回る平均効果量（σ）"),
    "largest": ("Largest", "最大"),
    "count": ("Significant, of", "有意／総数"),
    "attribute": ("Attribute", "属性"),
    "change": ("Visible change", "見た目の変化"),
}
W = {key: Text(en=en, ja=ja) for key, (en, ja) in _WORDS.items()}
"""Texts by key."""
STAGES = {
    "coarse": Text(en="coarse", ja="粗い構造"),
    "middle": Text(en="middle", ja="中程度の構造"),
    "fine": Text(en="fine", ja="細部"),
}


def stage(resolution: int | None) -> str:
    """Give the part of the generator that a layer of ``resolution`` px belongs to, nothing where it belongs to none.

    >>> stage(32), stage(128), stage(256), stage(None)
    ('coarse', 'middle', 'fine', '')
    """
    if resolution is None:
        return ""
    return "coarse" if resolution <= 32 else "middle" if resolution <= 128 else "fine"


def name_of(dimension: Dimension, layers: tuple[LayerEffect, ...]) -> Text:
    """Give the name of a dimension: what it is and where it acts, and no more than that."""
    place = next((stage(layer.resolution) for layer in layers if layer.layer == dimension.layer), "")
    if not place:
        return Text(en=f"Direction {dimension.id}", ja=f"方向 {dimension.id}")
    return Text(en=f"Channel {dimension.id} ({STAGES[place].en})", ja=f"チャンネル {dimension.id}（{STAGES[place].ja}）")


def with_followers(name: Text, more: int) -> Text:
    """Give the title of a cluster: its shown member, and how many move with it."""
    if not more:
        return name
    return Text(
        en=f"{name.en} and {more} more that move{'s' if more == 1 else ''} with it", ja=f"{name.ja}と連動する {more} 属性"
    )


def summary(dimensions: int, independent: float, found: int, shown: int, unseen: int, left: int) -> Text:
    """Say how much was looked at."""
    en = f"{dimensions} numbers an image in the space {ID}, which vary as about {independent:.0f} independent ones would. "
    ja = f"{ID} 空間は画像 1 枚あたり {dimensions} 個の値からなり、実質的な自由度は約 {independent:.0f} です。"
    if not found:
        return Text(en=en.strip(), ja=ja)
    en += f"{found} {'attribute differs' if found == 1 else 'attributes differ'}: {shown} shown"
    ja += f"差のある属性は {found} 件で、うち {shown} 件を表示"
    if unseen:
        en, ja = f"{en}, {unseen} not visible", f"{ja}、{unseen} 件は目に見えず"
    if left:
        en, ja = f"{en}, {left} more in report.json’s attributes", f"{ja}、{left} 件は省略"
    return Text(en=f"{en}.", ja=f"{ja}しています。")
