"""The embedded translator: what its card says holds on parts that it never saw, and a repair by it closes what it should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftlens import compare
from shiftlens.framework.running.session import Session
from shiftlens.framework.running.sources import open_source
from shiftlens.plugins.mcdut.cheap import Floats
from shiftlens.plugins.mcdut.gate import judge
from shiftlens.plugins.mcdut.model import Mcdut
from shiftlens.plugins.mcdut.safety import table
from shiftlens.plugins.mcdut.translator import colours

NAME = "matsuyama-to-osaka"


@pytest.fixture(scope="module")
def model(now: Session) -> Mcdut:
    loaded: Mcdut = now.model(NAME)
    return loaded


def pictures(now: Session, source: str) -> list[Floats]:
    return [colours(picture) for _, picture in open_source(source, "parts", now.host).decoded()]  # type: ignore[arg-type]


def psnr(made: list[Floats], truth: list[Floats]) -> float:
    return float(np.mean([-10 * np.log10(((x - y) ** 2).mean()) for x, y in zip(made, truth, strict=True)]))


def test_the_weights_are_small_and_the_card_is_whole(now: Session) -> None:
    spec = now.catalogue.get(NAME)
    files, _ = now.catalogue.verified(spec)
    assert sum(Path(path).stat().st_size for path in files.values()) <= 12 * 2**20
    assert spec.licence == "Apache-2.0"
    assert set(spec.quality) >= {"kept", "invented", "held_ok", "kd_efflite0_before", "kd_efflite0_after"}
    assert spec.options["verdict"]["winner"] == "network"


def test_it_comes_nearer_to_the_true_counterpart_than_the_affine_repair(now: Session, model: Mcdut) -> None:
    site = pictures(now, "parts:matsuyama?like=osaka&n=24&seed=31337&size=128")
    truth = pictures(now, "parts:osaka?n=24&seed=31337&size=128")
    network, affine = ([model.way(way)([one])[0] for one in site] for way in ("network", "affine"))
    assert psnr(network, truth) > psnr(affine, truth) + 1
    assert psnr(affine, truth) > psnr(site, truth) + 10
    held = [judge(x, y, model.limits).reason for x, y in zip(site, network, strict=True)]
    assert sum(reason is not None for reason in held) <= 1


def test_planted_defects_of_unseen_parts_are_kept_and_none_is_invented(now: Session, model: Mcdut) -> None:
    site = pictures(now, "parts:matsuyama?n=16&seed=31338&size=128")
    row = table({"network": model.way("network")}, site, site, model.limits, features=None, planted=48)[1]
    assert row.planted >= 30
    assert row.kept >= 0.99
    assert row.invented <= 0.01


def test_a_repair_by_it_closes_colour_and_light(tmp_path: Path) -> None:
    sides = "parts:osaka?n=60&seed=41&size=128", "parts:matsuyama?n=60&seed=42&size=128"
    compare(*sides, out=tmp_path, repair=NAME, spaces=["physical"])
    found: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())["sections"]["repair"]["repaired"]
    rows = {row["id"]: row for row in found["attributes"]}
    assert rows["colour-temperature"]["state"] == "closed"
    assert rows["exposure"]["closed"] > 0.8
    assert rows["vignetting"]["state"] == "closed"  # which no cheap repair does
    assert set(found["opened"]) <= {"texture-strength"}
