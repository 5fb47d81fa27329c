"""The attributes: id, unit, smallest difference that matters, and how a person says it, in English and Japanese."""

from __future__ import annotations

from typing import Literal

from ... import Dimension, Text, Words

Kind = Literal["light", "colour", "optics", "position", "surface", "file"]
Pair = tuple[str, str]


def _words(
    kind: Kind, label: Pair, more: Pair, less: Pair, how: Pair, action_more: Pair | None = None, action_less: Pair | None = None
) -> Words:
    def text(pair: Pair) -> Text:
        return Text(en=pair[0], ja=pair[1])

    return Words(
        label=text(label),
        kind=kind,
        more=text(more),
        less=text(less),
        action_more=text(action_more) if action_more else None,
        action_less=text(action_less) if action_less else None,
        how=text(how),
    )


_SAME_FILE: Pair = (
    "save both sides with the same file format, quality and size",
    "両拠点で画像の保存形式・圧縮率・サイズを統一してください",
)
_POSITION: Pair = (
    "check the fixture, the trigger timing and the camera mount",
    "治具、トリガのタイミング、カメラの取り付け位置を確認してください",
)
_LAMP: Pair = (
    "check the position and angle of the lights and whether each is lit",
    "照明の位置・角度と、全灯が点灯しているかを確認してください",
)
_SURFACE: Pair = (
    "compare material lot, finishing and cleaning of the parts",
    "材料ロット、表面仕上げ、洗浄条件を比較してください",
)

LIGHT = (
    Dimension(
        id="exposure",
        unit="EV",
        scale="log2",
        floor=0.05,
        words=_words(
            "light",
            ("exposure", "露出（明るさ）"),
            ("brighter", "明るい"),
            ("darker", "暗い"),
            ("log2 of the mean grey level between its 5th and 95th percentile", "階調値の5〜95パーセンタイル平均のlog2"),
            (
                "lower exposure time, gain or lamp output, or open the aperture less",
                "露光時間・ゲイン・照明出力を下げるか、レンズを絞ってください",
            ),
            (
                "raise exposure time, gain or lamp output, or clean the lamp cover",
                "露光時間・ゲイン・照明出力を上げるか、照明カバーを清掃してください",
            ),
        ),
    ),
    Dimension(
        id="contrast",
        unit="%",
        floor=1.0,
        words=_words(
            "light",
            ("contrast", "コントラスト"),
            ("richer in contrast", "コントラストが高い"),
            ("flatter", "コントラストが低い"),
            (
                "(bright − dark) / (bright + dark) of the 90th and 10th percentile, uneven light divided out",
                "90・10パーセンタイルの（明−暗）/（明＋暗）。照明ムラは除去",
            ),
            (
                "compare tone curve settings and the angle of the light",
                "カメラの階調（ガンマ）設定と照明の当て方を比較してください",
            ),
            (
                "look for stray light and haze on the lens; compare tone curve settings",
                "迷光やレンズの曇りがないか確認し、階調（ガンマ）設定を比較してください",
            ),
        ),
    ),
    Dimension(
        id="shadows",
        unit="%",
        floor=0.2,
        words=_words(
            "light",
            ("crushed shadows", "黒つぶれ"),
            ("blacker in the shadows (more detail lost)", "黒つぶれが多い"),
            ("clearer in the shadows", "黒つぶれが少ない"),
            ("share of pixels at the black end of the scale", "最小階調に達した画素の割合"),
            ("raise exposure or black level", "露光または黒レベルを上げてください"),
            ("check whether the background or black level changed", "背景や黒レベルが変わっていないか確認してください"),
        ),
    ),
    Dimension(
        id="highlights",
        unit="%",
        floor=0.2,
        words=_words(
            "light",
            ("blown highlights", "白飛び"),
            ("blown out in more places", "白飛びが多い"),
            ("blown out in fewer places", "白飛びが少ない"),
            ("share of pixels at the white end of the scale", "最大階調に達した画素の割合"),
            ("lower exposure, or diffuse the light against glare", "露光を下げるか、拡散照明で正反射を抑えてください"),
            ("nothing is lost; exposure may have room", "階調の欠落はありません。露光に余裕があるか確認してください"),
        ),
    ),
    Dimension(
        id="gradient",
        unit="EV",
        floor=0.05,
        words=_words(
            "light",
            ("uneven light", "照明ムラ"),
            ("lit less evenly from side to side", "照明ムラ（片寄り）が大きい"),
            ("lit more evenly from side to side", "照明ムラ（片寄り）が小さい"),
            ("change of the fitted light from corner to corner", "推定した照明成分の対角方向の明暗差"),
            _LAMP,
            _LAMP,
        ),
    ),
    Dimension(
        id="gradient-direction",
        unit="°",
        period=360.0,
        floor=10.0,
        words=_words(
            "light",
            ("side that the light comes from", "光の当たる方向"),
            ("lit from a side further counter-clockwise", "光の方向が反時計回りにずれている"),
            ("lit from a side further clockwise", "光の方向が時計回りにずれている"),
            ("bright side of the fitted light: 0° right, 90° top", "推定した照明成分の明るい側（0°＝右、90°＝上）"),
            _LAMP,
            _LAMP,
        ),
    ),
)

