"""Attributes of light, colour and optics: what a technician turns at the lamp and the camera."""

from __future__ import annotations

from .wording import Pair, attribute

_LAMP: Pair = (
    "check the position and angle of the lights and whether each is lit",
    "照明の位置・角度と、全灯が点灯しているかを確認してください",
)

LIGHT = (
    attribute(
        "exposure",
        "EV",
        0.05,
        "light",
        (
            ("exposure", "露出（明るさ）"),
            ("brighter", "明るい"),
            ("darker", "暗い"),
            ("log2 of the mean grey level between its 5th and 95th percentile", "階調値の5〜95パーセンタイル平均のlog2"),
        ),
        (
            "lower exposure time, gain or lamp output, or stop the lens down",
            "露光時間・ゲイン・照明出力を下げるか、レンズを絞ってください",
        ),
        (
            "raise exposure time, gain or lamp output, or clean the lamp cover",
            "露光時間・ゲイン・照明出力を上げるか、照明カバーを清掃してください",
        ),
        scale="log2",
    ),
    attribute(
        "contrast",
        "%",
        1.0,
        "light",
        (
            ("contrast", "コントラスト"),
            ("richer in contrast", "コントラストが高い"),
            ("flatter", "コントラストが低い"),
            (
                "(bright − dark) / (bright + dark) of the 90th and 10th percentile, uneven light divided out",
                "90・10パーセンタイルの（明−暗）/（明＋暗）。照明ムラは除去",
            ),
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
    attribute(
        "shadows",
        "%",
        0.2,
        "light",
        (
            ("crushed shadows", "黒つぶれ"),
            ("blacker in the shadows (more detail lost)", "黒つぶれが多い"),
            ("clearer in the shadows", "黒つぶれが少ない"),
            ("share of pixels at the black end of the scale", "最小階調に達した画素の割合"),
        ),
        ("raise exposure or black level", "露光または黒レベルを上げてください"),
        ("check whether the background or black level changed", "背景や黒レベルが変わっていないか確認してください"),
    ),
    attribute(
        "highlights",
        "%",
        0.2,
        "light",
        (
            ("blown highlights", "白飛び"),
            ("blown out in more places", "白飛びが多い"),
            ("blown out in fewer places", "白飛びが少ない"),
            ("share of pixels at the white end of the scale", "最大階調に達した画素の割合"),
        ),
        ("lower exposure, or diffuse the light against glare", "露光を下げるか、拡散照明で正反射を抑えてください"),
        ("nothing is lost; exposure may have room", "階調の欠落はありません。露光に余裕があるか確認してください"),
    ),
    attribute(
        "gradient",
        "EV",
        0.05,
        "light",
        (
            ("uneven light", "照明ムラ"),
            ("lit less evenly from side to side", "照明ムラ（片寄り）が大きい"),
            ("lit more evenly from side to side", "照明ムラ（片寄り）が小さい"),
            ("change of the fitted light from corner to corner", "推定した照明成分の対角方向の明暗差"),
        ),
        _LAMP,
    ),
    attribute(
        "gradient-direction",
        "°",
        10.0,
        "light",
        (
            ("bright side of uneven light", "照明の片寄り方向"),
            ("lit from a side further counter-clockwise", "照明の片寄り方向が反時計回りにずれている"),
            ("lit from a side further clockwise", "照明の片寄り方向が時計回りにずれている"),
            ("bright side of the fitted light: 0° right, 90° top", "推定した照明成分の明るい側（0°＝右、90°＝上）"),
        ),
        _LAMP,
        period=360.0,
    ),
)

COLOUR = (
    attribute(
        "colour-temperature",
        "K",
        100.0,
        "colour",
        (
            ("colour temperature", "色温度"),
            ("cooler in colour (bluer)", "色温度が高い（青みが強い）"),
            ("warmer in colour (yellower)", "色温度が低い（黄みが強い）"),
            ("black body with the picture's ratio of red to blue light", "画像の赤／青比に相当する黒体の温度"),
        ),
        (
            "set the white balance to a fixed value; check the type and age of the lamp",
            "ホワイトバランスを固定し、照明の種類と経年劣化を確認してください",
        ),
    ),
    attribute(
        "tint",
        "EV",
        0.05,
        "colour",
        (
            ("tint", "色かぶり（緑−マゼンタ）"),
            ("greener", "緑みが強い"),
            ("more magenta", "マゼンタみが強い"),
            ("green light against a black body of the same red to blue ratio", "同じ赤／青比の黒体に対する緑成分の比"),
        ),
        ("set the white balance on a grey card", "グレーカードでホワイトバランスを取り直してください"),
    ),
    attribute(
        "saturation",
        "%",
        0.5,
        "colour",
        (
            ("saturation", "彩度"),
            ("more saturated", "彩度が高い"),
            ("less saturated", "彩度が低い"),
            ("mean chroma after the colour of the light is taken out", "光源色を除いた平均彩度"),
        ),
        ("compare the camera's saturation and colour matrix settings", "カメラの彩度・カラーマトリクス設定を比較してください"),
    ),
)

OPTICS = (
    attribute(
        "sharpness",
        "1/px",
        0.05,
        "optics",
        (
            ("sharpness", "鮮鋭度（ピント）"),
            ("sharper", "鮮明である"),
            ("more blurred", "ぼけている"),
            ("inverse width of the strongest edges, freed of noise", "強いエッジの幅の逆数（ノイズ成分を除去）"),
        ),
        (
            "check whether sharpening was switched on, or the magnification changed",
            "輪郭強調の設定と撮影倍率を確認してください",
        ),
        (
            "refocus, clean the lens, shorten the exposure against motion",
            "ピントを合わせ直し、レンズを清掃し、露光時間を短くしてブレを抑えてください",
        ),
        scale="log2",
    ),
    attribute(
        "noise",
        "%",
        0.3,
        "optics",
        (
            ("noise", "ノイズ"),
            ("noisier", "ノイズが多い"),
            ("less noisy", "ノイズが少ない"),
            ("standard deviation in % of the level in the flatter blocks", "平坦部の標準偏差／平均階調（%）"),
        ),
        ("lower the gain and give more light", "ゲインを下げ、光量を増やしてください"),
        ("check whether noise reduction was switched on", "ノイズ低減処理が有効になっていないか確認してください"),
        scale="log2",
    ),
    attribute(
        "vignetting",
        "EV",
        0.05,
        "optics",
        (
            ("vignetting", "周辺減光"),
            ("darker towards the corners", "周辺減光が大きい"),
            ("more even towards the corners", "周辺減光が小さい"),
            ("fall of the fitted light from the centre to the corners", "推定した照明成分の中心から四隅への低下量"),
        ),
        ("check lens, aperture, hood and ring light", "レンズ、絞り、フード、リング照明を確認してください"),
        (
            "check lens, aperture and ring light, or shading correction",
            "レンズ、絞り、リング照明、シェーディング補正を確認してください",
        ),
    ),
    attribute(
        "dark-spots",
        "1/MP",
        5.0,
        "optics",
        (
            ("dark spots", "黒点（ゴミ・ピンホール）"),
            ("speckled with more dark spots", "黒点が多い"),
            ("speckled with fewer dark spots", "黒点が少ない"),
            ("small round dark spots per megapixel", "100万画素あたりの小さな円形黒点の数"),
        ),
        (
            "clean lens and sensor; spots that move with the part are on the part",
            "レンズとセンサを清掃してください。ワークと共に動く黒点は表面側の異物です",
        ),
        ("compare how clean lens, sensor and parts are", "レンズ・センサ・ワークの清浄度を比較してください"),
    ),
)
