"""What the section says in sentences: the verdict, what was repaired, and spaces without words."""

from __future__ import annotations

from collections.abc import Sequence

from ... import Text
from ...reporting import Attribute, SpaceReport
from .closing import Row, SpaceRow, State, leading
from .treatment import TreatmentSummary
from .words import W

MOST_NAMED = 4
STATES: tuple[State, ...] = ("reduced", "remains", "differs", "unmeasured", "worse", "opened")
"""What is said by name beside the number of those that closed."""


def verdict(treatment: TreatmentSummary, rows: Sequence[Row], *, compared: bool, again: bool) -> Text:
    """Give the answer in one sentence.

    Args:
        treatment: what was done with the images.
        rows: what became of the attributes.
        compared: whether the images were compared before the repair.
        again: whether they were compared after it.
    """
    if not treatment.repaired:
        return Text(
            en="No image was repaired: all of them are as they were.", ja="補正した画像はありません。すべて元のままです。"
        )
    if not again:
        return Text(en="The repaired images were not compared.", ja="補正後の画像は比較していません。")
    if not compared:
        return Text(
            en="Only the repaired images were compared: what this report says, it says of them.",
            ja="補正後の画像だけを比較しています。このレポートの判定は補正後の画像についてのものです。",
        )
    lead = leading(rows)
    differed = [row for row in lead if row.before is not None and row.before.significant]
    parts = [_closed(differed), *(_state(state, lead) for state in STATES)]
    if all(row.state != "opened" for row in lead):
        parts.append(Text(en="nothing new opened", ja="新たに生じた差異はありません"))
    said = [part for part in parts if part is not None]
    return Text(en="; ".join(part.en for part in said) + ".", ja="".join(f"{part.ja}。" for part in said))


def _closed(differed: Sequence[Row]) -> Text:
    count, of = sum(row.state == "closed" for row in differed), len(differed)
    if not of:
        return Text(en="No named attribute differed before the repair", ja="補正前に差異のある属性はありません")
    if of == 1:
        name = inline(differed[0].attribute)
        if count:
            return Text(en=f"Repair closes the one difference, {name.en}", ja=f"唯一の差異である{name.ja}は補正で解消しました")
        return Text(en="The one difference is not closed", ja="唯一の差異は補正で解消していません")
    if count == of:
        return Text(en=f"Repair closes all {of} differences", ja=f"{of} 件の差異はすべて補正で解消しました")
    if not count:
        return Text(en=f"Repair closes none of {of} differences", ja=f"{of} 件の差異のうち、補正で解消したものはありません")
    return Text(en=f"Repair closes {count} of {of} differences", ja=f"{of} 件の差異のうち {count} 件が補正で解消しました")


def _state(state: State, rows: Sequence[Row]) -> Text | None:
    own = [row for row in rows if row.state == state]
    if not own:
        return None
    several = len(own) > 1
    en, ja = {
        "reduced": ("are reduced" if several else "is reduced", "は縮小しました"),
        "remains": ("remain" if several else "remains", "は残っています"),
        "differs": ("differ" if several else "differs", "に差異があります"),
        "unmeasured": ("cannot be measured any more", "は補正後に測定できません"),
        "worse": ("grow" if several else "grows", "は悪化しました"),
        "opened": ("newly differ" if several else "newly differs", "に新たな差異が生じました"),
    }[state]
    named = names([row.attribute for row in own])
    return Text(en=f"{named.en} {en}", ja=f"{named.ja}{ja}")


def names(attributes: Sequence[Attribute], most: int = MOST_NAMED) -> Text:
    """Give the names of attributes as a list in a sentence, those beyond ``most`` as a number."""
    labels = [inline(one) for one in attributes[:most]]
    more = len(attributes) - len(labels)
    en = [label.en for label in labels] + ([f"{more} more"] if more else [])
    ja = "、".join(label.ja for label in labels) + (f"ほか {more} 件" if more else "")
    return Text(en=en[0] if len(en) == 1 else f"{', '.join(en[:-1])} and {en[-1]}", ja=ja)


def inline(attribute: Attribute) -> Text:
    """Give a name as it stands inside a sentence."""
    label = attribute.label
    return Text(en=label.en if label.en[:2].isupper() else label.en[:1].lower() + label.en[1:], ja=label.ja)


def actions(rows: Sequence[Row]) -> list[tuple[Text, Text]]:
    """Give what is left to do: attributes that share a way out, and what that is."""
    groups: dict[Text, list[Attribute]] = {}
    for row in leading(rows):
        if row.state == "opened":
            groups.setdefault(W["made_by_repair"], []).append(row.attribute)
        elif row.state != "closed":
            groups.setdefault(row.attribute.action or W["no_action"], []).append(row.attribute)
    return [(names(group, most=len(group)), text) for text, group in groups.items()]


def repaired(treatment: TreatmentSummary) -> Text:
    """Say how many images were repaired, and by what."""
    ways = [(way, len(ids)) for way, ids in treatment.ways.items() if way]
    count, of = len(treatment.repaired), treatment.images
    en, ja = f"{count} of {of} images {'was' if count == 1 else 'were'} repaired", f"{of} 枚中 {count} 枚を補正しました"
    if len(ways) == 1:
        en, ja = f"{en} (by {ways[0][0]})", f"{ja}（方法：{ways[0][0]}）"
    elif ways:
        by = ", ".join(f"{way} {number}" for way, number in ways)
        en, ja = f"{en} (by {by})", f"{ja}（方法：{by}）"
    held = len(treatment.given_back)
    if held:
        given = "was given back as it was" if held == 1 else "were given back as they were"
        en, ja = f"{en}; {held} {given}", f"{ja}。{held} 枚は元のまま返しました"
    return Text(en=f"{en}.", ja=f"{ja}。")


def space(row: SpaceRow) -> Text:
    """Say what became of a space without words, with the AUC before and after."""
    known = [one.separation for one in (row.before, row.after) if one is not None and one.separation is not None]
    auc = f"AUC {' → '.join(f'{one:.2f}' for one in known)}" if known else ""
    said = _space(row.before, row.after)
    return Text(en=f"{auc}. {said.en}", ja=f"{auc}。{said.ja}") if auc else said


def _space(before: SpaceReport | None, after: SpaceReport) -> Text:
    if after.gate is not None and after.gate.closed:
        return Text(
            en="Not judged after the repair: the backbone does not know the repaired images.",
            ja="補正後の画像をバックボーンが表現できないため、補正後は判定していません。",
        )
    if before is None or (before.gate is not None and before.gate.closed):
        still = ("can be told apart", "見分けられます") if after.differs else ("cannot be told apart", "見分けられません")
        return Text(
            en=f"Repaired images and those of development {still[0]} (not compared before).",
            ja=f"補正後の画像と開発データは{still[1]}（補正前は比較していません）。",
        )
    if before.differs and after.differs:
        return Text(
            en="Repaired images can still be told from those of development.", ja="補正後も開発データと見分けられます。"
        )
    if before.differs:
        return Text(
            en="Repaired images can no longer be told from those of development.",
            ja="補正後は開発データと見分けられなくなりました。",
        )
    if after.differs:
        return Text(
            en="Repaired images can be told from those of development, which they could not before.",
            ja="補正前は見分けられませんでしたが、補正後は開発データと見分けられます。",
        )
    return Text(
        en="The two could not be told apart before, nor can they after.", ja="補正前も補正後も開発データと見分けられません。"
    )