COLOUR = (
    Dimension(
        id="colour-temperature",
        unit="K",
        floor=100.0,
        words=_words(
            "colour",
            ("colour temperature", "色温度"),
            ("cooler in colour (bluer)", "色温度が高い（青みが強い）"),
            ("warmer in colour (yellower)", "色温度が低い（黄みが強い）"),
            ("black body with the picture's ratio of red to blue light", "画像の赤／青比に相当する黒体の温度"),
            (
                "set the white balance to a fixed value; check the type and age of the lamp",
                "ホワイトバランスを固定し、照明の種類と経年劣化を確認してください",
            ),
            (
                "set the white balance to a fixed value; check the type and age of the lamp",
                "ホワイトバランスを固定し、照明の種類と経年劣化を確認してください",
            ),
        ),
    ),
    Dimension(
        id="tint",
        unit="EV",
        floor=0.05,
        words=_words(
            "colour",
            ("tint", "色かぶり（緑−マゼンタ）"),
            ("greener", "緑みが強い"),
            ("more magenta", "マゼンタみが強い"),
            ("green light against a black body of the same red to blue ratio", "同じ赤／青比の黒体に対する緑成分の比"),
            ("set the white balance on a grey card", "グレーカードでホワイトバランスを取り直してください"),
            ("set the white balance on a grey card", "グレーカードでホワイトバランスを取り直してください"),
        ),
    ),
    Dimension(
        id="saturation",
        unit="%",
        floor=0.5,
        words=_words(
            "colour",
            ("saturation", "彩度"),
            ("more saturated", "彩度が高い"),
            ("less saturated", "彩度が低い"),
            ("mean chroma after the colour of the light is taken out", "光源色を除いた平均彩度"),
            (
                "compare the camera's saturation and colour matrix settings",
                "カメラの彩度・カラーマトリクス設定を比較してください",
            ),
            (
                "compare the camera's saturation and colour matrix settings",
                "カメラの彩度・カラーマトリクス設定を比較してください",
            ),
        ),
    ),
)

