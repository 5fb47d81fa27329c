"""Finished runs with planted differences, for the tests of the report; nothing here measures an image."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np

from shiftlens import Report, RunOutcome, Text
from shiftlens.framework.report.write import write_report
from shiftlens.plugin import (
    AttentionMaps,
    AttributeScores,
    Dimension,
    ImageRef,
    ImageSet,
    Latents,
    Picture,
    Space,
    Unreadable,
    Words,
)

scores_with = runpy.run_path(str(Path(__file__).with_name("score_fields.py")))["scores_with"]

LEVELS = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
TILT = Dimension(
    id="rotation",
    unit="°",
    period=180,
    words=Words(
        label=Text(en="Rotation", ja="回転角"),
        kind="position",
        more=Text(en="turned clockwise", ja="時計回りに傾いている"),
        less=Text(en="turned anticlockwise", ja="反時計回りに傾いている"),
        action_more=Text(en="Turn the camera back.", ja="カメラの傾きを戻してください。"),
    ),
)
NAMED = (
    Dimension(
        id="exposure",
        unit="EV",
        scale="log2",
        words=Words(
            label=Text(en="Brightness", ja="明るさ"),
            kind="light",
            more=Text(en="brighter", ja="明るい"),
            less=Text(en="darker", ja="暗い"),
            action_more=Text(
                en="Lower the exposure time, the gain or the light, until the median is back at development’s.",
                ja="露光時間・ゲイン・照明のいずれかを下げ、開発データの中央値に合わせてください。",
            ),
            action_less=Text(en="Raise the exposure.", ja="露光を上げてください。"),
        ),
    ),
    Dimension(
        id="noise",
        unit="%",
        words=Words(
            label=Text(en="Noise", ja="ノイズ"),
            kind="optics",
            more=Text(en="noisier", ja="ノイズが多い"),
            less=Text(en="less noisy", ja="ノイズが少ない"),
        ),
    ),
    Dimension(
        id="sharpness",
        unit="px",
        words=Words(
            label=Text(en="Blur", ja="ぼけ"),
            kind="optics",
            more=Text(en="softer", ja="ぼけている"),
            less=Text(en="sharper", ja="鮮明である"),
            action_more=Text(
                en="Refocus the lens and check that the stand has not moved.",
                ja="ピントを合わせ直し、架台がずれていないか確認してください。",
            ),
        ),
    ),
    Dimension(
        id="temperature",
        unit="K",
        words=Words(
            label=Text(en="Colour temperature", ja="色温度"),
            kind="colour",
            more=Text(en="cooler in colour", ja="色味が青い"),
            less=Text(en="warmer in colour", ja="色味が赤い"),
        ),
    ),
    TILT,
)


class Painted:
    """An image source that paints: grey as bright as ``level`` of the id, with a bright spot."""

    def __init__(self, bright: dict[str, float], broken: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        self.bright, self.broken = bright, broken

    def picture(self, ref: ImageRef, *, at_least: int | None = None) -> Picture:
        if ref.id in self.broken:
            raise Unreadable("the file is gone")
        rows, columns = np.mgrid[0:90, 0:120]
        seed = int(ref.digest[:8], 16)
        spot = 60 * np.exp(-((rows - 20 - seed % 50) ** 2 + (columns - 20 - seed % 80) ** 2) / 200)
        grey = self.bright.get(ref.id, 100.0) + spot + 8 * np.sin(columns / 9 + seed % 7)
        return Picture(np.clip(grey, 0, 255).astype(np.uint8), 255.0)


def images(name: str, ids: list[str], *, bright: dict[str, float] | None = None, **more: Any) -> ImageSet:
    """An input with one image an id."""
    broken = more.pop("broken", set())
    salt = more.pop("salt", name)
    refs = tuple(ImageRef(i, f"{abs(hash_of(salt + i)):064x}", group=f"part{n // 2}") for n, i in enumerate(ids))
    return ImageSet(name, refs, Painted(bright or {}, broken), origin=f"/data/{name}", **more)


def hash_of(text: str) -> int:
    """A hash that is the same in every process."""
    return int.from_bytes(np.random.default_rng(list(text.encode("utf-8", "surrogateescape"))).bytes(8), "big")


def latents(space: Space, images: ImageSet, values: np.ndarray, **more: Any) -> Latents:
    ids = tuple(ref.id for ref in images.refs)[: len(values)]
    groups = tuple(ref.group for ref in images.refs)[: len(values)]
    return Latents(space=space, images=images.name, ids=ids, groups=groups, values=values.astype(np.float32), **more)


def scores(reference: Latents, target: Latents, *, p: dict[str, float], **more: Any) -> AttributeScores:
    """Scores of two latents, plainly: ``p`` by dimension (else 0.8), ``follows`` by dimension."""
    a, b = reference.values.astype(float), target.values.astype(float)
    dims = [d.id for d in reference.space.dimensions]
    count = len(dims)
    sigma = np.nanstd(np.concatenate([a - np.nanmean(a, 0), b - np.nanmean(b, 0)]), axis=0)
    qa, qb = (np.nanquantile(x, LEVELS, axis=0).T for x in (a, b))
    grid = np.linspace(0.005, 0.995, 199)
    gap = (np.nanquantile(b, grid, axis=0) - np.nanquantile(a, grid, axis=0)) / sigma
    up, down = np.maximum(gap, 0).mean(0), np.maximum(-gap, 0).mean(0)
    effect = up + down
    shift = np.nanmean(b, 0) - np.nanmean(a, 0)
    order = np.argsort(np.argsort(-effect)) + 1
    half = 0.1 * sigma
    rng = np.random.default_rng(3)
    follows = np.full(count, -1)
    for name, ahead in more.pop("follows", {}).items():
        follows[dims.index(name)] = dims.index(ahead)
    tags = more.pop("tags", {})
    measured = np.array([d not in more.get("unmeasured", ()) for d in dims])
    more.pop("unmeasured", None)
    low, high = np.nanquantile(a, (0.01, 0.99), axis=0)
    data: dict[str, Any] = {
        "space": reference.space,
        "reference": reference.images,
        "target": target.images,
        "reference_ids": reference.ids,
        "target_ids": target.ids,
        "counts": {"reference": len(a), "target": len(b), "reference_groups": len(a) // 2, "target_groups": len(b) // 2},
        "alpha": 0.05,
        "settings": {"permutations": 500},
        "measured": measured,
        "mean": np.nanmean(np.concatenate([a, b]), 0),
        "sigma": sigma,
        "effect": effect,
        "effect_low": np.maximum(effect - 0.1, 0),
        "effect_high": effect + 0.1,
        "up": up,
        "down": down,
        "direction": (up - down) / effect,
        "shift": shift,
        "shift_low": shift - half,
        "shift_high": shift + half,
        "ks": np.full(count, 0.2),
        "tail": np.nanmean((b < low) | (b > high), axis=0),
        "reference_quantiles": qa,
        "target_quantiles": qb,
        "levels": LEVELS,
        "noise": np.full(count, 0.05),
        "p_family": np.array([p.get(d, 0.8) for d in dims]),
        "p_single": np.array([p.get(d, 0.4) for d in dims]),
        "q_bh": np.array([p.get(d, 0.6) for d in dims]),
        "q_by": np.array([p.get(d, 0.7) for d in dims]),
        "rank": order,
        "rank_low": order,
        "rank_high": np.minimum(order + 1, count),
        "tag": tuple(tags.get(d, "common") for d in dims),
        "cluster": np.arange(count),
        "follows": follows,
        "left": np.where(follows >= 0, 0.05, effect),
        "left_p": np.where(follows >= 0, 0.6, 0.01),
        "critical": 0.3,
        "detectable": 0.32,
        "images_for_half": 4 * max(len(a), len(b)),
        "separation": 0.5,
        "separation_p": 0.7,
        "weights": np.ones(count) / np.sqrt(count),
        "reference_projection": rng.normal(0, 1, len(a)),
        "target_projection": rng.normal(0, 1, len(b)),
        "self_splits": 20,
        "self_alarms": 1,
    }
    return scores_with(data | more)


def named_space() -> Space:
    return Space(encoder="physical", key="k", dimensions=NAMED)


def learned_space(count: int = 12) -> Space:
    return Space(encoder="features", key="f", dimensions=tuple(Dimension(id=f"c{i}") for i in range(count)), backbone="lite0")


def run(
    *,
    count: int = 40,
    shifts: dict[str, float] | None = None,
    learned: dict[str, Any] | None = None,
    maps: bool = False,
    ids: tuple[list[str], list[str]] | None = None,
    inputs: dict[str, dict[str, Any]] | None = None,
    codes: dict[str, dict[str, Any]] | None = None,
    spread: dict[str, float] | None = None,
    language: str = "en",
    **more: Any,
) -> RunOutcome:
    """A finished comparison: ``shifts`` in standard deviations, ``learned`` adds a space without words."""
    rng = np.random.default_rng(7)
    names = ids or ([f"dev_{i:03}.png" for i in range(count)], [f"site_{i:03}.png" for i in range(count)])
    space = named_space()
    scale = np.array([0.25, 0.4, 0.3, 120.0, 2.0])
    base = np.array([-1.5, 2.0, 1.2, 5600.0, 0.0])
    moved = np.array([(shifts or {}).get(d.id, 0.0) for d in NAMED])
    wider = np.array([(spread or {}).get(d.id, 1.0) for d in NAMED])
    a = base + scale * rng.normal(0, 1, (len(names[0]), 5))
    b = base + scale * (moved + wider * rng.normal(0, 1, (len(names[1]), 5)))
    extra = inputs or {}
    bright = [dict(zip(n, (120 * 2 ** (v[:, 0] + 1.5)).tolist(), strict=True)) for n, v in zip(names, (a, b), strict=True)]
    development = images("development", names[0], bright=bright[0], **extra.get("development", {}))
    site = images("site", names[1], bright=bright[1], **extra.get("site", {}))
    more_codes = codes or {}
    dev, other = (
        latents(space, development, a, **more_codes.get("dev", {})),
        latents(space, site, b, **more_codes.get("new", {})),
    )
    values: dict[str, Any] = {"dev": dev, "new": other, "diff": scores(dev, other, **({"p": {}} | more))}
    wiring = {
        "dev": {"images": "development"},
        "new": {"images": "site"},
        "diff": {"reference": "dev", "target": "new"},
    }
    if learned is not None:
        features = learned_space()
        fa, fb = (latents(features, s, rng.normal(0, 1, (len(s), 12))) for s in (development, site))
        projections = {
            "reference_projection": rng.normal(-1, 1, len(development)),
            "target_projection": rng.normal(1, 1, len(site)),
        }
        values |= {"fdev": fa, "fnew": fb, "fdiff": scores(fa, fb, **({"p": {}, **projections} | learned))}
        wiring |= {
            "fdev": {"images": "development"},
            "fnew": {"images": "site"},
            "fdiff": {"reference": "fdev", "target": "fnew"},
        }
    if maps:
        for step, where in (("mdev", development), ("mnew", site)):
            heat = rng.uniform(0, 1, (len(where), 6, 8)).astype(np.float32) ** 3
            ids_ = tuple(ref.id for ref in where.refs)
            values[step] = AttentionMaps(images=where.name, ids=ids_, maps=heat, low=0.0, high=1.0, about="distance to site")
            wiring[step] = {"images": where.name} | ({"about": "fdiff"} if learned is not None else {})
    manifest = {
        "pipeline": "compare",
        "seed": 0,
        "versions": {"shiftlens": "0.1.0", "python": "3.11"},
        "steps": {"dev": {"use": "physical@1", "seconds": 1.25}},
        "started": "2026-11-21T22:00:00Z",
    }
    return RunOutcome(
        pipeline="compare",
        inputs={"development": development, "site": site},
        values=values,
        wiring=wiring,
        manifest=manifest,
        language=language,
    )


def typical(count: int = 150, **more: Any) -> RunOutcome:
    """A run with everything in it: two causes that stand alone, a consequence, learned features with maps."""
    return run(
        count=count,
        shifts={"exposure": 2.8, "noise": 1.5, "sharpness": 0.9},
        p={"exposure": 0.002, "noise": 0.002, "sharpness": 0.002},
        follows={"noise": "exposure"},
        learned={"p": {"c1": 0.002}, "separation": 0.93, "separation_p": 0.002},
        maps=True,
        **more,
    )


def written(folder: Path, outcome: RunOutcome, **more: Any) -> tuple[Report, str, dict[str, Any]]:
    """Write a report; give it, its page and its JSON."""
    report = write_report(outcome, folder, **more)
    return report, (folder / "report.html").read_text("utf-8"), json.loads((folder / "report.json").read_text("utf-8"))
