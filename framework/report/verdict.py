"""The answer in words: a headline that says what differs most, and a few sentences that say the rest."""

from __future__ import annotations

from collections.abc import Sequence

from ...specs.base import Text
from ...specs.report import Attribute, SpaceReport, Verdict
from .amounts import between, figures, hundredths, together, with_unit
from .attributes import CLEAR

NAMED_IN_DETAIL = 4


def verdict(attributes: Sequence[Attribute], spaces: Sequence[SpaceReport], *, alpha: float, tests: int) -> Verdict:
    """Give the verdict of a run. Attributes come largest effect first within each space, named spaces first."""
    named = {space.step for space in spaces if space.named}
    leading = sorted((a for a in attributes if a.stands_alone and a.step in named), key=lambda a: -a.effect)
    learned = [space for space in spaces if not space.named and space.differs]
    found = [*_others(leading[1:]), *_following(attributes), *_learned(learned, leads=not leading, tried=bool(named))]
    sentences = [*found, *_closed(spaces), *_power(spaces), *_alarms(spaces)]
    return Verdict(
        shift=bool(leading or learned),
        kind=leading[0].kind if leading else "content" if learned else "nothing",
        headline=_headline(leading, learned, spaces),
        detail=Text(
            en="\n".join(s.en.replace("\n", " ") for s in sentences), ja="\n".join(s.ja.replace("\n", " ") for s in sentences)
        ),
        alpha=alpha,
        tests=tests,
        leading=tuple(a.id for a in leading),
    )


def _headline(leading: Sequence[Attribute], learned: Sequence[SpaceReport], spaces: Sequence[SpaceReport]) -> Text:
    if leading:
        return _difference(leading[0])
    if learned:
        auc = _auc(learned)
        return Text(
            en=f"The site’s images differ in content: learned features tell the two apart{auc.en}",
            ja=f"画像の内容が異なります：学習特徴量で開発データと現場データを見分けられます{auc.ja}",
        )
    if not spaces:
        return Text(en="Nothing was compared", ja="比較は行っていません")
    if all(closed(space) for space in spaces):
        return Text(
            en="Nothing can be said: the backbone does not know these images",
            ja="判定できません：バックボーンがこれらの画像を表現できません",
        )
    return Text(
        en="No difference was found between development and site",
        ja="開発データと現場データの間に有意な差は見つかりませんでした",
    )


def _auc(learned: Sequence[SpaceReport]) -> Text:
    """The best separation that was measured, in brackets; nothing where a comparer measures none."""
    measured = [space.separation for space in learned if space.separation is not None]
    if not measured:
        return Text(en="", ja="")
    auc = hundredths(max(measured))
    return Text(en=f" (AUC {auc})", ja=f"（AUC {auc}）")


def closed(space: SpaceReport) -> bool:
    """Say whether the gate of a space is closed, so that nothing is claimed in it."""
    return space.gate is not None and space.gate.closed


def _difference(a: Attribute) -> Text:
    if abs(a.direction) < CLEAR:
        return Text(
            en=f"At the site, {_inline(a.label.en)} {a.words.en} ({a.amount.en})",
            ja=f"現場データは{a.label.ja}の{a.words.ja}（{a.amount.ja}）",
        )
    amount, ends = _size(a)
    joint = " by " if a.factor is None or a.factor >= 1 else ": "
    return Text(
        en=f"The site is {a.words.en}{joint}{amount}" + (f" ({ends})" if ends else ""),
        ja=f"現場データは開発データより{a.words.ja}：{amount}" + (f"（{ends}）" if ends else ""),
    )


def _size(a: Attribute) -> tuple[str, str]:
    """Give the amount and the ends of its interval, if it has one; without sign where the words say the direction."""
    low, high = a.shift_interval or (a.shift, a.shift)
    amount, ends = a.amount.en, between(low, high, scale=a.scale)
    if a.factor is None and low * high > 0:
        amount = with_unit(figures(abs(a.shift)), a.unit)
        ends = "–".join(together(*sorted((abs(low), abs(high)))))
    return amount, ends if a.shift_interval else ""


def _others(others: Sequence[Attribute]) -> list[Text]:
    if not others:
        return []
    shown = others[:NAMED_IN_DETAIL]
    more = len(others) - len(shown)
    en = "; ".join(f"{_inline(a.label.en)} ({a.words.en}, {a.amount.en})" for a in shown)
    ja = "、".join(f"{a.label.ja}（{a.words.ja}、{a.amount.ja}）" for a in shown)
    return [
        Text(
            en=f"On their own, these differ too: {en}{f'; and {more} more' if more else ''}.",
            ja=f"これとは独立に次の属性も異なります：{ja}{f'、ほか{more}件' if more else ''}。",
        )
    ]


def _following(attributes: Sequence[Attribute]) -> list[Text]:
    following = [a for a in attributes if a.follows]
    if not following:
        return []
    shown = following[:NAMED_IN_DETAIL]
    more = len(following) - len(shown)
    return [
        Text(
            en=f"What follows from this: {', '.join(_inline(a.label.en) for a in shown)}{f' and {more} more' if more else ''}.",
            ja=f"これに伴う変化：{'、'.join(a.label.ja for a in shown)}{f'、ほか{more}件' if more else ''}。",
        )
    ]


def _learned(learned: Sequence[SpaceReport], *, leads: bool, tried: bool) -> list[Text]:
    if not learned or (leads and not tried):
        return []
    if leads:
        return [
            Text(
                en="No named attribute (light, colour, optics, position) explains it: look at the images that carry it.",
                ja="名前のある属性（明るさ・色・光学・位置など）では説明できません。差を担う画像を確認してください。",
            )
        ]
    auc = _auc(learned)
    return [
        Text(
            en=f"Learned features tell the two sets apart as well{auc.en}; the same causes may be behind it.",
            ja=f"学習特徴量でも両者を見分けられます{auc.ja}。原因は同じ可能性があります。",
        )
    ]


def _closed(spaces: Sequence[SpaceReport]) -> list[Text]:
    names = [space.encoder for space in spaces if closed(space)]
    if not names:
        return []
    return [
        Text(
            en=f"Not judged, because the backbone does not know these images: {', '.join(names)}.",
            ja=f"バックボーンが画像を表現できないため判定していない特徴空間：{'、'.join(names)}。",
        )
    ]


def _power(spaces: Sequence[SpaceReport]) -> list[Text]:
    known = [space for space in spaces if space.detectable is not None and not closed(space)]
    if not known:
        return []
    space = known[0]
    size, (reference, target) = hundredths(space.detectable or 0.0), space.images_now
    return [
        Text(
            en=f"With {reference} and {target} images, a shift of {size} σ or more would be found in 8 of 10 runs.",
            ja=f"画像 {reference} 枚と {target} 枚では、{size} σ 以上のずれを 8 割の確率で検出できます。",
        )
    ]


def _alarms(spaces: Sequence[SpaceReport]) -> list[Text]:
    tried = [space for space in spaces if space.self_splits]
    if not tried:
        return []
    en = ", ".join(f"{s.self_alarms} of {s.self_splits} ({s.encoder})" for s in tried)
    ja = "、".join(f"{s.encoder} {s.self_splits} 回中 {s.self_alarms} 回" for s in tried)
    return [Text(en=f"False alarms of development against itself: {en}.", ja=f"開発データ同士の比較での誤報：{ja}。")]


def _inline(label: str) -> str:
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