OPTICS = (
    Dimension(
        id="sharpness",
        unit="1/px",
        scale="log2",
        floor=0.05,
        words=_words(
            "optics",
            ("sharpness", "鮮鋭度（ピント）"),
            ("sharper", "鮮明である"),
            ("more blurred", "ぼけている"),
            ("inverse width of the strongest edges, freed of noise", "強いエッジの幅の逆数（ノイズ成分を除去）"),
            (
                "check whether sharpening was switched on, or the magnification changed",
                "輪郭強調の設定と撮影倍率を確認してください",
            ),
            (
                "refocus, clean the lens, shorten the exposure against motion",
                "ピントを合わせ直し、レンズを清掃し、露光時間を短くしてブレを抑えてください",
            ),
        ),
    ),
    Dimension(
        id="noise",
        unit="%",
        floor=0.2,
        words=_words(
            "optics",
            ("noise", "ノイズ"),
            ("noisier", "ノイズが多い"),
            ("less noisy", "ノイズが少ない"),
            ("standard deviation against level in the flattest blocks", "平坦部の標準偏差／平均階調"),
            ("lower the gain and give more light", "ゲインを下げ、光量を増やしてください"),
            ("check whether noise reduction was switched on", "ノイズ低減処理が有効になっていないか確認してください"),
        ),
    ),
    Dimension(
        id="vignetting",
        unit="EV",
        floor=0.05,
        words=_words(
            "optics",
            ("vignetting", "周辺減光"),
            ("darker towards the corners", "周辺減光が大きい"),
            ("more even towards the corners", "周辺減光が小さい"),
            ("fall of the fitted light from the centre to the corners", "推定した照明成分の中心から四隅への低下量"),
            ("check lens, aperture, hood and ring light", "レンズ、絞り、フード、リング照明を確認してください"),
            (
                "check lens, aperture and ring light, or shading correction",
                "レンズ、絞り、リング照明、シェーディング補正を確認してください",
            ),
        ),
    ),
    Dimension(
        id="dark-spots",
        unit="1/MP",
        floor=5.0,
        words=_words(
            "optics",
            ("dark spots", "黒点（ゴミ・ピンホール）"),
            ("speckled with more dark spots", "黒点が多い"),
            ("speckled with fewer dark spots", "黒点が少ない"),
            ("small round dark spots per megapixel", "100万画素あたりの小さな円形黒点の数"),
            (
                "clean lens and sensor; spots that move with the part are on the part",
                "レンズとセンサを清掃してください。ワークと共に動く黒点は表面側の異物です",
            ),
            ("compare how clean lens, sensor and parts are", "レンズ・センサ・ワークの清浄度を比較してください"),
        ),
    ),
)

SURFACE = (
    Dimension(
        id="texture-strength",
        unit="%",
        floor=0.2,
        words=_words(
            "surface",
            ("texture strength", "表面テクスチャの強さ"),
            ("rougher in texture", "表面の凹凸模様が強い"),
            ("smoother in texture", "表面の凹凸模様が弱い"),
            ("variation against the local level at 2 to 12 px", "2〜12 pxの細かさにおける局所平均比の変動"),
            _SURFACE,
            _SURFACE,
        ),
    ),
    Dimension(
        id="texture-period",
        unit="px",
        floor=0.3,
        words=_words(
            "surface",
            ("texture period", "模様の周期"),
            ("coarser in pattern", "模様の間隔が広い"),
            ("finer in pattern", "模様の間隔が狭い"),
            ("first peak of the autocorrelation", "自己相関の第1ピーク"),
            (
                "check magnification, working distance and the tool that made the pattern",
                "撮影倍率、ワーク距離、加工工具の送り量を確認してください",
            ),
            (
                "check magnification, working distance and the tool that made the pattern",
                "撮影倍率、ワーク距離、加工工具の送り量を確認してください",
            ),
        ),
    ),
    Dimension(
        id="orientation",
        unit="°",
        period=180.0,
        floor=1.0,
        words=_words(
            "surface",
            ("direction of lines", "筋目の方向"),
            ("turned counter-clockwise in its lines", "筋目が反時計回りに傾いている"),
            ("turned clockwise in its lines", "筋目が時計回りに傾いている"),
            (
                "way in which brightness changes least: 0° horizontal, 90° vertical",
                "明るさの変化が最小となる方向（0°＝水平、90°＝垂直）",
            ),
            (
                "check how the part lies, the camera's rotation and the grinding direction",
                "ワークの向き、カメラの回転、研削方向を確認してください",
            ),
            (
                "check how the part lies, the camera's rotation and the grinding direction",
                "ワークの向き、カメラの回転、研削方向を確認してください",
            ),
        ),
    ),
)

