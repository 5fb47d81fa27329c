"""Attributes of surface, position and file: what a technician looks for at the part, the fixture and the storage."""

from __future__ import annotations

from .wording import Pair, attribute

_SAME_FILE: Pair = (
    "save both sides with the same file format, quality and size",
    "両拠点で画像の保存形式・圧縮率・サイズを統一してください",
)
_POSITION: Pair = (
    "check the fixture, the trigger timing and the camera mount",
    "治具、トリガのタイミング、カメラの取り付け位置を確認してください",
)
_SURFACE: Pair = (
    "compare material lot, finishing and cleaning of the parts",
    "材料ロット、表面仕上げ、洗浄条件を比較してください",
)

SURFACE = (
    attribute(
        "texture-strength",
        "%",
        0.2,
        "surface",
        (
            ("texture strength", "表面テクスチャの強さ"),
            ("rougher in texture", "表面の凹凸模様が強い"),
            ("smoother in texture", "表面の凹凸模様が弱い"),
            ("variation against the local level at 2 to 12 px", "2〜12 pxの細かさにおける局所平均比の変動"),
        ),
        _SURFACE,
    ),
    attribute(
        "texture-period",
        "px",
        0.3,
        "surface",
        (
            ("texture period", "模様の周期"),
            ("coarser in pattern", "模様の間隔が広い"),
            ("finer in pattern", "模様の間隔が狭い"),
            ("first peak of the autocorrelation", "自己相関の第1ピーク"),
        ),
        (
            "check magnification, working distance and the tool that made the pattern",
            "撮影倍率、ワーク距離、加工工具の送り量を確認してください",
        ),
    ),
    attribute(
        "orientation",
        "°",
        1.0,
        "surface",
        (
            ("direction of lines", "筋目の方向"),
            ("turned counter-clockwise in its lines", "筋目が反時計回りに傾いている"),
            ("turned clockwise in its lines", "筋目が時計回りに傾いている"),
            (
                "way in which brightness changes least: 0° horizontal, 90° vertical",
                "明るさの変化が最小となる方向（0°＝水平、90°＝垂直）",
            ),
        ),
        (
            "check how the part lies, the camera's rotation and the grinding direction",
            "ワークの向き、カメラの回転、研削方向を確認してください",
        ),
        period=180.0,
    ),
)

POSITION = (
    attribute(
        "part-x",
        "%",
        0.5,
        "position",
        (
            ("part position across", "ワーク位置（左右）"),
            ("placed further right", "ワークが右に寄っている"),
            ("placed further left", "ワークが左に寄っている"),
            ("centre of the part from the left edge", "画像左端からワーク重心までの距離"),
        ),
        _POSITION,
    ),
    attribute(
        "part-y",
        "%",
        0.5,
        "position",
        (
            ("part position down", "ワーク位置（上下）"),
            ("placed lower", "ワークが下に寄っている"),
            ("placed higher", "ワークが上に寄っている"),
            ("centre of the part from the top edge", "画像上端からワーク重心までの距離"),
        ),
        _POSITION,
    ),
    attribute(
        "part-size",
        "×",
        0.015,
        "position",
        (
            ("part size", "ワークの大きさ"),
            ("larger in the picture", "ワークが大きく写っている"),
            ("smaller in the picture", "ワークが小さく写っている"),
            ("square root of the part's share of the picture", "画像に占めるワーク面積の平方根"),
        ),
        ("check working distance, zoom and product type", "ワーク距離、ズーム、品種を確認してください"),
        scale="log2",
    ),
    attribute(
        "part-rotation",
        "°",
        0.5,
        "position",
        (
            ("part rotation", "ワークの回転"),
            ("turned counter-clockwise", "ワークが反時計回りに回転している"),
            ("turned clockwise", "ワークが時計回りに回転している"),
            ("long axis of the part: 0° horizontal, 90° vertical", "ワーク長軸の方向（0°＝水平、90°＝垂直）"),
        ),
        _POSITION,
        period=180.0,
    ),
)

FILE = (
    attribute(
        "resolution",
        "px",
        0.01,
        "file",
        (
            ("picture size", "画像サイズ"),
            ("larger in pixels", "画素数が多い"),
            ("smaller in pixels", "画素数が少ない"),
            ("side of a square of as many pixels", "同画素数の正方形の一辺"),
        ),
        _SAME_FILE,
        scale="log2",
    ),
    attribute(
        "aspect",
        "×",
        0.01,
        "file",
        (
            ("picture shape", "縦横比"),
            ("wider in shape", "横長である"),
            ("taller in shape", "縦長である"),
            ("width over height of the file", "画像ファイルの幅／高さ"),
        ),
        _SAME_FILE,
        scale="log2",
    ),
    attribute(
        "blockiness",
        "%",
        5.0,
        "file",
        (
            ("compression blocks", "圧縮ブロックノイズ"),
            ("compressed harder", "圧縮によるブロックノイズが多い"),
            ("compressed less", "圧縮によるブロックノイズが少ない"),
            ("steps across borders of 8 px blocks against steps elsewhere", "8画素ブロック境界の段差と境界以外の段差の比"),
        ),
        _SAME_FILE,
    ),
)