POSITION = (
    Dimension(
        id="part-x",
        unit="% of width",
        floor=0.5,
        words=_words(
            "position",
            ("part position across", "ワーク位置（左右）"),
            ("placed further right", "ワークが右に寄っている"),
            ("placed further left", "ワークが左に寄っている"),
            ("centre of the part from the left edge", "画像左端からワーク重心までの距離"),
            _POSITION,
            _POSITION,
        ),
    ),
    Dimension(
        id="part-y",
        unit="% of height",
        floor=0.5,
        words=_words(
            "position",
            ("part position down", "ワーク位置（上下）"),
            ("placed lower", "ワークが下に寄っている"),
            ("placed higher", "ワークが上に寄っている"),
            ("centre of the part from the top edge", "画像上端からワーク重心までの距離"),
            _POSITION,
            _POSITION,
        ),
    ),
    Dimension(
        id="part-size",
        unit="of the picture's side",
        scale="log2",
        floor=0.015,
        words=_words(
            "position",
            ("part size", "ワークの大きさ"),
            ("larger in the picture", "ワークが大きく写っている"),
            ("smaller in the picture", "ワークが小さく写っている"),
            ("square root of the part's share of the picture", "画像に占めるワーク面積の平方根"),
            ("check working distance, zoom and product type", "ワーク距離、ズーム、品種を確認してください"),
            ("check working distance, zoom and product type", "ワーク距離、ズーム、品種を確認してください"),
        ),
    ),
    Dimension(
        id="part-rotation",
        unit="°",
        period=180.0,
        floor=0.5,
        words=_words(
            "position",
            ("part rotation", "ワークの回転"),
            ("turned counter-clockwise", "ワークが反時計回りに回転している"),
            ("turned clockwise", "ワークが時計回りに回転している"),
            ("long axis of the part: 0° horizontal, 90° vertical", "ワーク長軸の方向（0°＝水平、90°＝垂直）"),
            _POSITION,
            _POSITION,
        ),
    ),
)

FILE = (
    Dimension(
        id="resolution",
        unit="px",
        scale="log2",
        floor=0.01,
        words=_words(
            "file",
            ("picture size", "画像サイズ"),
            ("larger in pixels", "画素数が多い"),
            ("smaller in pixels", "画素数が少ない"),
            ("side of a square of as many pixels", "同画素数の正方形の一辺"),
            _SAME_FILE,
            _SAME_FILE,
        ),
    ),
    Dimension(
        id="aspect",
        unit="width/height",
        scale="log2",
        floor=0.01,
        words=_words(
            "file",
            ("picture shape", "縦横比"),
            ("wider in shape", "横長である"),
            ("taller in shape", "縦長である"),
            ("width over height of the file", "画像ファイルの幅／高さ"),
            _SAME_FILE,
            _SAME_FILE,
        ),
    ),
    Dimension(
        id="blockiness",
        unit="%",
        floor=5.0,
        words=_words(
            "file",
            ("compression blocks", "圧縮ブロックノイズ"),
            ("compressed harder", "圧縮によるブロックノイズが多い"),
            ("compressed less", "圧縮によるブロックノイズが少ない"),
            ("steps across borders of 8 px blocks against steps elsewhere", "8画素ブロック境界の段差と境界以外の段差の比"),
            _SAME_FILE,
            _SAME_FILE,
        ),
    ),
)

DIMENSIONS: tuple[Dimension, ...] = (*LIGHT, *COLOUR, *OPTICS, *SURFACE, *POSITION, *FILE)
"""All attributes, in the order of a row."""
